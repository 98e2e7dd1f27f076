"""Checks that DVC notices changes to the code that params.yaml names: DVC watches only `model.source`."""

import ast
import inspect
import sys
from collections.abc import Iterable
from pathlib import Path

from stages.lib.common import UserError, relative_to_here
from stages.lib.model.imported import module_of

# The project's own code. Every search depends on it anyway, except for its networks.
_OWN = Path("stages"), Path("lockstep")
NETWORKS = Path("stages/lib/network.py"), Path("stages/lib/table_net.py")


def unnoticed_sources(imported: dict[str, tuple[str, object]], source: str) -> list[str]:
    """Report the imported names whose code is in the repository but outside `model.source`.

    Parameters
    ----------
    imported : dict of (name, object)
        Dotted names and the objects that they stand for, by their place in params.yaml.
    source : str
        `model.source`, a file or folder relative to the working directory, which is the repository.

    Returns
    -------
    list of str
        Sentences. Code of installed packages is exempt: requirements.txt pins it.
    """
    watched = Path(source).resolve()
    if not watched.exists():
        return [f"model.source is {source!r}, but there is no such file or folder; name the one with the module's code"]
    # A name may be reached through another file than the one that defines its object.
    reached = {place: file for place, (name, _) in imported.items() if (file := relative_to_here(module_of(name)[1]))}
    defined = {place: file for place, (name, thing) in imported.items() if (file := _own_file(name, thing))}
    files = reached | defined
    way_out = f"Set model.source to {next(iter(files.values()), '')}."
    if len(set(files.values())) > 1:
        way_out = "Put all such code into one folder, and set model.source to that."
    told = [
        f"{place}: {imported[place][0]} is defined in {file}, but model.source is {source}, "
        f"so DVC would not notice changes to it. {way_out}"
        for place, file in files.items()
        if not file.resolve().is_relative_to(watched)
    ] + [
        f"{place}: {imported[place][0]} is imported from {file}, but model.source is {source}, so DVC would not notice "
        "changes to that file. Put the code into one folder, and set model.source to that."
        for place, file in reached.items()
        if files[place].resolve().is_relative_to(watched) and not file.resolve().is_relative_to(watched)
    ]
    if told:
        return told
    used = sorted(file for file in own_closure(files.values()) if not file.resolve().is_relative_to(watched))
    return [
        f"model.source is {source}, which imports {file}, but DVC would not notice changes to that file. "
        "Put the code into one folder, and set model.source to that."
        for file in used
        if file in NETWORKS or not any(map(file.is_relative_to, _OWN))
    ]


def _own_file(name: str, thing: object) -> Path | None:
    """Return the file in the repository that defines the object, or None for an installed or built-in one."""
    module = inspect.getmodule(thing) if inspect.isclass(thing) or inspect.isroutine(thing) else None
    while module is None and name:
        name = name.rpartition(".")[0]
        module = sys.modules.get(name)
    return relative_to_here(getattr(module, "__file__", None))


def own_closure(files: Iterable[Path]) -> set[Path]:
    """Return `files` and the files in the working directory that they import, directly or indirectly.

    Parameters
    ----------
    files : iterable of Path
        Python files, relative to the working directory. Imports by a computed name are not found.
    """
    found: set[Path] = set()
    waiting = list(files)
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting += [own for name in _imported_names(file) if (own := file_of(name))]
    return found


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
