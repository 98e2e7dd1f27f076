"""Writes blocks of params.yaml as text, with their comments."""

import re
from pathlib import Path
from typing import Any

import yaml

from stages.lib.config.blocks import as_dvc_writes, content_of

# The blocks with their comments.
RECIPE = Path(__file__).with_name("recipe.yaml").read_text(encoding="utf-8")


class _Dumper(yaml.SafeDumper):
    """Quotes texts that YAML 1.2 would read as numbers, such as `1e5`."""


class _InOneLine(dict):
    """A mapping written as `{key: value}`."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar(
        "tag:yaml.org,2002:str",
        value,
        style=None if content_of(value) == value else "'",
    )


_Dumper.add_representer(str, _text)
_Dumper.add_representer(
    _InOneLine,
    lambda dumper, value: dumper.represent_mapping(
        "tag:yaml.org,2002:map", value.items(), flow_style=True
    ),
)


def block_text(name: str, block: dict[str, Any]) -> str:
    """Write a block as text that ends with a newline: one key per line, lists below their key, comments above.

    The text is in the form of DVC's writer, so that `dvc exp run -S` changes no other lines of the block than its own,
    or, where that form would have other content, in one of our own. Columns take a line each, unless a label has a sign
    at which readers stop between braces, such as the `?` of `{classes: [yes, no?]}`.
    """
    for mapping in (_InOneLine, dict):
        if text := as_dvc_writes(_written(name, block, mapping), {name: block}):
            return text
    return _written(name, block, _InOneLine)


def _written(name: str, block: dict[str, Any], mapping: type[dict]) -> str:
    lines = [f"{name}:"]
    recipe = re.search(rf"^{name}:\n(?:  .*\n)+", RECIPE, re.MULTILINE)
    comments = (
        dict(re.findall(r"^(  # .*)\n  (\w+):", recipe[0], re.MULTILINE))
        if recipe
        else {}
    )
    for key, value in block.items():
        lines += [comment for comment, below in comments.items() if below == key]
        if f"{name}.{key}" in {"data.columns", "model.callbacks"}:
            value = {inner: mapping(content) for inner, content in value.items()}
        written = yaml.dump(
            {key: value},
            Dumper=_Dumper,
            sort_keys=False,
            allow_unicode=True,
            width=2**16,
        )
        lines += ["  " + line for line in written.splitlines()]
    return "\n".join(lines) + "\n"
