"""The options of the backend: each is refused by its name where it is not what it can be."""

from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from joblib import parallel_config

from lockstep import LockstepBackend
from lockstep.members.numerics import random_states
from lockstep.options import _CAN_BE, Options

A_SEED = "None, a whole number from 0 to 2**32 - 1, or a RandomState of numpy"
PROCESSES = "None, 'loky' or 'dask', or another backend of joblib that runs processes"

# What is given, and what it is said to be able to be.
WRONG: list[tuple[dict[str, Any], str]] = [
    *(({"random_state": wrong}, A_SEED) for wrong in (-1, 2**32, 1.5, "7", True)),
    *(
        ({"max_memory_mb": wrong}, "None or a whole number of MiB above 0")
        for wrong in ("2GB", 0, 1e3)
    ),
    *(({name: "no"}, "True or False") for name in ("stack", "record_losses")),
    ({"stack": None}, "True or False"),
    *(
        ({name: "print"}, "None or a function of two numbers")
        for name in ("on_plan", "on_progress")
    ),
    ({"on_result": []}, "None or a function of a fit's result"),
    *(
        ({"inner_backend": wrong}, PROCESSES)
        for wrong in ("threading", "multiprocessing", "lockstep", 2)
    ),
    ({"prepare_worker": 1}, "None or a function without arguments"),
]


@pytest.mark.parametrize(("given", "can_be"), WRONG)
def test_an_option_that_is_wrong_is_named_with_what_it_can_be(
    given: dict[str, Any], can_be: str
) -> None:
    with (
        pytest.raises(ValueError, match=r" is .*; it can be ") as raised,
        parallel_config(backend="lockstep", **given),
    ):
        pass
    ((name, value),) = given.items()
    found, _, wanted = str(raised.value).partition("; it can be ")
    assert wanted == can_be
    assert found == f"{name} is {value!r}"


@pytest.mark.parametrize("value", [list(range(1000)), np.random.default_rng(0)])
def test_a_long_value_is_told_in_short(value: Any) -> None:
    with pytest.raises(ValueError, match=r"^random_state is .{1,70}; it can be "):
        LockstepBackend(random_state=value)


def test_an_option_that_there_is_not_is_named_with_the_nearest_one() -> None:
    with (
        pytest.raises(TypeError) as raised,
        parallel_config(backend="lockstep", max_memory=1),
    ):
        pass
    assert (
        str(raised.value)
        == "the backend lockstep has no option max_memory; did you mean max_memory_mb?"
    )
    with pytest.raises(
        TypeError, match=r"no option inner_n_jobs; did you mean n_jobs\?$"
    ):
        LockstepBackend(inner_n_jobs=2)  # as in version 0.1
    with pytest.raises(
        TypeError,
        match=r"^the backend lockstep has no option colour; there are random_state, ",
    ):
        LockstepBackend(colour=1)


def test_every_option_is_checked() -> None:
    assert list(_CAN_BE) == [each.name for each in fields(Options)]
    LockstepBackend(random_state=np.int64(2**32 - 1), stack=np.bool_(False))  # type: ignore[arg-type]


def test_random_state_none_is_another_seed_each_time() -> None:
    states = random_states()
    assert len({LockstepBackend(random_state=None).random_state for _ in range(3)}) == 3
    assert random_states() == states


def test_a_random_state_of_numpy_is_drawn_from_once() -> None:
    ours, theirs = np.random.RandomState(5), np.random.RandomState(5)
    backend = LockstepBackend(random_state=ours)
    assert backend.random_state == theirs.randint(np.iinfo(np.int32).max)
    nested, _ = backend.get_nested_backend()
    assert nested.random_state == backend.random_state
    assert ours.randint(2**31) == theirs.randint(2**31)
