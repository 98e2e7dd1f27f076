"""Writes blocks of params.yaml as text, with their comments."""

import textwrap
from typing import Any

import yaml

from gridstage.config.aside.blocks import as_dvc_writes, content_of
from gridstage.config.meanings import comments


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
    """Write a block as text that ends with a newline: one key per line, its meaning above, a list below.

    The text is in the form of DVC's writer, so that `dvc exp run -S` changes no other lines of the block than its own,
    or, where that form would have other content, in one of our own. Columns take a line each, unless a label has a sign
    at which readers stop between braces, such as the `?` of `{classes: [yes, no?]}`.
    """
    for mapping in (_InOneLine, dict):
        if text := as_dvc_writes(_written(name, block, mapping), {name: block}):
            return text
    return _written(name, block, _InOneLine)


def _written(name: str, block: dict[str, Any], mapping: type[dict]) -> str:
    text = f"{name}:\n"
    for key, comment in comments(name, block).items():
        value = block[key]
        if f"{name}.{key}" in {"data.columns", "model.callbacks"}:
            value = {inner: mapping(content) for inner, content in value.items()}
        written = yaml.dump(
            {key: value},
            Dumper=_Dumper,
            sort_keys=False,
            allow_unicode=True,
            width=2**16,
        )
        text += comment + textwrap.indent(written, "  ")
    return text
