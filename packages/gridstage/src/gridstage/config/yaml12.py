"""Reads YAML with DVC's own parser, and says on which line a text is none."""

import re
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from gridstage.common import Problem, UserError

# Of both sides, between them, and of their common origin, which git adds with `merge.conflictStyle=diff3`.
_MARKER = re.compile(rb"^(?:<{7}|={7}|>{7}|\|{7})(?: .*)?\r?$", re.MULTILINE)


class NotYAMLError(UserError, ValueError):
    """A text that is not YAML; the problem says where and why."""


def load(text: str, file: str = "") -> Any:
    """Parse one YAML document; raises `NotYAMLError` if it is none, with a problem of the file."""
    try:
        return YAML(typ="safe").load(text)
    except (
        YAMLError,
        RecursionError,
        ValueError,
    ) as error:  # of a sign, of brackets, of a number that no text has
        if line := conflict_line(text.encode()):
            remedy = "Keep what is to stay of both sides, and remove all markers."
            raise NotYAMLError(
                Problem("is a conflict marker of git", remedy, file, line=line)
            ) from None
        finding = f": it can't be read: {str(error).splitlines()[0].partition(';')[0]}"
        if isinstance(error, MarkedYAMLError):
            lines = text.splitlines() or [""]
            line = min(error.problem_mark.line + 1, len(lines))
            finding = f", `{lines[line - 1].strip()[:60]}`: {error.problem}"
        raise NotYAMLError(
            Problem(finding, "Fix it there or above.", file, line=line)
        ) from None


def conflict_line(content: bytes) -> int:
    """Return the line of the first conflict marker of git in a file, counted from 1; 0 if it has none."""
    marker = _MARKER.search(content)
    return content.count(b"\n", 0, marker.start()) + 1 if marker else 0
