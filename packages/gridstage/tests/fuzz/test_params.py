"""params.yaml with other types, keys, depths and values: it is refused in sentences, or every stage can use it."""

import re
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from gridstage.config import Params, load_params
from gridstage.data import Dataset
from gridstage.experiment import check_experiment, open_experiment
from gridstage.fetch import describe, ensure_file
from packages.gridstage.tests.fuzz.mutations import Steps, changed, steps
from packages.gridstage.tests.fuzz.survival import FUZZED, files, refused_or
from packages.gridstage.tests.project import set_at, small_params, write_params
from packages.gridstage.tests.refusals import refused


@cache
def base() -> dict[str, Any]:
    """Return a small params.yaml with a grid and a random search, for the rows of the folder to work in."""
    params = small_params()
    params["data"] |= {"path": "data/rows.csv", "url": None, "sha256": None}
    params["experiments"] = {
        name: deepcopy(params["experiments"][name]) for name in ("dropout", "joint")
    }
    return params


def examine(params: Params) -> dict[str, Dataset]:
    """Do what the stages fetch and search do before they train; return the data of each experiment."""
    describe(*ensure_file(params), params.data, params.model.classifies)
    found = {}
    for name, experiment in params.experiments.items():
        opened = open_experiment(params, name)
        check_experiment(opened)
        assert len(opened.candidates) == (
            experiment.n_candidates
            or np.prod([len(each) for each in experiment.lists.values()])
        )
        found[name] = opened.data
    return found


def usable() -> dict[str, Dataset]:
    return examine(load_params())


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("engine", []),
        ("cv.n_repeats", 2**31),
        ("experiments.joint.n_candidates", 2**53),
        ("experiments.dropout.grid.module__dropout_rate", [[0.5]]),
    ],
)
def test_what_such_changes_have_found_is_refused(
    here: Path, place: str, value: Any
) -> None:
    params = deepcopy(base())
    set_at(params, place, value)
    write_params(params)
    with refused(rf"^params.yaml: {re.escape(place)}"):
        usable()


@FUZZED
@given(todo=steps())
def test_a_changed_file_is_refused_or_used(here: Path, todo: Steps) -> None:
    write_params(changed(base(), todo))
    before = files(here)
    found = refused_or(usable)
    assert files(here) == before
    for data in (found or {}).values():
        assert 0 < len(data.X) == len(data.y) <= 60
        assert np.isfinite(data.y).all()
