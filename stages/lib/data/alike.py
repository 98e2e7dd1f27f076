"""Texts that look alike and are not: other line ends, Unicode forms, blanks or invisible signs."""

import re
import unicodedata
from collections.abc import Iterable

import numpy as np

from stages.lib.data.texts import booleans

# What texts differ in that are equal in a form, for each of `_forms`.
_DIFFERENCES = ("its line end", "its Unicode form", "its blanks or invisible signs")


def key(text: str) -> str:
    """Return what two texts share that no reader can tell apart."""
    return _forms(text)[-1]


def unlike(text: str, others: Iterable[str]) -> str:
    """Say in what a text differs from one of the others that looks like it; empty if none does."""
    for other in others:
        for what, one, another in zip(_DIFFERENCES, _forms(text), _forms(other), strict=True):
            if one == another:
                return f"; it differs from {other!r} only in {what}, {text!a} and {other!a}: write both alike"
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


def _forms(text: str) -> tuple[str, str, str]:
    """Return a text with one kind of line end, then also in one Unicode form, and then with plain blanks alone."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    composed = unicodedata.normalize("NFC", plain)
    visible = "".join(sign for sign in composed if unicodedata.category(sign) != "Cf")
    return plain, composed, re.sub(r"[^\S\n]+", " ", visible)
