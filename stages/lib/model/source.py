"""Imports what dotted names stand for, and checks that DVC notices changes to the code: it watches `model.source`."""

import ast
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Iterable, Mapping
from functools import partial
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

from stages.lib.common import RAISED, UserError, did_you_mean, own_place, relative_to_here

# The project's own code. Every search depends on it anyway, except for its networks.
_OWN = Path("stages"), Path("lockstep"), Path("resampled")
NETWORKS = Path("stages/lib/network.py"), Path("stages/lib/table_net.py")
_LIBRARIES = ("torch", "skorch")
_STAGES = Path(__file__).resolve().parents[2]


def derived(module: ModuleType, base: type) -> dict[str, Any]:
    """Return the public classes of a module that are derived from another one, by name."""
    classes = inspect.getmembers(module, inspect.isclass)
    return {name: each for name, each in classes if issubclass(each, base) and not name.startswith("_")}


def look_up(
    name: str, kind: str, things: Mapping[str, Any], base: type | None, source: str | None, hint: str = ""
) -> Any:
    """Return the one of `things` with a name, or what is `imported` by a name with a dot.

    Raises `ValueError` if there is none. It says what `kind` of thing is wanted, with a hint or the closest name.
    """
    if "." in name:
        return imported(name, base, source)
    if name not in things:
        usual = hint or did_you_mean(name, things) or "; a name with a dot is imported"
        raise ValueError(f"{name!r} is not {kind}{usual}")
    return things[name]


def imported(name: str, base: type | None = None, source: str | None = None) -> Any:
    """Return the object with a dotted name.

    With a `base`, the object has to be a class derived from that. The user's own code has to be in the file or folder
    `source`, by default anywhere in the working directory. Raises `ValueError` if the name is from elsewhere, before
    anything is imported, if the name can't be imported, or if the object is of another kind.
    """
    module, file = module_of(name)
    if name.partition(".")[0] not in _LIBRARIES and not _is_own(file, source):
        if source and not Path(source).exists() and not file_of(name.rpartition(".")[0]):
            raise ValueError(f"model.source is {source}, which is missing here; restore it: `git checkout -- {source}`")
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
            if step == "py":
                hint = f"; name what is in the file, without its ending, as in {module}.Net"
            owner = f"module {module!r}" if inspect.ismodule(thing) else repr(thing)
            raise ValueError(f"{name!r} can't be imported: {owner} has no attribute {step!r}{hint}")
        thing = getattr(thing, step)
        if inspect.ismodule(thing) and not name.endswith(f".{step}"):
            raise ValueError(
                f"{name!r} is reached through the module {thing.__name__}, which {module} only imports; name what "
                f"{module} has itself"
            )
    if base and not (inspect.isclass(thing) and issubclass(thing, base)):
        raise ValueError(f"{name!r} is not a class derived from {base.__module__.partition('.')[0]}'s {base.__name__}")
    return thing


def own_file(thing: object, name: str = "") -> Path | None:
    """Return the file of the user's own that defines a class or function, or None.

    For any other object, the module of the dotted name stands that it was imported by, or its class without a name.
    """
    while isinstance(thing, partial):
        thing = thing.func
    is_code = inspect.isclass(thing) or inspect.isroutine(thing)
    module = inspect.getmodule(thing if is_code else type(thing)) if is_code or not name else None
    while module is None and name:
        name = name.rpartition(".")[0]
        module = sys.modules.get(name)
    return relative_to_here(getattr(module, "__file__", None))


def module_of(name: str) -> tuple[str, Path | None]:
    """Return the deepest module that a dotted name begins with, and its file, without importing any.

    Raises `ValueError` if there is no such module.
    """
    first, *others = name.split(".")
    try:
        spec = importlib.util.find_spec(first) if first.isidentifier() else None
    except ValueError:  # a module without a spec, such as __main__
        spec = None
    if spec is None:
        raise ValueError(f"{name!r} can't be imported: {_absence(name, first)}")
    for step in others:
        deeper = spec.submodule_search_locations and PathFinder.find_spec(
            f"{spec.name}.{step}", list(spec.submodule_search_locations)
        )
        if not deeper:
            break
        spec = deeper
    return spec.name, Path(spec.origin) if spec.origin and spec.has_location else None


