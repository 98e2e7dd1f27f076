"""Whether the results of a commit are from the params that stand beside them."""

from typing import Any

import yaml

from stages.lib.changes.results import EVALUATE, Results, flat

_PARAMS = "params.yaml"


def stale_params(side: Results) -> list[str]:
    """Return the keys whose values in params.yaml are not those that the evaluation was run with, sorted.

    Code and data are not looked at: `dvc status` takes seconds for them, and knows only of the working tree.

    Parameters
    ----------
    side : Results

    Returns
    -------
    list of str
        Empty as well if there is no params.yaml that can be read, or no evaluation in dvc.lock.
    """
    try:
        content = yaml.load(side.snapshot.text(_PARAMS) or "", yaml.CSafeLoader)
    except yaml.YAMLError:
        return []
    if not isinstance(content, dict):
        return []
    recorded, before = side.stages.get(EVALUATE, {}).get("params", {}).get(_PARAMS, {}), side.evaluated
    after = {name: value for key in recorded for name, value in flat(key, _found(content, key))}
    return sorted(key for key in {**before, **after} if _plain(before.get(key)) != _plain(after.get(key)))


def _found(content: Any, key: str) -> Any:
    """Return what stands at a key such as `data.columns`; None if nothing does."""
    for step in key.split("."):
        if not isinstance(content, dict):
            return None
        content = content.get(step)
    return content


def _plain(value: Any) -> Any:
    """Return a value in a form that does not depend on how YAML writes it."""
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if value == {}:
        return None
    # PyYAML takes `1e-05`, which DVC writes, for a text.
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value
