"""A folder with the project's code and data, and a params.yaml with changes."""

from pathlib import Path
from typing import Any

import pytest

from packages.gridstage.tests.project import ROOT, real_params, set_at, write_params
from packages.gridstage.tests.read_sample import SAMPLE

Write = Any


@pytest.fixture
def write(here: Path) -> Write:
    """Return a function that writes the committed params.yaml with changes, where the code and the data are."""
    for place in (ROOT / "stages", SAMPLE / "data", ROOT / "dvc.yaml"):
        (here / place.name).symlink_to(place)

    def written(changes: dict[str, Any], *experiments: str) -> None:
        params = real_params()
        if experiments:
            params["experiments"] = {
                name: params["experiments"][name] for name in experiments
            }
        for place, value in changes.items():
            set_at(params, place, value)
        write_params(params)

    return written