def _absence(name: str, first: str) -> str:
    """Say why there is no module that a dotted name begins with, and what to write."""
    if "/" in name:
        dotted = name.replace("/", ".").replace(".py.", ".")
        return f"a name has dots in place of slashes, and no ending; write {dotted}"
    if not first.isidentifier():
        return f"{first!r} has other signs than letters, digits and _; rename the file"
    return f"there is no file {first}.py here, and no package of this name is installed"


def _is_own(file: Path | None, source: str | None) -> bool:
    if file is None:
        return False
    if source is not None:
        # The project's own code need not lie in the working directory.
        tops = [Path.cwd(), _STAGES.parent]
        return any(file.resolve().is_relative_to((top / source).resolve()) for top in tops)
    return relative_to_here(file) is not None or file.resolve().is_relative_to(_STAGES)


def _reason(error: BaseException) -> str:
    # A syntax error has its place in its text as well.
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    reason = text if isinstance(error, ImportError) else f"{type(error).__name__}: {text}"
    place = own_place(error)
    reason = f"{reason}, at {place}" if place else reason
    is_absent = isinstance(error, ModuleNotFoundError) and not file_of(error.name or "")
    return f"{reason}; install the package, and add it to requirements.txt" if is_absent else reason


def unnoticed_sources(imported: dict[str, tuple[str, object]], source: str) -> list[str]:
    """Report the imported names whose code is in the repository but outside `model.source`, as sentences.

    `imported` has dotted names and the objects that they stand for, by their place in params.yaml. `source` is a file
    or folder relative to the working directory, the repository. Code of installed packages is exempt, because
    requirements.txt pins it.
    """
    watched = Path(source).resolve()
    if not watched.exists():
        return [f"model.source is {source!r}, but there is no such file or folder; name the one with the module's code"]

    def unwatched(file: Path) -> bool:
        return not file.resolve().is_relative_to(watched)

    # A name may be reached through another file than the one that defines its object.
    reached = {place: file for place, (name, _) in imported.items() if (file := relative_to_here(module_of(name)[1]))}
    files = reached | {place: file for place, (name, thing) in imported.items() if (file := own_file(thing, name))}
    one_folder = "Put the code into one folder, and set model.source to that."
    way_out = one_folder if len(set(files.values())) > 1 else f"Set model.source to {next(iter(files.values()), '')}."
    strays = {place: ("defined in", file, way_out) for place, file in files.items() if unwatched(file)}
    strays |= {
        place: ("imported from", file, one_folder)
        for place, file in reached.items()
        if unwatched(file) and place not in strays
    }
    return [
        f"{place}: {imported[place][0]} is {how} {file}, but model.source is {source}, so DVC would not notice changes "
        f"to it. {what_to_do}"
        for place, (how, file, what_to_do) in strays.items()
    ] or [
        f"model.source is {source}, which imports {file}, but DVC would not notice changes to that file. {one_folder}"
        for file in sorted(filter(unwatched, own_closure(files.values())))
        if file in NETWORKS or not any(map(file.is_relative_to, _OWN))
    ]


def own_closure(files: Iterable[Path]) -> set[Path]:
    """Return Python files and those in the working directory that they import, directly or indirectly.

    All are relative to the working directory. Imports by a computed name are not noticed.
    """
    closure: set[Path] = set()
    waiting = list(files)
    while waiting:
        file = waiting.pop()
        if file not in closure:
            closure.add(file)
            waiting += [own for name in _imported_names(file) if (own := file_of(name))]
    return closure


def file_of(module: str) -> Path | None:
    """Return a module's file if it is in the working directory, or None."""
    path = Path(*module.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def _imported_names(file: Path) -> set[str]:
    """Return the modules that a file may import: for `from a import b`, both `a` and `a.b`, and their packages."""
    package = list(file.parent.parts)
    names: set[str] = set()
    try:
        tree = ast.parse(file.read_bytes())  # in the encoding that the file declares, UTF-8 if it declares none
    except (SyntaxError, ValueError) as error:
        raise UserError(f"{file} can't be read as Python: {error}. Fix the file, and save it as UTF-8.") from None
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            home = ".".join([*above, *([node.module] if node.module else [])])
            names |= {home} | {f"{home}.{alias.name}" for alias in node.names}
    return {".".join(parts[:end]) for parts in (name.split(".") for name in names) for end in range(1, len(parts) + 1)}
