"""The sections of CHANGELOG.md between two versions."""

import re
from importlib.resources import files

from packaging.version import Version

# The heading of a version, such as `## 0.2.0` or `## [0.2.0] - 2027-01-31`.
_HEADING = re.compile(r"^## \[?(\d[^\s\]]*)", re.MULTILINE)


def changelog() -> str:
    """Return the text of the CHANGELOG.md that is installed."""
    return files("gridstage").joinpath("CHANGELOG.md").read_text(encoding="utf-8")


def sections_between(text: str, old: str, new: str) -> str:
    """Return the sections of versions later than `old`, up to `new`, in their order; empty if there is none."""
    wanted = []
    for section in re.split(r"^(?=## )", text, flags=re.MULTILINE):
        heading = _HEADING.match(section)
        if heading and Version(old) < Version(heading[1]) <= Version(new):
            wanted.append(section.strip())
    return "\n\n".join(wanted)
