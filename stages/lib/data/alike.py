"""Texts that look alike and are not: other line ends, Unicode forms, blanks or invisible signs."""

import re
import unicodedata
from collections.abc import Iterable


def key(text: str) -> str:
    """Return what two texts share that no reader can tell apart."""
    composed = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    visible = "".join(sign for sign in composed if unicodedata.category(sign) != "Cf")
    return re.sub(r"[^\S\n]+", " ", visible)


def unlike(text: str, others: Iterable[str]) -> str:
    """Say which of the others looks like a text; empty if none does."""
    for other in others:
        if key(text) == key(other):
            return f"; {text!a} and {other!a} look alike: write both in one way"
    return ""
