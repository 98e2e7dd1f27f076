"""Puts blocks into the text of params.yaml, in the form of DVC's writer; every other character stays as it is.

Parsing and rewriting the whole file would reformat its lists, quotes and line widths, and lose comments.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import yaml
from dvc.utils.serialize import ParseError, dumps_yaml, parse_yaml, parse_yaml_for_update

from stages.lib.common import PARAMS_FILE, UserError
from stages.lib.config import yaml12


def content_of(text: str) -> Any:
    """Return the content of a text; None if it is not YAML."""
    try:
        return yaml12.load(text)
    except yaml12.NotYAMLError:
        return None


def as_dvc_writes(text: str, content: dict[str, Any]) -> str | None:
    """Return a text in the form of DVC's writer, so that `dvc exp run -S` does not change it.

    It is None if that form would not have the content, as where a number has 17 digits, of which DVC writes 16.
    """
    with suppress(ParseError):
        written = dumps_yaml(parse_yaml_for_update(text, PARAMS_FILE))
        if content_of(written) == parse_yaml(written, PARAMS_FILE) == content:
            return written
    return None


def spans(text: str, section: str = "") -> dict[str, tuple[int, int]]:
    """Return where each block of a text, or of one of its sections, begins and ends, by name.

    Blank lines behind a block, and comments that are indented no deeper than its name, belong to what follows.
    """
    root: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    if section:
        root = next(value for key, value in root.value if key.value == section)
    # Use the marks of keys: the mark of a value that is an alias points elsewhere.
    starts = {key.value: key.start_mark for key, _ in root.value}
    blocks = {}
    for (name, start), end in zip(starts.items(), [*starts.values(), root.end_mark][1:], strict=True):
        behind = rf"(^[ \t]*\n|^ {{0,{start.column}}}#.*\n|^\.\.\..*\n?)*\Z"
        before = text[: end.index - end.column]
        blocks[name] = start.index, len(re.sub(behind, "", before, flags=re.MULTILINE))
    return blocks


def edited(text: str, edit: Callable[[str], str], expected: dict[str, Any], refusal: str) -> str:
    """Return a text after an `edit`, for which its lines end in the way of Unix; they end as before in the result.

    Raises `UserError`, with the refusal, if the result would not have the `expected` content, as where a text is
    written in a form without blocks.
    """
    try:
        new = edit(text.replace("\r\n", "\n").removesuffix("\n") + "\n")
    except (yaml.YAMLError, LookupError):
        new = ""
    if content_of(new) != expected:
        raise UserError(refusal)
    return new.replace("\n", "\r\n") if "\r\n" in text else new
