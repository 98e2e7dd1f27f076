"""Finds in the text of a YAML file what its parser would blame on a later line, or not at all."""

import re
import unicodedata

# Lines of `key:value` and `key = value`; a URL and a Windows path have a colon as well.
_NO_BLANK = re.compile(r"\s*(?:- )?(?P<key>[A-Za-z_][\w.]*):(?P<value>(?![/\\])[^\s:].*)")
_EQUALS = re.compile(r"\s*(?P<key>[A-Za-z_][\w.]*)\s*=\s*(?P<value>[^=\s].*)")
# Of both sides, between them, and of their common origin, which git adds with `merge.conflictStyle=diff3`.
_MARKER = re.compile(rb"^(?:<{7}|={7}|>{7}|\|{7})(?: .*)?\r?$", re.MULTILINE)


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


def likely_cause(text: str, line: int) -> str:
    """Say which line is not `key: value`, up to the one, counted from 1, at which the parser stopped; "" if none."""
    if marked := conflict_line(text.encode()):
        return on_conflict(marked)
    lines = text.splitlines()
    for number in range(min(line, len(lines)), 0, -1):
        code = lines[number - 1].partition(" #")[0].rstrip()
        if any(code.count(mark) % 2 for mark in "'\"") and not code.lstrip().startswith("#"):
            return f"line {number}, `{code.strip()}`: a quotation mark is not closed"
        if pair := _NO_BLANK.fullmatch(code) or _EQUALS.fullmatch(code):
            return f"line {number}, `{code.strip()}`: write `{pair['key']}: {pair['value'].strip()}`"
    return ""


def _named(sign: str) -> str:
    return f"a {unicodedata.name(sign, 'sign').lower()} (U+{ord(sign):04X})"
