"""Saved models in the form of the report that tries them."""

from pathlib import Path
from typing import Any

import pandas as pd
from playwright.sync_api import Page
from sklearn.base import BaseEstimator

from stages.lib.config import Data, Prepare
from stages.lib.data import Dataset
from stages.lib.export.card import Interval
from stages.lib.handover import Card, save_model
from stages.lib.report.templating import fill
from stages.lib.report.trial import Trial, trial_of
from tests.handover.fits import fit

SCRIPTS = ("tensors", "arrays", "trees", "operators", "form")
Fitted = tuple[Dataset, BaseEstimator, Card]
INTERVAL = Interval(level=0.9, edges=[1000.0], half_widths=[100.0, 200.0])


def baseline(
    name: str, data: Dataset, prepare: Prepare | None = None, **changes: Any
) -> Fitted:
    return data, *fit(name, data, prepare, changes)


def with_interval(fitted: Fitted) -> Fitted:
    data, estimator, card = fitted
    return data, estimator, card.model_copy(update={"interval": INTERVAL})


def saved(path: Path, fitted: Fitted) -> tuple[Path, Dataset]:
    """Write a model, and return where it is and what it was fitted on."""
    data, estimator, card = fitted
    assert save_model(path / "a.onnx", estimator, card, data.X) == ""
    return path / "a.onnx", data


def tried(
    path: Path,
    data: Dataset,
    importances: dict[str, float] | None = None,
    **changes: Any,
) -> Trial:
    """Return the trial of a saved model; `changes` are those of columns in params.yaml."""
    columns = {
        name: {
            "type": kind,
            "missing": "allowed" if name in data.columns.lacking else None,
        }
        | changes.get(name, {})
        for name, kind in data.columns.types.items()
    }
    content = {
        "path": "table.csv",
        "target": "y",
        "columns": columns | {"y": {"unit": changes.get("y", "")}},
    }
    worth = importances or dict.fromkeys(columns, 0.0)
    table = pd.DataFrame(
        {
            "role": "net and answer",
            "column": list(worth),
            "importance": list(worth.values()),
        }
    )
    return trial_of(path, Data.model_validate(content), table)


def show(page: Page, trial: Trial) -> Page:
    """Show the form of a trial."""
    script = "".join(fill(f"{name}.js") for name in SCRIPTS)
    style = "".join(fill(f"{name}.css") for name in ("report", "form"))
    page.goto("about:blank")  # so that nothing is left of an earlier one
    page.set_content(
        f"<style>{style}</style>{fill('try.html.j2', trial=trial)}<script>{script}</script>"
    )
    return page


def text(page: Page) -> str:
    """Return what is predicted, and the notes."""
    return " ".join(page.locator(".result").inner_text().split())
