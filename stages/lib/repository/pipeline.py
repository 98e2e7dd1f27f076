"""Which stages dvc.yaml has; those of a `foreach` are named by params.yaml."""

import re
from typing import Any, NamedTuple

from stages.lib.config import yaml12

PIPELINE, LOCK = "dvc.yaml", "dvc.lock"
# All that a `foreach` says, as in `foreach: ${experiments}`; what others say is not known.
_REFERENCE = re.compile(r"\$\{\s*([\w-]+)\s*\}")


class Pipeline(NamedTuple):
    """The names of the stages of dvc.yaml, such as `search@lr`, and those of groups whose items are not known.

    `commands` are those of stages, as far as dvc.yaml alone tells them.
    """

    names: frozenset[str]
    groups: frozenset[str]
    commands: dict[str, str]

    def has(self, stage: str) -> bool:
        """Whether dvc.yaml has a stage, or may have it."""
        return stage in self.names or stage.partition("@")[0] in self.groups


def pipeline_of(text: str, params: Any) -> Pipeline:
    """Return the stages of a dvc.yaml, given the content of params.yaml.

    Raises `NotYAMLError` if the text is not YAML, and `AttributeError` if it is not that of a pipeline.
    """
    names, groups, commands = set(), set(), dict[str, str]()
    for name, stage in (yaml12.load(text) or {}).get("stages", {}).items():
        over = _REFERENCE.fullmatch(str(stage.get("foreach"))) if isinstance(stage, dict) else None
        items = params.get(over[1]) if over and isinstance(params, dict) else None
        if isinstance(items, dict):
            names |= {f"{name}@{item}" for item in items}
            command = str((stage.get("do") or {}).get("cmd"))
            commands |= {f"{name}@{item}": command.replace("${key}", str(item)) for item in items}
        elif isinstance(stage, dict) and {"foreach", "matrix"} & set(stage):
            groups.add(str(name))
        else:
            names.add(str(name))
            commands[str(name)] = str(stage.get("cmd")) if isinstance(stage, dict) else ""
    known = {name: command for name, command in commands.items() if "${" not in command}
    return Pipeline(frozenset(names), frozenset(groups), known)
