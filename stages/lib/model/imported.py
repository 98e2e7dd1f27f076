"""Imports what a dotted name stands for: of torch, of skorch, or of the user's own code, and nothing else."""

import importlib
import importlib.util
import inspect
import sys
from functools import partial
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

from stages.lib.common import RAISED, did_you_mean, own_place, relative_to_here

_LIBRARIES = ("torch", "skorch")
_STAGES = Path(__file__).resolve().parents[2]


def imported(name: str, base: type | None = None, source: str | None = None) -> Any:
    """Return the object with a dotted name.

    Parameters
    ----------
    name : str
    base : type, optional
        What the object is to be derived from, if it is to be a class.
    source : str, optional
        The file or folder that the user's own code is to be in; by default anywhere in the working directory.

    Raises
    ------
    ValueError
        If the name is from elsewhere, before anything is imported; if it can't be imported, or is of another kind.
    """
    module, file = module_of(name)
    if name.partition(".")[0] not in _LIBRARIES and not _is_own(file, source):
        where = f"model.source, {source}" if source else "your own file, which model.source names"
        raise ValueError(
            f"{name!r} is not from torch, skorch or {where}; to use what another package has, import it in your own "
            "file and name it there, as in my_net.Thing"
        )
    try:
        thing: Any = importlib.import_module(module)
    except RAISED as error:  # raised by the user's own code
        raise ValueError(f"{name!r} can't be imported: {_reason(error)}") from error
    for step in name.removeprefix(module).split(".")[1:]:
        if not hasattr(thing, step):
            hint = did_you_mean(step, (each for each in dir(thing) if not each.startswith("_")))
            owner = f"module {module!r}" if inspect.ismodule(thing) else repr(thing)
            raise ValueError(f"{name!r} can't be imported: {owner} has no attribute {step!r}{hint}")
        thing = getattr(thing, step)
        if inspect.ismodule(thing) and name.endswith(f".{step}"):
            break
        if inspect.ismodule(thing):
            raise ValueError(
                f"{name!r} is reached through the module {thing.__name__}, which {module} only imports; name what "
                f"{module} has itself"
            )
    if base and not (inspect.isclass(thing) and issubclass(thing, base)):
        raise ValueError(f"{name!r} is not a class derived from {base.__module__.partition('.')[0]}'s {base.__name__}")
    return thing


def own_file(thing: object) -> Path | None:
    """Return the file of the user's own that defines a class, a function or an instance's class, or None."""
    while isinstance(thing, partial):
        thing = thing.func
    kind = thing if inspect.isclass(thing) or inspect.isroutine(thing) else type(thing)
    module = inspect.getmodule(kind)
    return relative_to_here(getattr(module, "__file__", None))


def module_of(name: str) -> tuple[str, Path | None]:
    """Return the module that a dotted name begins with, the deepest one, and its file, without importing any.

    Raises `ValueError` if there is no such module.
    """
    first, *others = name.split(".")
    spec = _top(first)
    if spec is None:
        raise ValueError(f"{name!r} can't be imported: No module named {first!r}")
    for step in others:
        deeper = spec.submodule_search_locations and PathFinder.find_spec(
            f"{spec.name}.{step}", list(spec.submodule_search_locations)
        )
        if not deeper:
            break
        spec = deeper
    return spec.name, Path(spec.origin) if spec.origin and spec.has_location else None


def _top(first: str) -> ModuleSpec | None:
    loaded = sys.modules.get(first)
    if isinstance(loaded, ModuleType) and loaded.__spec__:
        return loaded.__spec__
    try:
        return importlib.util.find_spec(first) if first.isidentifier() else None
    except ValueError:  # a module without a spec, such as __main__
        return None


def _is_own(file: Path | None, source: str | None) -> bool:
    if file is None:
        return False
    # The project's own code need not lie in the working directory.
    tops = [Path.cwd(), _STAGES.parent]
    if source is not None:
        return any(file.resolve().is_relative_to((top / source).resolve()) for top in tops)
    return relative_to_here(file) is not None or file.resolve().is_relative_to(_STAGES)


def _reason(error: BaseException) -> str:
    said = str(error) if isinstance(error, ImportError) else f"{type(error).__name__}: {error}"
    place = own_place(error)
    return f"{said}, at {place}" if place else said
