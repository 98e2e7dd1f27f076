"""Which stages dvc.yaml has; those of a `foreach` are named by params.yaml."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from gridstage.config import yaml12

PIPELINE, LOCK = "dvc.yaml", "dvc.lock"
# A value of params.yaml.
_REFERENCE = re.compile(r"\$\{\s*([\w.-]+)\s*\}")


class Pipeline(NamedTuple):
    """The names of the stages of dvc.yaml, such as `search@lr`, and those of groups whose items are not known."""

    names: frozenset[str]
    groups: frozenset[str]

    def has(self, stage: str) -> bool:
        """Whether dvc.yaml has a stage, or may have it."""
        return stage in self.names or stage.partition("@")[0] in self.groups


def pipeline_of(text: str, params: Any) -> Pipeline:
    """Return the stages of a dvc.yaml, given the content of params.yaml.

    Raises `NotYAMLError` if the text is not YAML, and `AttributeError` if it is not that of a pipeline.
    """
    names, groups = set(), set()
    for name, stage in (yaml12.load(text) or {}).get("stages", {}).items():
        items, is_group = None, False
        if isinstance(stage, dict):
            over = _REFERENCE.fullmatch(str(stage.get("foreach")))
            is_group = bool({"foreach", "matrix"} & set(stage))
            if over and isinstance(params, dict):
                items = params.get(over[1])
        if isinstance(items, dict):
            names |= {f"{name}@{item}" for item in items}
        elif is_group:
            groups.add(str(name))
        else:
            names.add(str(name))
    return Pipeline(frozenset(names), frozenset(groups))


def flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of nested mappings by keys such as `experiments.neurons.grid.lr`; an empty mapping is one."""
    leaves: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, dict) and value:
            leaves |= {f"{key}.{name}": each for name, each in flat(value).items()}
        else:
            leaves[str(key)] = value
    return leaves
