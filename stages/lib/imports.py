"""Which files of the working directory a piece of code imports."""

import ast
from collections.abc import Iterable
from pathlib import Path


def own_closure(files: Iterable[Path]) -> set[Path]:
    """Return the files of the working directory that code imports, directly or by others, and `files` themselves.

    Parameters
    ----------
    files : iterable of Path
        Python files, relative to the working directory. What is imported by a name that code makes up is not found.
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
    """Return a module's file, where it is one of the working directory."""
    path = Path(*module.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def _imported_names(file: Path) -> set[str]:
    """Return what a file may import: for `from a import b`, both `a` and `a.b`, and the packages around them."""
    package = list(file.parent.parts)
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            home = ".".join([*above, *([node.module] if node.module else [])])
            names |= {home} | {f"{home}.{alias.name}" for alias in node.names}
    return {".".join(parts[:end]) for parts in (name.split(".") for name in names) for end in range(1, len(parts) + 1)}
