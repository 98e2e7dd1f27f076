"""A params.yaml with changes, and the problems that it has."""

from pathlib import Path
from typing import Any

import yaml

from gridstage.common import Problem, UserError, write_text
from gridstage.config import params_of
from packages.gridstage.tests.project import real_params, set_at


def changed(changes: dict[str, Any]) -> dict[str, Any]:
    """Return the committed params with other values at some places."""
    params = real_params()
    for place, value in changes.items():
        set_at(params, place, value)
    return params


def problems(changes: dict[str, Any]) -> list[Problem]:
    """Return the problems that the committed params have with other values at some places."""
    try:
        params_of(changed(changes))
    except UserError as error:
        return error.problems
    return []


def written(folder: Path, params: dict[str, Any]) -> Path:
    """Write params.yaml."""
    path = folder / "params.yaml"
    write_text(path, yaml.safe_dump(params))
    return path
