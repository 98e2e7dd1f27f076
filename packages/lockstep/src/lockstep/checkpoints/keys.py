"""The keys of nets: hashes of all that their bytes depend on, the same in the next process."""

import sys
from dataclasses import dataclass
from hashlib import sha256
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

import torch

from lockstep._compat import fit_arguments
from lockstep.checkpoints.code import of_modules, of_the_engine
from lockstep.fits.tasks import Task
from lockstep.members.fingerprint import Hashed
from lockstep.members.reads import bare, held_in, is_installed, read_by

# What a result depends on besides a net, by scikit-learn's names.
_SCORED_BY = (
    *("scorer", "score_params", "error_score", "method"),
    *(
        "return_train_score",
        "return_parameters",
        "return_n_test_samples",
        "return_times",
    ),
)


@dataclass(frozen=True)
class Described:
    """A hash of an object, and the classes and functions in it, in an order that follows from the hash."""

    hash: str
    code: list[Any]


class _Lasting(Hashed):
    """Names classes and functions, with what the user's own ones read; describes those that can't be imported."""

    def __init__(self) -> None:
        super().__init__(protocol=5)
        self.code: list[Any] = []

    def persistent_id(self, obj: Any) -> Any:
        """Return the items of a set in an order that is the same in the next process, which hashes them otherwise."""
        if type(obj) in (set, frozenset):
            return (
                type(obj).__name__,
                sorted(obj, key=lambda item: _Lasting().of(item)),
            )
        return None

    def read_by(self, function: FunctionType) -> list[Any]:
        """Return what a function of the user's own reads from outside, but for code: that of its module counts."""
        if is_installed(function.__globals__.get("__name__")):
            return []
        return [
            (name, bare(value))
            for _, name, value in read_by(function)
            if not isinstance(value, type | ModuleType)
        ]

    def reducer_override(self, obj: Any) -> Any:
        """Return the parts of an object that pickle would not hash as wanted."""
        if isinstance(obj, ModuleType):
            return id, (obj.__name__,)
        if isinstance(obj, type | FunctionType):
            return id, self._described(obj)
        if isinstance(obj, BuiltinFunctionType):
            return NotImplemented
        return super().reducer_override(obj)

    def _described(self, obj: Any) -> tuple[Any, ...]:
        name = obj.__module__, obj.__qualname__
        if any(each is obj for each in self.code):  # it refers to itself
            return name
        self.code.append(obj)
        if isinstance(obj, type):
            if is_installed(obj.__module__):
                return name
            return (*name, obj.__bases__, held_in(obj))
        if is_installed(obj.__module__) and _is_importable(obj):
            return name
        cells = [cell.cell_contents for cell in obj.__closure__ or ()]
        return (
            *name,
            cells,
            obj.__defaults__,
            obj.__kwdefaults__,
            vars(obj),
            self.read_by(obj),
        )


def _is_importable(obj: Any) -> bool:
    found: Any = sys.modules.get(obj.__module__)
    for name in obj.__qualname__.split("."):
        found = getattr(found, name, None)
    return found is obj


def described(thing: Any, hashes: dict[frozenset[str], str] | None = None) -> Described:
    """Describe an object with the code of its classes and functions; raises if it can't be pickled.

    `hashes` of modules are those that are known; others are added.
    """
    if hashes is None:
        hashes = {}
    pickler = _Lasting()
    pickler.dump(thing)
    modules = frozenset(each.__module__ for each in pickler.code)
    if modules not in hashes:
        hashes[modules] = of_modules(modules)
    pickler.sha256.update(hashes[modules].encode())
    return Described(pickler.sha256.hexdigest(), pickler.code)


class Keys:
    """The keys of the fits of a search; `about` are the options that bytes depend on."""

    def __init__(self, *about: Any) -> None:
        self.about = of_the_engine(), str(torch.get_default_dtype()), *about
        self._known: dict[Any, Any] = {}
        self._hashes: dict[frozenset[str], str] = {}

    def candidate(self, task: Task) -> Described:
        """Return the description of a task's estimator, with its parameters; raises if it can't be described."""
        key = "candidate", task.key
        if key not in self._known:
            self._known[key] = described(
                [task.estimator, task.parameters, task.fit_params], self._hashes
            )
        found: Described = self._known[key]
        return found

    def of_net(self, task: Task) -> str:
        """Return the key of a task's trained net: of all but its scorer."""
        looks = task.is_answered, task.is_looked_at, task.scores_training
        whole = (
            *self.about,
            self.candidate(task).hash,
            self._rows(task),
            task.seeds,
            looks,
        )
        return sha256(repr(whole).encode()).hexdigest()

    def of_result(self, task: Task) -> str | None:
        """Return the key of the result of a task that is fitted alone, its scorer included; None if it has a net."""
        call = fit_arguments(task.run)
        if call is None or call.get("return_estimator"):
            return None
        others = [call.get(name) for name in _SCORED_BY]
        return sha256((self.of_net(task) + described(others).hash).encode()).hexdigest()

    def _rows(self, task: Task) -> str:
        """Return a hash of the table, and of the numbers of the rows to train and to test on."""
        table = ("table", id(task.X), id(task.y))
        split = ("split", task.place)
        if table not in self._known:
            self._known[table] = described([task.X, task.y]).hash
        if split not in self._known:
            numbers = [
                (part.dtype.str, part.tobytes()) for part in (task.train, task.test)
            ]
            self._known[split] = sha256(repr(numbers).encode()).hexdigest()
        return f"{self._known[table]} {self._known[split]}"
