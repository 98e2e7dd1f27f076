"""The form of the report that tries the answer, in a browser. Oracle: onnxruntime, on all rows of a table."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pandas as pd
import pytest
from markupsafe import Markup
from playwright.sync_api import Page

from stages.lib.config import Prepare
from stages.lib.data import Dataset
from stages.lib.handover import load_model
from stages.lib.handover.fitted import odd_rows
from stages.lib.report import trial as trials
from stages.lib.report.trial import packed
from tests.handover.fits import fit_net, mixed, numbers
from tests.report.trials import Fitted, baseline, saved, show, tried, with_interval

PREPARE = Prepare(impute="median", indicator=True, scale="quantile")
NUMBERS: dict[str, Any] = {"wrapper": "NeuralNetRegressor", "criterion": "MSELoss"}
TABLE_NET: dict[str, Any] = {
    "module": "nets.table_net.TableNet",
    "module__n_neurons": 8,
}


def net(data: Dataset, prepare: Prepare, **changes: Any) -> Fitted:
    return data, *fit_net(data, prepare, **changes)


def of_numbers() -> Fitted:
    prepare = PREPARE.model_copy(update={"target": "quantile"})
    return with_interval(
        net(
            mixed(False), prepare, **NUMBERS, **TABLE_NET, module__embedding="piecewise"
        )
    )


MODELS: dict[str, Callable[[], Fitted]] = {
    "linear": lambda: baseline("logistic_regression", numbers(n_classes=3)),
    "boosting with categories and missing cells": lambda: baseline(
        "hist_gradient_boosting", mixed(True)
    ),
    "forest": lambda: baseline("random_forest", mixed(True), PREPARE, n_estimators=10),
    "a number with an interval": lambda: with_interval(
        baseline("hist_gradient_boosting", mixed(False))
    ),
}
NETS: dict[str, Callable[[], Fitted]] = {
    "PimaClassifier": lambda: net(
        numbers(), Prepare(scale="robust_clipped"), module__weight_constraint=1.0
    ),
    "TableNet": lambda: net(
        mixed(True), PREPARE, **TABLE_NET, module__embedding="periodic"
    ),
    "TableNet of a number": of_numbers,
}


RUN = """async rows => {
    const predict = opened(await unpacked(document.querySelector("#model").textContent));
    return rows.map(row => Object.values(predict(row)).map(({ data }) => [...data]));
}"""


@pytest.mark.parametrize(
    "name", [*MODELS, *(pytest.param(name, marks=pytest.mark.long) for name in NETS)]
)
def test_the_page_predicts_what_the_model_does(
    name: str, tmp_path: Path, page: Page
) -> None:
    path, data = saved(tmp_path, (MODELS | NETS)[name]())
    show(page, tried(path, data)).wait_for_selector(".trial")
    model, card = load_model(path)
    X = pd.concat([data.X, odd_rows(card, data.X)], ignore_index=True)
    missing = {
        each.name: each.missing for each in card.inputs if each.type == "category"
    }
    cells = X.astype(object).where(X.notna(), np.nan).fillna(missing).to_dict("records")
    found = page.evaluate(RUN, cells)
    for position, expected in enumerate(model.outputs(card, X)):
        ours = np.squeeze([row[position] for row in found])
        if expected.dtype == object:
            assert ours.tolist() == expected.tolist()
        else:
            np.testing.assert_allclose(ours, expected, rtol=1e-6, atol=1e-6)


def test_without_a_form_there_is_the_reason(
    tmp_path: Path, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, data = saved(tmp_path, baseline("logistic_regression", numbers()))
    trial = tried(path, data)
    (share,) = set(
        re.findall(r'"expected":\["class .",\[(0\.\d{5})', str(trial.data))[:1]
    )
    wrong = trial._replace(
        data=Markup(str(trial.data).replace(share, f"{float(share) + 0.001:.5f}"))
    )
    graph = onnx.load(path)
    graph.graph.node[0].op_type = "Loop"
    strange = trial._replace(model=packed(graph))
    monkeypatch.setattr(trials, "MOST_LETTERS", 100)
    content = path.read_bytes()
    large = tried(path, data)
    path.write_bytes(content[:-10])
    cut = tried(path, data)
    path.unlink()
    gone = tried(path, data)
    net_path = path.with_suffix(".safetensors")
    net_path.touch()
    other = tried(path, data)
    reasons = [
        (
            wrong,
            "There is no form to try the model in this browser, because its predictions differ here. python -m ",
        ),
        (
            strange,
            "There is no form to try the model in this browser, because this page lacks the operator Loop. ",
        ),
        (
            large,
            "There is no form to try logistic_regression, which takes 0.0 MB, and this page may take 0.0: ",
        ),
        (cut, f"There is no form to try the answer: {path} is "),
        (
            gone,
            f"There is no form to try the answer, because {path} is missing: dvc repro evaluate writes it.",
        ),
        (
            other,
            f"There is no form to try the answer, because ONNX can't express the net in {net_path}: python -m ",
        ),
    ]
    for each, reason in reasons:
        show(page, each)
        page.wait_for_function(
            "document.querySelector('#try').innerText.includes('There is no form')"
        )
        assert page.locator("#try p").first.inner_text().startswith(reason)
        assert not page.locator(".trial").is_visible()
