"""Reads YAML with DVC's own parser, and finds in the text what the parser blames on a later line or does not see."""

import re
import unicodedata
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

# Lines of `key:value` and `key = value`; a URL and a Windows path have a colon as well.
_NO_BLANK = re.compile(r"\s*(?:- )?(?P<key>[A-Za-z_][\w.]*):(?P<value>(?![/\\])[^\s:].*)")
_EQUALS = re.compile(r"\s*(?P<key>[A-Za-z_][\w.]*)\s*=\s*(?P<value>[^=\s].*)")
# Of both sides, between them, and of their common origin, which git adds with `merge.conflictStyle=diff3`.
_MARKER = re.compile(rb"^(?:<{7}|={7}|>{7}|\|{7})(?: .*)?\r?$", re.MULTILINE)

# What other keyboards and word processors write for a sign of YAML.
_LOOK_ALIKES = dict(zip("：，［］｛｝‘’“”–—−", ":,[]{}''\"\"---", strict=True))

# What to say in place of the parser's words, by a part of these.
_MEANINGS = {
    "simple key": "it has no colon; write `key: value`, or `- value` for an item of a list",
    "flow sequence": "a bracket is not closed, or a comma is missing; write `[1, 2]`",
    "flow mapping": "a brace is not closed, or a comma is missing; write `{min: 0, max: 1}`",
    "flow node": "a value is missing; look for a comma or a bracket too many",
    "escape character": "in double quotes, a backslash begins a sign; use single quotes",
    "quoted scalar": "a quotation mark is not closed",
    "block mapping": "its indentation and that of the lines above differ; give all lines of a section the same blanks",
    "block collection": "its indentation and that of the items above differ; give all items of a list the same blanks",
    "mapping values": (
        "it is not expected here: the line above lacks a colon, or is indented less, or a value with a colon lacks "
        "quotes"
    ),
    "start any token": "a value that begins with this sign has to stand in quotes",
    "document": "`---` and `...` end the file for DVC; remove the line",
    "undefined alias": "a value that begins with * has to stand in quotes",
    "alphabetic": "a value that begins with * or & has to stand in quotes",
    "constructor": "this value has to stand in quotes",
}


class NotYAMLError(ValueError):
    """A text that is not YAML; the message is what to do about it, and on which line."""


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
    except ValueError:
        raise NotYAMLError("a number has more digits than Python reads; shorten it") from None


def conflict_line(content: bytes) -> int:
    """Return the line of the first conflict marker of git in a file, counted from 1; 0 if it has none."""
    marker = _MARKER.search(content)
    return content.count(b"\n", 0, marker.start()) + 1 if marker else 0


def on_conflict(line: int) -> str:
    """Say what to do about the conflict marker on a line."""
    return f"line {line} is a conflict marker of git. Keep what is to stay of both sides, and remove all markers"


def odd_sign(text: str) -> str:
    """Say where a line has a blank or sign that is not what it looks like; "" if no line has."""
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        code = line.partition("#")[0]
        if odd := next(
            (sign for sign in code if not sign.isascii() and unicodedata.category(sign) in {"Zs", "Cf"}), ""
        ):
            return f"line {number} has {_named(odd)}; write a plain blank, or nothing, in its place"
        if re.match(r" *\t", code) and code.strip():
            return f"line {number} is indented with a tab; YAML takes blanks alone"
    return ""


def _cause(text: str, error: MarkedYAMLError) -> str:
    """Say on which line a text is not YAML, and what to write. The cause may stand above the parser's mark."""
    if marked := conflict_line(text.encode()):
        return on_conflict(marked)
    lines = text.splitlines() or [""]
    stop = min(error.problem_mark.line + 1, len(lines))
    for number in range(stop, 0, -1):
        code = lines[number - 1].partition(" #")[0].rstrip()
        if alike := next((sign for sign in code if sign in _LOOK_ALIKES), None):
            return f"line {number} has {_named(alike)}; write `{_LOOK_ALIKES[alike]}` in its place"
        if any(code.count(mark) % 2 for mark in "'\"") and not code.lstrip().startswith("#"):
            return f"line {number}, `{code.strip()}`: a quotation mark is not closed"
        if pair := _NO_BLANK.fullmatch(code) or _EQUALS.fullmatch(code):
            return f"line {number}, `{code.strip()}`: write `{pair['key']}: {pair['value'].strip()}`"
    if twin := re.search(r'duplicate key "(.*?)"', error.problem):
        return f"line {stop}: the key {twin[1]!r} occurs twice; remove or rename one"
    if "<document start>" in error.problem:  # a text that is no key stands before the first key
        for number, code in enumerate(lines[:stop], start=1):
            if code.strip() and not code.startswith("#") and ":" not in code:
                return f"line {number}, `{code.strip()}`: {_MEANINGS['simple key']}"
    # A bracket, a quotation mark or a key begins where its context does.
    words = f"{error.context or ''} {error.problem}"
    at_context = error.context_mark and not re.search("block|document", words)
    line = min(error.context_mark.line + 1, len(lines)) if at_context else stop
    meaning = next((meaning for part, meaning in _MEANINGS.items() if part in words), f"{error.problem}; fix it there")
    return f"line {line}, `{lines[line - 1].strip()[:60]}`: {meaning}"


def _named(sign: str) -> str:
    name = unicodedata.name(sign, "sign").lower()
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name} (U+{ord(sign):04X})"
