"""The options of the backend, what each can be, and the state that its searches share."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from numbers import Integral
from os import PathLike
from reprlib import repr as shortened
from typing import Any, Self

import numpy as np
from joblib.parallel import BACKENDS


@dataclass(eq=False)
class Options:
    """The options of `LockstepBackend`, which explains them; each is checked by its name.

    Raises
    ------
    TypeError
        If there is no option of a name.
    ValueError
        If an option is not what it can be.
    """

    random_state: Any = 0  # once it is checked, a whole number
    max_memory_mb: int | None = None
    on_plan: Callable[[int, int], None] | None = None
    on_progress: Callable[[int, int], None] | None = None
    on_result: Callable[[Any], None] | None = None
    stack: bool = True
    record_losses: bool = True
    inner_backend: str | None = None
    prepare_worker: Callable[[], Any] | None = None
    checkpoint: str | PathLike[str] | None = None
    on_kept: Callable[[int, int], None] | None = None

    def __new__(cls, *_: Any, **options: Any) -> Self:
        """Refuse what is not the name of an option: Python's own message does not say which there are."""
        for name in options.keys() - {each.name for each in fields(cls)}:
            # The last one is joblib's.
            near = get_close_matches(name, [*_CAN_BE, "n_jobs"], 1)
            hint = f"there are {', '.join(_CAN_BE)}"
            if near:
                hint = f"did you mean {near[0]}?"
            raise TypeError(f"the backend lockstep has no option {name}; {hint}")
        return super().__new__(cls)

    def __post_init__(self) -> None:
        for name, (is_fine, can_be) in _CAN_BE.items():
            if not is_fine(value := getattr(self, name)):
                raise ValueError(f"{name} is {shortened(value)}; it can be {can_be}")
        if self.random_state is None:
            # Not from a generator that the user may have seeded.
            self.random_state = secrets.randbits(32)
        elif isinstance(self.random_state, np.random.RandomState):
            # As scikit-learn draws from one.
            self.random_state = self.random_state.randint(np.iinfo(np.int32).max)


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _is_seed(value: Any) -> bool:
    return (
        value is None
        or isinstance(value, np.random.RandomState)
        or (_is_whole(value) and 0 <= value < 2**32)
    )


def _is_function(value: Any) -> bool:
    return value is None or callable(value)


def _runs_processes(value: Any) -> bool:
    """Whether a backend of joblib runs processes and hands results out as they come; one that is not known yet may."""
    known = BACKENDS.get(value) if isinstance(value, str) else None
    lacks_it = known and (
        getattr(known, "uses_threads", False)
        or getattr(known, "supports_return_generator", True) is False
    )
    return value is None or (isinstance(value, str) and not lacks_it)


_FLAG = (lambda value: isinstance(value, bool | np.bool_)), "True or False"
_OF_TWO = _is_function, "None or a function of two numbers"

# By the name of an option: a test of a value, and what the value can be, in words.
_CAN_BE: dict[str, tuple[Callable[[Any], bool], str]] = {
    "random_state": (
        _is_seed,
        "None, a whole number from 0 to 2**32 - 1, or a RandomState of numpy",
    ),
    "max_memory_mb": (
        lambda value: value is None or (_is_whole(value) and value > 0),
        "None or a whole number of MiB above 0",
    ),
    "on_plan": _OF_TWO,
    "on_progress": _OF_TWO,
    "on_result": (_is_function, "None or a function of a fit's result"),
    "stack": _FLAG,
    "record_losses": _FLAG,
    "inner_backend": (
        _runs_processes,
        "None, 'loky' or 'dask', or another backend of joblib that runs processes",
    ),
    "prepare_worker": (_is_function, "None or a function without arguments"),
    "checkpoint": (
        lambda value: value is None or isinstance(value, str | PathLike),
        "None or the path of a folder",
    ),
    "on_kept": _OF_TWO,
}


@dataclass
class Shared:
    """What the searches in a block of `parallel_config` share."""

    proven: dict[Any, Any] = field(default_factory=dict)  # the results of trials
    # Of the kernel, by what nets of a group have in common.
    programs: dict[Any, Any] = field(default_factory=dict)
    # Of optimizers, by what one object can step.
    updates: dict[Any, dict[Any, Any]] = field(default_factory=dict)
    n_searches: int = 0  # how many have begun
    is_fitting: bool = False  # whether one of them has waited for those in other threads, and fits nets now
