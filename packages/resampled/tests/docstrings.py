"""What the tests of all packages ask of a public name's docstring: it describes what goes in, and its example runs."""

import doctest
import inspect
import re
from typing import Any

_SECTION = re.compile(r"^(\w[\w ]*)\n-+$", re.MULTILINE)
_NAMES = re.compile(r"^(\S.*?)(?: : .+)?$", re.MULTILINE)


def sections(public: Any) -> dict[str, str]:
    """Return the text of each section of a docstring in NumPy style."""
    parts = _SECTION.split(inspect.getdoc(public) or "")
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def described(section: str) -> list[str]:
    """Return the names that a section describes, in their order."""
    names: list[str] = []
    for line in _NAMES.findall(section):
        names += line.split(", ")
    return names


def parameters(public: Any) -> list[str]:
    """Return the parameters of a function, method or class, with the stars of those that take all others."""
    given = inspect.signature(public).parameters.values()
    bare = [each.replace(annotation=each.empty, default=each.empty) for each in given]
    return [str(each) for each in bare if each.name != "self"]


def returns(public: Any) -> bool:
    """Return whether a function or method returns anything."""
    if not inspect.isfunction(public):
        return False
    return inspect.signature(public).return_annotation is not None


def ran(public: Any, names: dict[str, Any]) -> str:
    """Run a docstring's example, which may add to the names; return what is wrong with its output."""
    text = inspect.getdoc(public) or ""
    example = doctest.DocTestParser().get_doctest(text, {}, "example", None, 0)
    if not example.examples:
        return "There is no example."
    example.globs = names
    wrong: list[str] = []
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    runner = doctest.DocTestRunner(optionflags=flags)
    runner.run(example, out=wrong.append, clear_globs=False)
    return "".join(wrong)


def ran_alone(public: Any) -> str:
    """Run a docstring's example as a reader copies it into a script; return what is wrong with its output."""
    return ran(public, {"__name__": "__main__"})
