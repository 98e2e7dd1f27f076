"""Models that are handed over, and the lines of docs/hand-over.md that run them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from stages.lib.config import Prepare
from stages.lib.data import Dataset
from stages.lib.handover import Card, save_model
from stages.lib.model import rows
from tests.handover.fits import fit
from tests.pages import DOCS, blocks

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


def handed(folder: Path, name: str, data: Dataset, prepare: Prepare, n_rows: int) -> Handed:
    estimator, card = fit(name, data, prepare)
    assert save_model(folder / "answer.onnx", estimator, card, data.X) == ""
    probabilities = estimator.predict_proba(rows(data, estimator)[:n_rows])
    table = {name: cells[:n_rows] for name, cells in cells_of(card, data).items()}
    return Handed(folder, table, [card.classes[i] for i in probabilities.argmax(axis=1)], probabilities)


def cells_of(card: Card, data: Dataset) -> dict[str, list[Any]]:
    """Return the cells of each column as the page has them, with None for a missing number."""
    empty = {each.name: "" if each.type == "category" else None for each in card.inputs}
    return {name: [empty[name] if cell != cell else cell for cell in data.X[name].tolist()] for name in empty}


def in_python(block: str, table: dict[str, list[Any]]) -> str:
    """Return the page's lines with another table."""
    before, _, after = block.partition("table = {")
    return f"{before}table = {table!r}\n{after.partition('}')[2]}"
