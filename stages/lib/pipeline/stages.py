"""Which stages dvc.yaml has; those of a `foreach` are named by params.yaml."""

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from stages.lib.config import yaml12

PIPELINE = "dvc.yaml"
# All that a `foreach` says, as in `foreach: ${experiments}`.
_REFERENCE = re.compile(r"\$\{\s*([\w.-]+)\s*\}")


class Pipeline(NamedTuple):
    """The stages of dvc.yaml.

    `names` are such as `fetch` and `search@lr`. `groups` are those whose items are not known, as where params.yaml
    can't be read; each `GROUP@…` may be one of their stages.
    """

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
        if not isinstance(stage, dict) or not {"foreach", "matrix"} & set(stage):
            names.add(str(name))
        elif (items := _items(stage.get("foreach"), params)) is None:
            groups.add(str(name))
        else:
            names |= {f"{name}@{item}" for item in items}
    return Pipeline(frozenset(names), frozenset(groups))


def _items(over: Any, params: Any) -> Iterable[Any] | None:
    """Return what DVC names the stages of a `foreach` by; None if that is not known."""
    if isinstance(over, str) and (reference := _REFERENCE.fullmatch(over)):
        over = params
        for step in reference[1].split("."):
            over = over.get(step) if isinstance(over, dict) else None
    if isinstance(over, list):
        return range(len(over)) if any(isinstance(item, dict) for item in over) else over
    return over if isinstance(over, dict) else None
