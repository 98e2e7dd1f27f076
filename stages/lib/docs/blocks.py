"""Finds the blocks of a page that are made, and replaces what is in them.

A block stands between two comments, which a reader of the page does not see::

    <!-- make docs: answer -->
    <!-- make docs: end -->
"""

import re
from collections.abc import Collection, Mapping

from stages.lib.common import UserError, join_words

_END = "end"
_MARKER = re.compile(r"^<!-- *make docs\b:? *(.*?) *(?:-->)?[ \t\r]*$", re.MULTILINE)
_BLOCK = re.compile(r"^(<!-- make docs: (\w+) -->\n)(.*?)(?=^<!-- make docs: end -->)", re.MULTILINE | re.DOTALL)


def find_blocks(page: str, text: str, names: Collection[str]) -> dict[str, str]:
    """Return the text of each block of a page, by its name.

    Raises `UserError` at a line that should be another marker than it is.
    """
    markers = [(text.count("\n", 0, found.start()) + 1, found[0], found[1]) for found in _MARKER.finditer(text)]
    blocks = {name: inside for _, name, inside in _BLOCK.findall(text)}
    for i, (number, line, name) in enumerate(markers):
        is_open = i % 2 == 0
        follows = name in names and len(markers) > i + 1 if is_open else name == _END
        if not follows or line.rstrip() != f"<!-- make docs: {name} -->":
            raise UserError(
                f"{page}: line {number} is not in order: {line.strip()}. A block begins with the line `<!-- make docs: "
                f"NAME -->`, where NAME is {join_words([*names], 'or')}, and ends with `<!-- make docs: {_END} -->`."
            )
    return blocks


def replace_blocks(text: str, contents: Mapping[str, str]) -> str:
    """Return the page with the contents of its blocks by their names, each between empty lines."""
    return _BLOCK.sub(lambda block: f"{block[1]}\n{contents[block[2]]}\n\n", text)
