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

    Parameters
    ----------
    content : dict
        What is in params.yaml.
    params : Params
        The same with defaults.
    """
    if not Path(PIPELINE).is_file():
        return
    for key in _keys(Path(PIPELINE).read_text(encoding="utf-8")):
        section, value = content, params
        for step in key.split("."):
            if not hasattr(value, step) or not isinstance(section, dict):
                break  # a wrong section has been told, and a further key of dvc.yaml is the user's own
            value = getattr(value, step)
            if step not in section:
                if isinstance(value, BaseModel):
                    break  # a missing section has been told
                line = yaml.safe_dump({step: value}, default_flow_style=True, width=1000).strip()[1:-1]
                told = f"{PARAMS_FILE}: {key} is missing, and dvc.yaml reads it; add `{line}`, which is its default"
                yield key, told
                break
            section = section[step]


def _keys(pipeline: str) -> list[str]:
    inserted = _INSERTED.findall(pipeline)
    stages = yaml12.load(pipeline).get("stages", {}).values()
    listed = [key for stage in stages for key in stage.get("do", stage).get("params", [])]
    return sorted({key for key in (*inserted, *listed) if isinstance(key, str) and "$" not in key} - {"key", "item"})
