"""Texts that look alike and are not: other line ends, Unicode forms, blanks or invisible signs."""

import re
import unicodedata
from collections.abc import Iterable

import numpy as np

from stages.lib.data.texts import booleans


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
    """Return a sentence on labels that are spellings of one word or one boolean, as `No` and `no`; "" if none are."""
    labels = list(labels)
    plain = ["".join(label.casefold().split()) for label in labels]
    meanings = booleans(labels)
    keys = plain if np.isnan(meanings).any() else meanings.tolist()
    firsts = {key: i for i, key in reversed(list(enumerate(keys)))}
    pairs = [(firsts[key], i) for i, key in enumerate(keys) if firsts[key] != i]
    if not pairs:
        return ""
    in_letters = all(plain[first] == plain[i] for first, i in pairs)
    return (
        f"{', '.join(f'{labels[first]!r} and {labels[i]!r}' for first, i in pairs)} "
        f"{'differ only in capital letters or blanks' if in_letters else 'mean the same'}, and are told apart. "
        f"If they are one {what}, write them in one way in the CSV."
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
