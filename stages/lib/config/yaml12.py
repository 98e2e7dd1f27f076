"""Reads YAML with DVC's own parser, and says on which line a text is none."""

import re
import unicodedata
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

# Of both sides, between them, and of their common origin, which git adds with `merge.conflictStyle=diff3`.
_MARKER = re.compile(rb"^(?:<{7}|={7}|>{7}|\|{7})(?: .*)?\r?$", re.MULTILINE)


class NotYAMLError(ValueError):
    """A text that is not YAML; the message is what the parser found, and on which line."""


def load(text: str) -> Any:
    """Parse one YAML document; raises `NotYAMLError` if it is none."""
    try:
        return YAML(typ="safe").load(text)
    except MarkedYAMLError as error:
        raise NotYAMLError(_cause(text, error)) from None
    except YAMLError as error:  # of a sign that no text has
        raise NotYAMLError(f"{str(error).splitlines()[0]}; remove it") from None
    except RecursionError:
        raise NotYAMLError("it nests too deeply; remove some of the brackets") from None
    except ValueError as error:  # of a number with thousands of digits, or a date that is none
        raise NotYAMLError(f"a value can't be read: {str(error).partition(';')[0]}") from None


def conflict_line(content: bytes) -> int:
    """Return the line of the first conflict marker of git in a file, counted from 1; 0 if it has none."""
    marker = _MARKER.search(content)
    return content.count(b"\n", 0, marker.start()) + 1 if marker else 0


def on_conflict(line: int) -> str:
    """Say what to do about the conflict marker on a line."""
    return f"line {line} is a conflict marker of git. Keep what is to stay of both sides, and remove all markers"


def odd_sign(text: str) -> str:
    """Say where a line has a sign that looks like a blank, or like nothing, and that YAML takes for text; "" if none.

    A value that is `false` and such a sign would count as true.
    """
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        for sign in line.partition("#")[0]:
            if not sign.isascii() and unicodedata.category(sign) in {"Zs", "Cf"}:
                return f"line {number} has the sign U+{ord(sign):04X}; write a plain blank, or nothing, in its place"
    return ""


def _cause(text: str, error: MarkedYAMLError) -> str:
    """Say on which line the parser stopped, in its words, and where what it was reading begins."""
    if marked := conflict_line(text.encode()):
        return on_conflict(marked)
    lines = text.splitlines() or [""]
    line = min(error.problem_mark.line + 1, len(lines))
    begins = f", {error.context} (line {error.context_mark.line + 1})" if error.context_mark else ""
    return f"line {line}, `{lines[line - 1].strip()[:60]}`: {error.problem}{begins}; fix it there or above"
