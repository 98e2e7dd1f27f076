"""A params.yaml with changes, and how it is refused."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from stages.lib.common import UserError
from stages.lib.config import load_params
from tests.project import real_params, set_at


def changed(changes: dict[str, Any]) -> dict[str, Any]:
    """Return the committed params with other values at some places."""
    params = real_params()
    for place, value in changes.items():
        set_at(params, place, value)
    return params


def written(folder: Path, params: dict[str, Any]) -> Path:
    """Write params.yaml."""
    path = folder / "params.yaml"
    path.write_text(yaml.safe_dump(params), encoding="utf-8")
    return path


def refused(folder: Path, params: dict[str, Any]) -> str:
    """Return the message by which params are refused."""
    with pytest.raises(UserError) as caught:
        load_params(written(folder, params))
    return str(caught.value)
