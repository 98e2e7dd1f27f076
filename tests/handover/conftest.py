"""Fixtures: models in folders of their own."""

from functools import partial

import pytest

from stages import predict as stage
from stages.lib.config import Prepare
from stages.lib.data import Dataset
from tests.conftest import Command
from tests.handover.fits import mixed
from tests.handover.handed import Handed, handed
from tests.project import Project, small_params


@pytest.fixture(scope="session")
def three_women(data: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Handed:
    return handed(tmp_path_factory.mktemp("women"), "logistic_regression", data, Prepare(), 3)


@pytest.fixture(scope="session")
def with_gaps(tmp_path_factory: pytest.TempPathFactory) -> Handed:
    """Return boosting on numbers, booleans and texts, of which cells are missing."""
    found = handed(tmp_path_factory.mktemp("gaps"), "hist_gradient_boosting", mixed(True), Prepare(), 160)
    cells = [cell for column in found.table.values() for cell in column]
    assert None in cells
    assert "" in cells
    return found


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with the committed model."""
    return Project.copied(tmp_path_factory.mktemp("predict"), small_params())


@pytest.fixture
def predict_here(project: Project, in_process: Command, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.chdir(project.folder)
    return partial(in_process, stage)
