"""Fixtures: models in folders of their own, and the lines of docs/hand-over.md that run them."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gridstage.commands import predict as stage
from gridstage.config import Prepare
from gridstage.data import Dataset
from gridstage.handover import ANSWER_FILE, MODEL_FILE, Card, save_model
from gridstage.model import rows
from packages.gridstage.tests.conftest import Command
from packages.gridstage.tests.handover.fits import fit, mixed
from packages.gridstage.tests.pages import DOCS, blocks
from packages.gridstage.tests.project import Project, small_params

PAGE = DOCS["hand-over.md"]
PREDICT, NUMBERS, CARD, WEIGHTS = blocks(PAGE, "python")
(SCRIPT,) = blocks(PAGE, "js")


@dataclass(frozen=True)
class Handed:
    """A folder with `answer.onnx`, the cells of a table, and what the fitted model makes of them."""

    folder: Path
    table: dict[str, list[Any]]
    labels: list[str]
    probabilities: np.ndarray

    def check(self, labels: list[str], probabilities: Any) -> None:
        assert labels == self.labels
        found = np.asarray(probabilities, dtype=float).reshape(self.probabilities.shape)
        np.testing.assert_allclose(found, self.probabilities, rtol=0, atol=1e-6)


def handed(
    folder: Path, name: str, data: Dataset, prepare: Prepare, n_rows: int
) -> Handed:
    estimator, card = fit(name, data, prepare)
    assert save_model(folder / "answer.onnx", estimator, card, data.X) == ""
    probabilities = estimator.predict_proba(rows(data, estimator)[:n_rows])
    table = {name: cells[:n_rows] for name, cells in cells_of(card, data).items()}
    return Handed(
        folder,
        table,
        [card.classes[i] for i in probabilities.argmax(axis=1)],
        probabilities,
    )


def cells_of(card: Card, data: Dataset) -> dict[str, list[Any]]:
    """Return the cells of each column as the page has them, with None for a missing number."""
    empty = {each.name: "" if each.type == "category" else None for each in card.inputs}
    return {
        name: [empty[name] if cell != cell else cell for cell in data.X[name].tolist()]
        for name in empty
    }


def in_python(block: str, table: dict[str, list[Any]]) -> str:
    """Return the page's lines with another table."""
    before, _, after = block.partition("table = {")
    return f"{before}table = {table!r}\n{after.partition('}')[2]}"


@pytest.fixture(scope="session")
def three_women(data: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Handed:
    return handed(
        tmp_path_factory.mktemp("women"), "logistic_regression", data, Prepare(), 3
    )


@pytest.fixture(scope="session")
def with_gaps(tmp_path_factory: pytest.TempPathFactory) -> Handed:
    """Return boosting on numbers, booleans and texts, of which cells are missing."""
    found = handed(
        tmp_path_factory.mktemp("gaps"),
        "hist_gradient_boosting",
        mixed(True),
        Prepare(),
        160,
    )
    cells = [cell for column in found.table.values() for cell in column]
    assert None in cells
    assert "" in cells
    return found


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with the committed model."""
    return Project.copied(tmp_path_factory.mktemp("predict"), small_params())


@pytest.fixture
def predict_here(
    project: Project, in_process: Command, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Command]:
    """The command in `project`, whose params.yaml and models a test may change."""
    monkeypatch.chdir(project.folder)
    before = {
        path: path.read_bytes()
        for path in (Path("params.yaml"), ANSWER_FILE, MODEL_FILE)
    }
    yield partial(in_process, stage)
    for path, content in before.items():
        path.write_bytes(content)
