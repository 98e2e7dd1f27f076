"""Makes a text for a project of one of this repository, which has the source of the packages, too."""

import re
from collections.abc import Callable

# What the repository's ignore files have behind this comment concerns its packages, tests and docs.
_OWN = "# This repository's own"
_EDITABLE = re.compile(r"^--editable \./packages/(\w+)$", re.MULTILINE)
# The line `deps:`, and its items and comments, which dvc.yaml does not indent.
_DEPS = re.compile(r"^( *)deps:\n(?:\1[-#] .*\n)+", re.MULTILINE)
_PACKAGES = "packages/"
_PINS = "- requirements.txt\n"


def ignored(text: str) -> str:
    """Return an ignore file without the repository's own section, which is the last one."""
    return text.partition(_OWN)[0]


def pipeline(text: str) -> str:
    """Return dvc.yaml without the folders of the packages; each stage depends on requirements.txt in their place."""
    lines = text.splitlines(keepends=True)
    kept = [line for line in lines if _PACKAGES not in line]
    return _DEPS.sub(_with_pins, "".join(kept))


def _with_pins(deps: re.Match[str]) -> str:
    text, indent = deps.group(), deps.group(1)
    return text if _PINS in text else f"{text}{indent}{_PINS}"


def requirements(text: str, requirement_of: Callable[[str], str]) -> str:
    """Return requirements.txt with a requirement for each folder of a package, which it names for this repository."""
    return _EDITABLE.sub(lambda line: requirement_of(line.group(1)), text)
