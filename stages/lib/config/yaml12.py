"""Reads YAML the way DVC does.

DVC writes params.yaml in YAML 1.2, where `1e-05` is a number and `on` is a string. PyYAML reads YAML 1.1, where it is
the other way round. The loader below uses the scalars of the 1.2 core schema
(https://yaml.org/spec/1.2.2/#1032-tag-resolution).
"""

import re
from typing import Any, ClassVar

import yaml

_SCALARS = {
    "null": (r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    "bool": (r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    "int": (r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    "float": (
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
}


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader with the scalars of YAML 1.2; rejects duplicate keys."""

    yaml_implicit_resolvers: ClassVar[dict[str, list[tuple[str, re.Pattern[str]]]]] = {}  # type: ignore[misc]

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        for (key, _), value in zip(node.value, keys, strict=True):
            if keys.count(value) > 1:
                raise yaml.MarkedYAMLError(problem=f"the key {value!r} occurs twice", problem_mark=key.start_mark)
        return super().construct_mapping(node, deep)

    def construct_integer(self, node: yaml.ScalarNode) -> int:
        text = node.value
        try:
            return int(text, 0) if text[:2] in {"0o", "0x"} else int(text)
        except ValueError:  # of more digits than Python reads
            problem = f"a number has {len(text):,} digits"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark) from None


for _kind, (_pattern, _first) in _SCALARS.items():
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_kind}", re.compile(rf"^(?:{_pattern})$"), _first)
_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_integer)


def load(text: str) -> Any:
    """Parse one YAML document; raises `yaml.YAMLError`, with the place, if it is invalid."""
    return yaml.load(text, Loader=_Loader)
