"""Imports what dotted names stand for: from torch and skorch, from `nets/`, which DVC watches, or from a package."""

import importlib
import importlib.util
import inspect
from collections.abc import Collection, Mapping
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from stages.lib.common import RAISED, did_you_mean, join_words, own_place, relative_to_here

# The folder with the nets and whatever else params.yaml names.
NETS = "nets"
# Where names may always come from.
HOMES = ("torch", "skorch", NETS)


def derived(module: ModuleType, base: type) -> dict[str, Any]:
    """Return the public classes of a module that are derived from another one, by name."""
    classes = inspect.getmembers(module, inspect.isclass)
    return {name: each for name, each in classes if issubclass(each, base) and not name.startswith("_")}


def now_in_nets(name: str) -> str:
    """Return the name that a thing of the repository has in `nets`, where older versions had it elsewhere."""
    return name if name.startswith(f"{NETS}.") else f"{NETS}.{name.removeprefix('stages.lib.')}"


def is_own(thing: object) -> bool:
    """Whether a class, a function or the class of an object is defined in `nets`."""
    while isinstance(thing, partial):
        thing = thing.func
    is_code = inspect.isclass(thing) or inspect.isroutine(thing)
    return str((thing if is_code else type(thing)).__module__).partition(".")[0] == NETS


def look_up(
    name: str, kind: str, things: Mapping[str, Any], base: type | None, only: Collection[str] | None, hint: str = ""
) -> Any:
    """Return the one of `things` with a name, or what is `imported` by a name with a dot.

    Raises `ValueError` if there is none. It says what `kind` of thing is wanted, with a hint or the closest name.
    """
    if "." in name:
        return imported(name, base, only)
    if name not in things:
        usual = hint or did_you_mean(name, things) or "; a name with a dot is imported"
        raise ValueError(f"{name!r} is not {kind}{usual}")
    return things[name]


def imported(name: str, base: type | None = None, only: Collection[str] | None = None) -> Any:
    """Return the object with a dotted name.

    With a `base`, the object has to be a class derived from that. `only` has the packages that the name may be from; by
    default, these are all but code of the repository outside of `nets`, which DVC does not watch. Raises `ValueError`,
    before anything is imported, if the name is from elsewhere; and if it can't be imported, or is of another kind.
    """
    home, _, last = name.rpartition(".")
    first = name.partition(".")[0]
    if only is not None and first not in only:
        raise ValueError(f"{name!r} is not from {join_words(sorted(only), 'or')}")
    if first not in HOMES:
        _check_package(name, first)
    try:
        module = importlib.import_module(home)
    except RAISED as error:  # raised by the user's own code
        raise ValueError(f"{name!r} can't be imported: {_reason(error)}") from error
    if not hasattr(module, last):
        hint = did_you_mean(last, (each for each in dir(module) if not each.startswith("_")))
        raise ValueError(f"{name!r} can't be imported: {home} has no {last!r}{hint}")
    thing = getattr(module, last)
    if base and not (inspect.isclass(thing) and issubclass(thing, base)):
        raise ValueError(f"{name!r} is not a class derived from {base.__module__.partition('.')[0]}'s {base.__name__}")
    return thing


def _check_package(name: str, first: str) -> None:
    """Raise `ValueError` if the first part of a dotted name is of the repository, or no package that is installed."""
    spec = importlib.util.find_spec(first)
    if spec is None:
        raise ValueError(
            f"{name!r} can't be imported: no package {first!r} is installed; what is in {NETS}/my_net.py is named as "
            f"in {NETS}.my_net.Net"
        )
    if relative_to_here(spec.origin) or (spec.origin is None and Path(first).is_dir()):
        raise ValueError(
            f"{name!r} is not in {NETS}/, the only code of yours that DVC watches; move the code there, and write "
            f"{now_in_nets(name)}"
        )


def _reason(error: BaseException) -> str:
    # A syntax error has its place in its text as well.
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    reason = text if isinstance(error, ImportError) else f"{type(error).__name__}: {text}"
    place = own_place(error)
    reason = f"{reason}, at {place}" if place else reason
    is_package = isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] not in HOMES
    return f"{reason}; install the package, and add it to requirements.txt" if is_package else reason
