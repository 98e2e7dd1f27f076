"""Writes blocks of params.yaml as text, and puts them in the place of the old ones; all other text stays."""

import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml
from dvc.utils.serialize import ParseError, dumps_yaml, parse_yaml, parse_yaml_for_update

from stages.lib.common import UserError
from stages.lib.config import PARAMS_FILE, yaml12

# The blocks with their comments.
RECIPE = Path(__file__).with_name("recipe.yaml").read_text(encoding="utf-8")


class _Dumper(yaml.SafeDumper):
    """Quotes texts that YAML 1.2 would read as numbers, such as `1e5`; writes no anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


class _InOneLine(dict):
    """A mapping written as `{key: value}`."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=None if _read(value) == value else "'")


_Dumper.add_representer(str, _text)
_Dumper.add_representer(
    _InOneLine, lambda dumper, value: dumper.represent_mapping("tag:yaml.org,2002:map", value.items(), flow_style=True)
)


def block_text(name: str, block: dict[str, Any]) -> str:
    """Write a block as text that ends with a newline: one key per line, lists below their key, comments above.

    The text is in the form of DVC's writer, so that `dvc exp run -S` changes no other lines of the block than its own.
    Columns take a line each, unless a label has a sign that DVC's writer leaves without quotes between braces, where
    readers stop at it, such as the `?` of `{classes: [yes, no?]}`. What that writer changes, as a name `<<`, is written
    in a form of our own.
    """
    for mapping in (_InOneLine, dict):
        with suppress(ParseError):
            text = dumps_yaml(parse_yaml_for_update(_written(name, block, mapping), PARAMS_FILE))
            if _read(text) == parse_yaml(text, PARAMS_FILE) == {name: block}:
                return text
    return _written(name, block, _InOneLine)


def _written(name: str, block: dict[str, Any], mapping: type[dict]) -> str:
    lines = [f"{name}:"]
    recipe = re.search(rf"^{name}:\n(?:  .*\n)+", RECIPE, re.MULTILINE)
    comments = dict(re.findall(r"^(  # .*)\n  (\w+):", recipe[0], re.MULTILINE)) if recipe else {}
    for key, value in block.items():
        lines += [comment for comment, below in comments.items() if below == key]
        if f"{name}.{key}" in {"data.columns", "model.callbacks"}:
            value = {inner: mapping(content) for inner, content in value.items()}
        written = yaml.dump({key: value}, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=2**16)
        lines += ["  " + line for line in written.splitlines()]
    return "\n".join(lines) + "\n"


def _read(text: str) -> Any:
    try:
        return yaml12.load(text)
    except yaml12.NotYAMLError:
        return None


def replace_blocks(text: str, blocks: dict[str, dict[str, Any]]) -> str:
    """Return the text of params.yaml with these blocks in the place of those with their names.

    Comments and blank lines between its blocks stay where they are. A block that the text lacks is put after the one
    that is before it in `blocks`. Raises `UserError` if the text is not YAML, or in a form in which blocks can't be
    replaced.
    """
    try:
        old = yaml12.load(text)
    except yaml12.NotYAMLError as error:
        raise UserError(f"{PARAMS_FILE} is not YAML: {error}. Fix it first.") from None
    if not isinstance(old, dict):
        raise UserError(f"{PARAMS_FILE} has no keys. Restore it with `git checkout {PARAMS_FILE}`.")
    new = text.replace("\r\n", "\n").removesuffix("\n") + "\n"
    try:
        new = _replaced(new, {name: block_text(name, block) for name, block in blocks.items()})
    except yaml.YAMLError:
        new = ""
    if _read(new) != old | blocks:
        raise UserError(
            f"{PARAMS_FILE} is written in a form in which blocks can't be replaced; the file was left unchanged. "
            f"Write {', '.join(blocks)} as blocks that begin in the first column."
        )
    return new.replace("\n", "\r\n") if "\r\n" in text else new


def _replaced(text: str, blocks: dict[str, str]) -> str:
    root: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    # Use the marks of keys: the mark of a value that is an alias points elsewhere.
    starts = {key.value: key.start_mark.index for key, _ in root.value}
    ends = dict(zip(starts, [*list(starts.values())[1:], root.end_mark.index], strict=True))
    pieces = []
    place = _without_comments(text, root.end_mark.index)
    for name, block in blocks.items():
        if name in starts:
            place = _without_comments(text, ends[name])
            pieces.append((starts[name], place, block))
        else:
            pieces.append((place, place, "\n" + block))
    for start, end, block in sorted(reversed(pieces), key=lambda piece: piece[0], reverse=True):
        text = text[:start] + block + text[end:]
    return text


def _without_comments(text: str, end: int) -> int:
    """Return where a block ends before `end`: comments after it in the first column belong to what follows."""
    behind = re.search(r"(^[ \t]*\n|^#.*\n|^\.\.\..*\n?)*\Z", text[:end], re.MULTILINE)
    return behind.start() if behind else end
