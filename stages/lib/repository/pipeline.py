"""Which stages dvc.yaml has, and what each is to run and read; those of a `foreach` are named by params.yaml."""

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from stages.lib.config import PARAMS_FILE, yaml12

PIPELINE, LOCK = "dvc.yaml", "dvc.lock"
# A value of params.yaml, or the item of a `foreach`.
_REFERENCE = re.compile(r"\$\{\s*([\w.-]+)\s*\}")


class Declared(NamedTuple):
    """What a stage runs, reads and writes, by names alone."""

    command: str
    deps: set[str]
    params: set[str]
    outs: set[str]

    @classmethod
    def of_lock(cls, entry: Mapping[str, Any]) -> "Declared":
        """Return what dvc.lock says that a stage had when it ran."""
        deps, outs = ({str(each["path"]) for each in entry.get(kind, [])} for kind in ("deps", "outs"))
        params = entry.get("params", {})
        return cls(str(entry.get("cmd")), deps, {*params, *params.get(PARAMS_FILE, {})} - {PARAMS_FILE}, outs)


class Pipeline(NamedTuple):
    """The names of the stages of dvc.yaml, such as `search@lr`, and those of groups whose items are not known.

    `declared` are the stages of which params.yaml tells all that dvc.yaml says.
    """

    names: frozenset[str]
    groups: frozenset[str]
    declared: dict[str, Declared]

    def has(self, stage: str) -> bool:
        """Whether dvc.yaml has a stage, or may have it."""
        return stage in self.names or stage.partition("@")[0] in self.groups


def pipeline_of(text: str, params: Any) -> Pipeline:
    """Return the stages of a dvc.yaml, given the content of params.yaml.

    Raises `NotYAMLError` if the text is not YAML, and `AttributeError` if it is not that of a pipeline.
    """
    names, groups, declared = set(), set(), dict[str, Declared | None]()
    values = flat(params) if isinstance(params, dict) else {}
    for name, stage in (yaml12.load(text) or {}).get("stages", {}).items():
        over = _REFERENCE.fullmatch(str(stage.get("foreach"))) if isinstance(stage, dict) else None
        items = params.get(over[1]) if over and isinstance(params, dict) else None
        if isinstance(items, dict):
            names |= {f"{name}@{item}" for item in items}
            declared |= {f"{name}@{item}": _declared(stage.get("do"), values | {"key": item}) for item in items}
        elif isinstance(stage, dict) and {"foreach", "matrix"} & set(stage):
            groups.add(str(name))
        else:
            names.add(str(name))
            declared[str(name)] = _declared(stage, values)
    known = {name: each for name, each in declared.items() if each}
    return Pipeline(frozenset(names), frozenset(groups), known)


def _declared(stage: Any, values: Mapping[str, Any]) -> Declared | None:
    """Return what a stage declares, with values in the place of references to them; None if one is not known."""
    text = _REFERENCE.sub(
        lambda found: json.dumps(str(values.get(found[1], found[0])))[1:-1], json.dumps(stage, default=str)
    )
    if "${" in text or not isinstance(stage, dict):
        return None
    filled = json.loads(text)

    def named(*kinds: str) -> set[str]:
        listed = (each for kind in kinds for each in filled.get(kind) or [])
        return {str(next(iter(each)) if isinstance(each, dict) else each) for each in listed}

    return Declared(str(filled.get("cmd")), named("deps"), named("params"), named("outs", "metrics", "plots"))


def flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of nested mappings by keys such as `experiments.neurons.grid.lr`; an empty mapping is one."""
    leaves: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, dict) and value:
            leaves |= {f"{key}.{name}": each for name, each in flat(value).items()}
        else:
            leaves[str(key)] = value
    return leaves
