"""What the user's own code reads: global variables, and what is named of modules, classes and objects."""

import dis
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from lockstep.members.refusals import RefusalError

# These packages' code is taken to stay as it is, and so is that of all that is installed.
KNOWN = sys.stdlib_module_names | {
    "torch",
    "numpy",
    "skorch",
    "sklearn",
    "scipy",
    "pandas",
    "joblib",
    "lockstep",
}

_WRAPPERS: Any = (staticmethod, classmethod, type(cache(id)))

# Python's functions by which code reads variables whose names are not in it.
_BY_NAME = ("eval", "exec", "globals")

# What every class has, and its constructor, which makes a net and takes no step.
OF_ANY_CLASS = ("__dict__", "__weakref__", "__doc__", "__module__", "__init__")

# A name, the namespace that has it, and its value there.
Read = tuple[Mapping[str, Any], str, Any]


def is_installed(module: Any) -> bool:
    """Whether a module, by its name, is part of Python or of an installed package."""
    name = str(module)
    if name.partition(".")[0] in KNOWN:
        return True
    return _is_in_environment(getattr(sys.modules.get(name), "__file__", None))


@cache
def _is_in_environment(path: str | None) -> bool:
    folders = {
        Path(sysconfig.get_path(name)).resolve()
        for name in ("stdlib", "purelib", "platlib")
    }
    return path is not None and not folders.isdisjoint(Path(path).resolve().parents)


def bare(value: Any) -> Any:
    """Return the function inside of a property, a static method, a class method, or a cache of its results."""
    if isinstance(value, property):
        return value.fget
    if isinstance(value, _WRAPPERS):
        return value.__wrapped__
    return value


def read_by(function: FunctionType) -> list[Read]:
    """Return what a function of the user's own reads."""
    names, of_globals = _names(function.__code__)
    if hidden := [name for name in _BY_NAME if name in of_globals]:
        raise RefusalError(
            f"{function.__qualname__} calls {hidden[0]}, which may read any variable"
        )
    space = function.__globals__
    held = [(space, name, space[name]) for name in of_globals if name in space]
    holders = *(value for *_, value in held), *kept_by(function)
    return [*held, *(item for holder in holders for item in named(holder, names))]


def kept_by(function: FunctionType) -> list[Any]:
    """Return what a function has in its closure and as defaults."""
    cells = [cell.cell_contents for cell in function.__closure__ or ()]
    return [
        *cells,
        *(function.__defaults__ or ()),
        *(function.__kwdefaults__ or {}).values(),
    ]


@cache
def _names(code: CodeType) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return all names in a function's code, and those of global variables, sorted."""
    inside = [_names(each) for each in code.co_consts if isinstance(each, CodeType)]
    of_globals = {
        each.argval
        for each in dis.get_instructions(code)
        if each.opname in ("LOAD_GLOBAL", "LOAD_NAME")
    }
    names = set(code.co_names)
    for inner, inner_globals in inside:
        names.update(inner)
        of_globals.update(inner_globals)
    return tuple(sorted(names)), tuple(sorted(of_globals))


def held_in(cls: type) -> list[tuple[str, Any]]:
    """Return the methods and attributes of a class of the user's own, after their names."""
    held = [
        (name, bare(value))
        for name, value in sorted(vars(cls).items())
        if name != "_abc_impl"
    ]
    # What Python makes, such as a method of a named tuple, may come from no module.
    return [(name, value) for name, value in held if _is_users(name, value)]


def _is_users(name: str, value: Any) -> bool:
    if isinstance(value, FunctionType):
        return value.__module__ in sys.modules
    return not name.startswith("__")


def named(holder: Any, names: tuple[str, ...]) -> Iterator[Read]:
    """Yield what a module, a class, or the class of an object holds by these names."""
    if isinstance(holder, ModuleType):
        for name in names:
            value = vars(holder).get(name, holder)
            if value is holder:
                continue
            if isinstance(value, ModuleType):
                others = tuple(each for each in names if each != name)
                yield from named(value, others)
            elif not (is_installed(holder.__name__) and callable(value)):
                yield vars(holder), name, value
        return
    kind: Any = holder if isinstance(holder, type) else type(holder)
    for cls in own_classes_of(kind):
        for name, value in vars(cls).items():
            is_called = name == "forward" or (
                name.startswith("__") and isinstance(value, FunctionType)
            )
            if (name in names or is_called) and name not in OF_ANY_CLASS:
                yield vars(cls), name, value


@cache
def own_classes_of(cls: Any) -> list[type]:
    """Return a class and its base classes, but for those of Python and of installed packages."""
    return [each for each in cls.__mro__ if not is_installed(each.__module__)]
