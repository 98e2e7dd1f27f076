"""Rows that equal another one: they are told if they are many, and more than chance makes."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from stages.lib.adopt import on_copies
from stages.lib.config import Params
from stages.lib.data import Columns, Dataset
from tests.project import real_params
from tests.read_sample import load_real_data

RNG = np.random.default_rng(7)
N = 400
NUMBERS = pd.DataFrame(RNG.normal(size=(N, 3)), columns=["a", "b", "c"])
# Seven rows before others that are all different.
HAND = pd.concat(
    [pd.DataFrame({"a": [1.5, 1.5, 2.5, 2.5, np.nan, np.nan, 7.5], "b": 1.0, "c": 1.0}), NUMBERS[:93]],
    ignore_index=True,
).assign(d=pd.Categorical([*"xxxy", None, None, "x", *"xyz" * 31]))


def told(X: pd.DataFrame, y: Any, groups: Any = None) -> str:
    grouped = None if groups is None else np.array(groups)
    return on_copies(Dataset(X, np.array(y, dtype=float), Columns({}), ("0", "1"), grouped), "t.csv")


def with_copies(n: int) -> pd.DataFrame:
    """Return rows of numbers of which `n` are copies of others."""
    return pd.concat([NUMBERS[: N - n], NUMBERS[:n]], ignore_index=True)


def test_the_sentence() -> None:
    assert told(with_copies(100), np.zeros(N)) == (
        "t.csv: 200 of 400 rows equal another one in all columns that are used. A net is then tested on rows that it "
        "was trained on, so scores are too high, and most so for nets that learn rows by heart. Remove the copies; if "
        "they are rows of one subject, name the column with its id in cv.groups."
    )


@pytest.mark.parametrize(
    ("y", "groups", "count"),  # of the seven rows
    [
        ([0, 0, 0, 0, 1, 1, 1], None, "4 of 100"),  # the first two, and the missing cells
        ([0, 1, 0, 0, 1, 1, 1], None, "2 of 100"),  # another target is no copy
        ([0, 0, 0, 0, 1, 1, 1], [0, 0, 1, 2, 3, 4, 5], "2 of 100 rows equal one of another group"),
        ([0, 0, 0, 0, 1, 1, 1], [0, 0, 1, 2, 3, 3, 5], ""),
    ],
)
def test_copies_are_counted(y: list[int], groups: list[int] | None, count: str) -> None:
    more = range(10, 103)
    found = told(HAND, y + [0] * 93, groups and [*groups, *more])
    assert found.startswith(f"t.csv: {count}") if count else not found


@pytest.mark.parametrize(("n", "is_told"), [(0, False), (3, False), (4, True)])
def test_a_few_copies_are_not_worth_a_word(n: int, is_told: bool) -> None:
    assert bool(told(with_copies(n), np.zeros(N))) == is_told


def test_chance_makes_no_copies() -> None:
    """Nearly all rows of three categories are equal to another, and many of five that go together."""
    y = RNG.integers(2, size=N)
    few = pd.DataFrame({key: pd.Categorical(RNG.choice(list("xyz"), N)) for key in "abc"})
    together = np.sqrt(0.6) * RNG.normal(size=(N, 1)) + np.sqrt(0.4) * RNG.normal(size=(N, 5))
    levels = pd.DataFrame((together * 1.3).round(), columns=list("abcde"))
    for table in (few, levels):
        assert pd.concat([table, pd.Series(y)], axis=1).duplicated(keep=False).mean() > 0.1
        assert not told(table, y)
    twice = pd.concat([levels[: N // 2]] * 2, ignore_index=True)
    assert "400 of 400 rows" in told(twice, np.tile(y[: N // 2], 2))


def test_the_committed_table_has_none() -> None:
    assert not on_copies(load_real_data(Params.model_validate(real_params())), "pima.csv")
