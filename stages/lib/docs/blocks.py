"""Finds the blocks of a page that are made, and replaces what is in them.

A block stands between two comments, which a reader of the page does not see::

    <!-- make docs: answer -->
    <!-- make docs: end -->
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from stages.lib.common import UserError, join_words

_END = "end"
_MARKER = re.compile(r"<!-- *make docs\b:? *(.*?) *(?:-->)?\s*")


class Block(NamedTuple):
    """What stands between two markers: its name, its text, and the lines of the page, from `first` to before `end`."""

    name: str
    text: str
    first: int
    end: int


def find_blocks(page: str, text: str, names: Iterable[str]) -> list[Block]:
    """Return the blocks of a page, in their order.

    Raises `UserError` if a block is not closed, was not opened, or has none of these names.
    """
    lines, blocks = text.split("\n"), []
    opened: tuple[str, int] | None = None
    for number, line in enumerate(lines):
        if not (marker := _MARKER.fullmatch(line)):
            continue
        name, place = marker[1], f"{page}: line {number + 1}"
        if not line.rstrip().endswith("-->"):
            raise UserError(f"{place} is a marker of `make docs` without its `-->`. Add it, or delete the line.")
        if name == _END and opened is None:
            raise UserError(f"{place} closes a block, but none is open. Delete the line, or add its first marker.")
        if name != _END and opened is not None:
            break
        if name == _END:
            begun, first = opened or ("", 0)
            blocks.append(Block(begun, "\n".join(lines[first:number]), first, number))
            opened = None
        elif name in names:
            opened = name, number + 1
        else:
            raise UserError(f"{place}: `make docs` makes no block {name!r}, but {join_words([*names])}.")
    if opened is not None:
        raise UserError(
            f"{page}: line {opened[1]}: the block {opened[0]} is not closed. Add the line `<!-- make docs: {_END} -->` "
            "after it."
        )
    return blocks


def replace_blocks(text: str, blocks: Iterable[Block], contents: Mapping[str, str]) -> str:
    """Return the page with the contents of its blocks by their names, each between empty lines."""
    lines = text.split("\n")  # not `splitlines`, which also breaks at a form feed
    for block in reversed([*blocks]):
        lines[block.first : block.end] = ["", *contents[block.name].splitlines(), ""]
    return "\n".join(lines)
