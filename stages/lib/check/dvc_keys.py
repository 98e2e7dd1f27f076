"""The keys that dvc.yaml reads: DVC stops at one that params.yaml lacks, even where the key has a default."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from stages.lib.config import PARAMS_FILE, Params, yaml12

PIPELINE = "dvc.yaml"
_INSERTED = re.compile(r"\$\{([a-z_]+(?:\.[a-z_0-9]+)*)\}")


def missing_keys(content: dict[str, Any], params: Params) -> Iterator[tuple[str, str]]:
    """Yield each key that dvc.yaml reads and params.yaml leaves to its default, with a sentence.

    `content` is what stands in params.yaml, and `params` the same with defaults.
    """
    if not Path(PIPELINE).is_file():
        return
    for key in _keys(Path(PIPELINE).read_text(encoding="utf-8")):
        section, value = content, params
        for step in key.split("."):
            if not hasattr(value, step) or not isinstance(section, dict):
                break  # a wrong section has a sentence of its own, and a further key of dvc.yaml is the user's own
            value = getattr(value, step)
            if step not in section:
                if isinstance(value, BaseModel):
                    break  # a missing section has a sentence of its own
                line = yaml.safe_dump({step: value}, default_flow_style=True, width=1000).strip()[1:-1]
                yield key, f"{PARAMS_FILE}: {key} is missing, and dvc.yaml reads it; add `{line}`, which is its default"
                break
            section = section[step]


def _keys(pipeline: str) -> list[str]:
    inserted = _INSERTED.findall(pipeline)
    try:
        stages = yaml12.load(pipeline).get("stages", {}).values()
    except (yaml12.NotYAMLError, AttributeError):  # which has a sentence of its own
        return []
    keys = [key for stage in stages for key in stage.get("do", stage).get("params", [])]
    return sorted({key for key in (*inserted, *keys) if isinstance(key, str) and "$" not in key} - {"key", "item"})
