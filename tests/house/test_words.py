"""Docstrings and names say something: no entry repeats the signature, and no name is a participle for a noun."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project import ROOT

# A section of a docstring, and the names of an entry that has a plain type, and no text below.
SECTION = re.compile(r"^(?:Parameters|Attributes|Returns)\n-+\n((?:(?!^\w+\n-+\n).*\n)*)", re.MULTILINE)
BARE_ENTRY = re.compile(r"^(\w+(?:, \w+)*) : [\w.]+\n(?! )", re.MULTILINE)
PARTICIPLES = {"told", "found", "shown", "known", "given", "listed", "chosen"}


def modules(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    """Yield the modules of folders, each with its path."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield str(Path(path).relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


def bare_entries(docstring: str) -> list[str]:
    """Return the entries of a docstring that say nothing but a name and a type."""
    return [entry for section in SECTION.findall(f"{docstring}\n") for entry in BARE_ENTRY.findall(section)]


def defined_names(tree: ast.Module) -> Iterator[str]:
    """Yield the names of a module's variables, parameters and functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.FunctionDef):
            yield node.name


def test_no_entry_of_a_docstring_only_repeats_the_signature() -> None:
    bare = {
        f"{path}: {entry}"
        for path, tree in modules("stages", "lockstep", "resampled")
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        for entry in bare_entries(ast.get_docstring(node) or "")
    }
    assert bare == set()


@pytest.mark.parametrize(
    ("entries", "bare"),
    [
        ("params : Params\n", ["params"]),
        ("one, other : int\nthird : str\n    Why.\nfourth : dict\n", ["one, other", "fourth"]),
        ("params : Params\n    Why.\n", []),
        ("scores : array of shape (n, 2)\npair : (float, float)\nn : int, optional\n", []),
    ],
)
@pytest.mark.parametrize("heading", ["Parameters", "Attributes", "Returns"])
def test_an_entry_without_a_text_is_noticed(heading: str, entries: str, bare: list[str]) -> None:
    docstring = f"Do it.\n\n{heading}\n{'-' * len(heading)}\n{entries}\nNotes\n-----\na : b\n"
    assert bare_entries(docstring) == bare


def test_names_are_nouns() -> None:
    named = {(path, name) for path, tree in modules("stages") for name in defined_names(tree)}
    assert {f"{path}: {name}" for path, name in named if name in PARTICIPLES} == set()
