"""Puts blocks into the text of params.yaml, in the form of DVC's writer; every other character stays as it is.

Parsing and rewriting the whole file would reformat its lists, quotes and line widths, and lose comments.
"""

import re
import textwrap
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import yaml
from dvc.utils.serialize import (
    ParseError,
    dumps_yaml,
    parse_yaml,
    parse_yaml_for_update,
)

from gridstage.common import PARAMS_FILE, UserError
from gridstage.config import yaml12
from gridstage.config.experiment import Experiment


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


def _spans(text: str, section: str = "") -> dict[str, tuple[int, int]]:
    """Return where each block of a text, or of one of its sections, begins and ends, by name.

    Blank lines behind a block, and comments that are indented no deeper than its name, belong to what follows.
    """
    root: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    if section:
        root = next(value for key, value in root.value if key.value == section)
    # Use the marks of keys: the mark of a value that is an alias points elsewhere.
    starts = {key.value: key.start_mark for key, _ in root.value}
    ends = [*starts.values(), root.end_mark][1:]
    blocks = {}
    for (name, start), end in zip(starts.items(), ends, strict=True):
        behind = rf"(^[ \t]*\n|^ {{0,{start.column}}}#.*\n|^\.\.\..*\n?)*\Z"
        before = text[: end.index - end.column]
        blocks[name] = start.index, len(re.sub(behind, "", before, flags=re.MULTILINE))
    return blocks


def _edited(text: str, edit: Callable[[str], str], expected: dict[str, Any]) -> str:
    """Return a text after an `edit`; raises `UserError` if that would not have the `expected` content.

    That is so where a text is written in a form without blocks.
    """
    try:
        new = edit(text.removesuffix("\n") + "\n")
    except (yaml.YAMLError, LookupError):
        new = ""
    if content_of(new) != expected:
        raise UserError(
            f"{PARAMS_FILE} is written in a form that takes no blocks; the file was left unchanged. Write all sections "
            "and experiments as blocks, one below the other."
        )
    return new


def replace_blocks(
    text: str,
    blocks: dict[str, dict[str, Any]],
    write: Callable[[str, dict[str, Any]], str],
) -> str:
    """Return the text of a params.yaml with blocks, as `write` writes them, in the place of those with their names.

    Comments and blank lines between its blocks stay where they are. A block that the text lacks is put at its end.
    Raises `UserError` if the text is in a form in which blocks can't be replaced.
    """

    def replace(text: str) -> str:
        old = _spans(text)
        for name, (start, end) in reversed(old.items()):
            if name in blocks:
                text = text[:start] + write(name, blocks[name]) + text[end:]
        for name, block in blocks.items():
            if name not in old:
                text += "\n" + write(name, block)
        return text

    return _edited(text, replace, yaml12.load(text) | blocks)


def add_experiment(
    text: str, after: str, name: str, experiment: Experiment, comment: str
) -> str:
    """Return the text of a valid params.yaml with a new block right after the experiment `after`.

    The comment is one line at the top of the block: above the block, it could follow a list, where DVC loses comments.
    Raises `UserError` if the file is written in a form that leaves no place for a block.
    """
    content, new = yaml12.load(text), {name: experiment.model_dump()}
    block = _block(new, comment)

    def insert(text: str) -> str:
        start, end = _spans(text, "experiments")[after]
        indent = text[:start].rpartition("\n")[2]
        return text[:end] + textwrap.indent(block, indent) + text[end:]

    experiments = content["experiments"] | new
    return _edited(text, insert, content | {"experiments": experiments})


def _block(experiment: dict[str, Any], comment: str) -> str:
    dumped = yaml.safe_dump(
        experiment, sort_keys=False, allow_unicode=True, width=2**16
    )
    head, _, rest = dumped.partition("\n")
    whole = "experiments:\n" + textwrap.indent(f"{head}\n  # {comment}\n{rest}", "  ")
    written = as_dvc_writes(whole, {"experiments": experiment}) or whole
    return textwrap.dedent(written.partition("\n")[2])
