"""What is changed at random: places in nested settings, and stretches of bytes. Each takes a list of steps to do."""

import math
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

# Whatever someone could write where something else belongs, with the bounds of numbers and texts among it.
_NUMBERS = [
    0,
    1,
    -1,
    2,
    3,
    1000,
    2**31 - 1,
    2**31,
    2**32,
    2**53 + 1,
    2**63 - 1,
    2**63,
    2**64,
    10**30,
    -(2**63) - 1,
]
_FLOATS = [
    0.0,
    -0.0,
    0.5,
    1.0,
    1e-320,
    1e-7,
    1e16,
    1e38,
    1e39,
    1e308,
    math.inf,
    -math.inf,
    math.nan,
]
_TEXTS = [
    "",
    " ",
    "a",
    "1",
    "1e5",
    "true",
    "null",
    "no",
    "é",
    "e\u0301",
    "a b",
    "../x y",
    "a.b",
    ".",
    "/",
    "~",
    "\n",
]
_TEXTS += [
    "a\nb",
    "\ufeff",
    "x" * 5000,
    "ReLU",
    "Adam",
    "zeros_",
    "MSELoss",
    "mean",
    "time",
    "params.yaml",
    "${seed}",
]
_NESTED: list[Any] = [
    [],
    {},
    [[]],
    [None],
    {"a": {"b": []}},
    {"uniform": [0, 1]},
    {"logint": [1, 2**63]},
]
VALUES: SearchStrategy[Any] = st.sampled_from(
    [None, True, False, *_NUMBERS, *_FLOATS, *_TEXTS, *_NESTED]
)

Place = tuple[Any, Any]  # a mapping or a list, and a key or a position in it


def _replace(box: Any, key: Any, value: Any) -> None:
    box[key] = deepcopy(value)


def _remove(box: Any, key: Any, value: Any) -> None:
    del box[key]


def _add(box: Any, key: Any, value: Any) -> None:
    """Put in what stands there once more: under another key, or at another position."""
    if isinstance(box, dict):
        box[value if isinstance(value, str) else f"{key}_"] = deepcopy(box[key])
    else:
        box.insert(key, deepcopy(box[key]))


def _rename(box: Any, key: Any, value: Any) -> None:
    _add(box, key, value)
    box.pop(key)


def _deepen(box: Any, key: Any, value: Any) -> None:
    box[key] = {key: box[key]} if isinstance(value, str | None) else [box[key]]


def _flatten(box: Any, key: Any, value: Any) -> None:
    inner = box[key]
    children = (
        list(inner.values())
        if isinstance(inner, dict)
        else inner
        if isinstance(inner, list)
        else []
    )
    box[key] = children[0] if children else value


def _as_text(box: Any, key: Any, value: Any) -> None:
    box[key] = str(box[key])


def _count(box: Any, key: Any, value: Any) -> None:
    """Change a number by one or its sign, or a letter of a text."""
    old = box[key]
    if isinstance(old, int | float) and not isinstance(old, bool):
        box[key] = -old if value is None else old + 1
    elif isinstance(old, str) and old:
        box[key] = old.swapcase() if value is None else old[:-1]


_DEEDS: list[Callable[[Any, Any, Any], None]] = [
    *[_replace] * 3,
    _remove,
    _add,
    _rename,
    _deepen,
    _flatten,
    _as_text,
    _count,
]

Steps = list[tuple[int, int, Any]]


def steps(
    values: SearchStrategy[Any] = VALUES, at_most: int = 3
) -> SearchStrategy[Steps]:
    """Steps for `changed`."""
    step = st.tuples(st.integers(0, 9999), st.integers(0, len(_DEEDS) - 1), values)
    return st.lists(step, min_size=1, max_size=at_most)


def changed(content: Any, todo: Steps) -> Any:
    """Return nested mappings and lists with each step done at one of their places."""
    content = deepcopy(content)
    for number, deed, value in todo:
        places = list(_places(content))
        if places:
            _DEEDS[deed](*places[number % len(places)], value)
    return content


def _places(content: Any) -> Iterator[Place]:
    for key in list(content) if isinstance(content, dict) else range(len(content)):
        yield content, key
        if isinstance(content[key], dict | list):
            yield from _places(content[key])


# What occurs in files that are not what they should be.
_WORDS = r""", ; | " "" ' # \ 0 1 -1 2 1.5 1,5 .5 1e5 1e39 1e999 -1e-999 0x1F 1_000 nan inf -Infinity NA ? - null
true yes No 2020-01-01 31.12.2020 2020-13-45 ½ é =1+1 <html>""".split()
_SIGNS = [
    "",
    " ",
    "\t",
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    '"\n',
    "\0",
    "\x0c",
    "\x1a",
    "\x85",
    "\xa0",
    "\u2028",
    "\ufeff",
]
_BROKEN = [b"\xff", b"\xff\xfe", b"\xe9", b"9" * 400, b"a" * 999]
PIECES = [*(text.encode() for text in (*_WORDS, *_SIGNS)), *_BROKEN]

Cuts = list[tuple[int, int, bytes]]


def cuts(at_most: int = 3) -> SearchStrategy[Cuts]:
    """Steps for `spoilt`."""
    # Most files with any bytes in them are no text, which ends their reading at once.
    pieces = st.one_of(*[st.sampled_from(PIECES)] * 6, st.binary(max_size=4))
    cut = st.tuples(st.integers(0, 99_999), st.integers(0, 5), pieces)
    return st.lists(cut, min_size=1, max_size=at_most)


def spoilt(content: bytes, todo: Cuts, separator: bytes = b",") -> bytes:
    """Return bytes with pieces put in, over others or in the place of a cell, with a line gone or twice, or cut off."""
    for number, deed, piece in todo:
        at = number % (len(content) + 1)
        lines = content.split(b"\n")
        line = number % len(lines)
        if deed == 0:
            content = content[:at] + piece + content[at:]
        elif deed == 1:
            content = content[:at] + piece + content[at + max(len(piece), 1) :]
        elif deed == 2 and number % 7 == 0:
            content = content[:at]
        elif deed == 3:
            content = b"\n".join(
                lines[:line] + [lines[line]] * (2 * (number % 2)) + lines[line + 1 :]
            )
        else:
            cells = lines[line].split(separator)
            cells[number // len(lines) % len(cells)] = piece
            content = b"\n".join(
                [*lines[:line], separator.join(cells), *lines[line + 1 :]]
            )
    return content
