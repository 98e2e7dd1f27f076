"""Texts that look alike and are not: other line ends, Unicode forms, blanks or invisible signs."""

import re
import unicodedata
from collections.abc import Iterable


def key(text: str) -> str:
    """Return what two texts share that no reader can tell apart."""
    return _bare(_composed(_one_line_end(text)))


def unlike(text: str, others: Iterable[str]) -> str:
    """Say in what a text differs from one of the others that looks like it; empty if none does."""
    for other in others:
        if key(other) == key(text):
            what = f"{_what(text, other)}, {text!a} and {other!a}"
            return f"; it differs from {other!r} only in {what}: write both alike"
    return ""


def on_twins(labels: Iterable[str], what: str = "class") -> str:
    """Return a sentence on labels that differ only in capital letters or blanks, as `No` and `no` do; "" if none do."""
    first: dict[str, str] = {}
    pairs = []
    for label in labels:
        other = first.setdefault("".join(label.casefold().split()), label)
        if other != label:
            pairs.append(f"{other!r} and {label!r}")
    if not pairs:
        return ""
    return (
        f"{', '.join(pairs)} differ only in capital letters or blanks, and are told apart. If they are one {what}, "
        "write them in one way in the CSV."
    )


def _what(text: str, other: str) -> str:
    if _one_line_end(text) == _one_line_end(other):
        return "its line end"
    same = _composed(_one_line_end(text)) == _composed(_one_line_end(other))
    return "its Unicode form" if same else "its blanks or invisible signs"


def _one_line_end(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _bare(text: str) -> str:
    """Return the text with plain and single blanks, without signs that have no width."""
    return re.sub(r"[^\S\n]+", " ", "".join(sign for sign in text if unicodedata.category(sign) != "Cf"))
