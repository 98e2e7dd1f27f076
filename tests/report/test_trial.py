"""The form of the report that tries the answer, in a browser. Oracle: onnxruntime, on all rows of a table."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pandas as pd
import pytest
from markupsafe import Markup
from playwright.sync_api import Browser, Page
from sklearn.base import BaseEstimator

from stages.lib.config import Data, Prepare
from stages.lib.data import Columns, Dataset
from stages.lib.export.card import Interval
from stages.lib.handover import Card, load_model, save_model
from stages.lib.handover.fitted import odd_rows
from stages.lib.report import trial as trials
from stages.lib.report.packed import packed
from stages.lib.report.templating import fill
from stages.lib.report.trial import Trial, trial_of
from tests.handover.fits import fit, fit_net, mixed, numbers

SCRIPTS = ("tensors", "arrays", "trees", "operators", "form")
Fitted = tuple[Dataset, BaseEstimator, Card]

PREPARE = Prepare(impute="median", indicator=True, scale="quantile")
INTERVAL = Interval(level=0.9, edges=[1000.0], half_widths=[100.0, 200.0])
NUMBERS: dict[str, Any] = {"wrapper": "NeuralNetRegressor", "criterion": "MSELoss"}
TABLE_NET: dict[str, Any] = {"module": "nets.table_net.TableNet", "module__n_neurons": 8}


def baseline(name: str, data: Dataset, prepare: Prepare | None = None, **changes: Any) -> Fitted:
    return data, *fit(name, data, prepare, changes)


def net(data: Dataset, prepare: Prepare, **changes: Any) -> Fitted:
    return data, *fit_net(data, prepare, **changes)


def with_interval(fitted: Fitted) -> Fitted:
    data, estimator, card = fitted
    return data, estimator, card.model_copy(update={"interval": INTERVAL})


def of_numbers() -> Fitted:
    prepare = PREPARE.model_copy(update={"target": "quantile"})
    return with_interval(net(mixed(False), prepare, **NUMBERS, **TABLE_NET, module__embedding="piecewise"))


MODELS: dict[str, Callable[[], Fitted]] = {
    "linear": lambda: baseline("logistic_regression", numbers(n_classes=3)),
    "boosting with categories and missing cells": lambda: baseline("hist_gradient_boosting", mixed(True)),
    "forest": lambda: baseline("random_forest", mixed(True), PREPARE, n_estimators=10),
    "a number with an interval": lambda: with_interval(baseline("hist_gradient_boosting", mixed(False))),
}
NETS: dict[str, Callable[[], Fitted]] = {
    "PimaClassifier": lambda: net(numbers(), Prepare(scale="robust_clipped"), module__weight_constraint=1.0),
    "TableNet": lambda: net(mixed(True), PREPARE, **TABLE_NET, module__embedding="periodic"),
    "TableNet of a number": of_numbers,
}


def saved(path: Path, fitted: Fitted) -> tuple[Path, Dataset]:
    """Write a model, and return where it is and what it was fitted on."""
    data, estimator, card = fitted
    assert save_model(path / "a.onnx", estimator, card, data.X) == ""
    return path / "a.onnx", data


def tried(path: Path, data: Dataset, importances: dict[str, float] | None = None, **changes: Any) -> Trial:
    """Return the trial of a saved model; `changes` are those of columns in params.yaml."""
    columns = {
        name: {"type": kind, "missing": "allowed" if name in data.columns.lacking else None} | changes.get(name, {})
        for name, kind in data.columns.types.items()
    }
    content = {"path": "table.csv", "target": "y", "columns": columns | {"y": {"unit": changes.get("y", "")}}}
    worth = importances or dict.fromkeys(columns, 0.0)
    table = pd.DataFrame({"role": "net and answer", "column": list(worth), "importance": list(worth.values())})
    return trial_of(path, Data.model_validate(content), table)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page, complaints = browser.new_page(), list[str]()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: complaints.append(request.url))
    yield page
    page.close()
    assert complaints == []


def show(page: Page, trial: Trial) -> Page:
    """Show the form of a trial."""
    script = "".join(fill(f"{name}.js") for name in SCRIPTS)
    style = "".join(fill(f"{name}.css") for name in ("report", "form"))
    page.goto("about:blank")  # so that nothing is left of an earlier one
    page.set_content(f"<style>{style}</style>{fill('try.html.j2', trial=trial)}<script>{script}</script>")
    return page


RUN = """async rows => {
    const predict = opened(await unpacked(document.querySelector("#model").textContent));
    return rows.map(row => Object.values(predict(row)).map(({ data }) => [...data]));
}"""


@pytest.mark.parametrize("name", [*MODELS, *(pytest.param(name, marks=pytest.mark.long) for name in NETS)])
def test_the_page_predicts_what_the_model_does(name: str, tmp_path: Path, page: Page) -> None:
    path, data = saved(tmp_path, (MODELS | NETS)[name]())
    show(page, tried(path, data)).wait_for_selector(".trial")
    model, card = load_model(path)
    X = pd.concat([data.X, odd_rows(card, data.X)], ignore_index=True)
    missing = {each.name: each.missing for each in card.inputs if each.type == "category"}
    cells = X.astype(object).where(X.notna(), np.nan).fillna(missing).to_dict("records")
    found = page.evaluate(RUN, cells)
    for position, expected in enumerate(model.outputs(card, X)):
        ours = np.squeeze([row[position] for row in found])
        if expected.dtype == object:
            assert ours.tolist() == expected.tolist()
        else:
            np.testing.assert_allclose(ours, expected, rtol=1e-6, atol=1e-6)


def text(page: Page) -> str:
    """Return what is predicted, and the notes."""
    return " ".join(page.locator(".result").inner_text().split())


def test_the_prediction_changes_as_one_types(tmp_path: Path, page: Page) -> None:
    path, data = saved(tmp_path, MODELS["a number with an interval"]())
    model, card = load_model(path)
    trial = tried(path, data, y="EUR", age={"unit": "years", "min": 0, "max": 120}, fare={"zero_is_missing": True})
    show(page, trial).wait_for_selector(".trial")
    typical = {each.name: each.typical for each in card.inputs}

    def told(**cells: Any) -> str:
        X = pd.DataFrame([typical | cells])
        number, low, high = (f"{outputs[0]:,.5g}" for outputs in model.outputs(card, X))
        return f"y: {number} EUR between {low} and {high} in 9 of 10 cases"

    first = text(page)
    assert first == told()
    page.get_by_label("age").fill("31.5")
    assert text(page) == told(age=31.5) != first
    page.get_by_label("age").fill("119")
    assert text(page) == f"{told(age=119.0)} age is far outside of what the model was trained on (16.018 to 60.024)."
    page.get_by_label("age").fill("121")
    assert text(page) == "y: – age should be from 0 to 120; other numbers are refused."
    assert page.get_by_label("age").get_attribute("aria-invalid") == "true"
    page.get_by_label("age").fill("")
    assert text(page) == f"{told(age=np.nan)} age is missing."
    page.get_by_role("button", name="Typical row").click()
    page.wait_for_function("!document.querySelector('.notes').childElementCount")
    assert text(page) == first

    page.get_by_label("port").select_option("another one")
    page.get_by_label("adult").select_option("missing")
    notes = "port is unknown: a category that the model was not trained on counts as none. adult is missing."
    assert text(page) == f"{told(port='elsewhere', adult=np.nan)} {notes}"
    page.get_by_label("port").select_option("missing")
    page.get_by_label("adult").select_option("no")
    page.get_by_label("deck").select_option("B")
    assert text(page) == f"{told(port=np.nan, adult=0.0, deck='B')} port is missing."
    page.get_by_label("fare").fill("")
    assert text(page) == "y: – port is missing. fare is needed."


def test_probabilities_stand_beside_the_label(tmp_path: Path, page: Page) -> None:
    data, estimator, card = baseline("logistic_regression", numbers())
    path, _ = saved(tmp_path, (data, estimator, card.model_copy(update={"threshold": 0.125})))
    show(page, tried(path, data, y="0 = no")).wait_for_selector(".trial")
    assert "Probabilities; 0 = no. class 1 is predicted from 12.5 % on" in text(page)
    page.get_by_label("a", exact=True).fill("-1.4")
    page.get_by_label("b", exact=True).fill("0")
    model, card = load_model(path)
    typical = {each.name: each.typical for each in card.inputs}
    label, shares = model.outputs(card, pd.DataFrame([typical | {"a": -1.4, "b": 0.0}]))
    assert (label[0], 0.125 < shares[0, 1] < 0.5) == ("class 1", True)
    rows = page.locator(".result tr").all_inner_texts()
    assert [row.split("\t")[::2] for row in rows] == [
        [f"class {i}", f"{100 * share:.1f} %"] for i, share in enumerate(shares[0])
    ]
    assert page.locator(".predicted th").inner_text() == "class 1"
    page.get_by_label("a", exact=True).fill("1e300")
    page.get_by_label("b", exact=True).fill("-1e300")
    assert text(page).startswith("y: – no finite number Probabilities")
    page.get_by_label("a", exact=True).fill("")
    assert "class 0 – class 1 – a is needed." in text(page)


def test_of_many_classes_the_most_probable_are_shown(tmp_path: Path, page: Page) -> None:
    path, data = saved(tmp_path, baseline("logistic_regression", numbers(n_classes=12)))
    show(page, tried(path, data)).wait_for_selector(".trial")
    shares = [float(each.rstrip(" %")) for each in page.locator(".result td:last-child").all_inner_texts()]
    assert (len(shares), shares) == (8, sorted(shares, reverse=True))
    assert "The 8 highest probabilities of 12 " in text(page)
    page.get_by_label("b", exact=True).fill("200")
    assert page.locator(".result tr").first.inner_text().startswith("class 11")


# Names that mean something in a page or to a form, and texts that would end a script.
NAMES = {"port": "length", "age": "__proto__", "deck": 'a "b" <i>', "adult": "label", "fare": "7"}
LABELS = ("</script><b>", "<!--")


def test_names_and_labels_may_be_any_texts(tmp_path: Path, page: Page) -> None:
    data = mixed(True)
    columns = data.columns
    X = data.X.rename(columns=NAMES)
    X["length"] = X["length"].cat.rename_categories({"Q": LABELS[0]})
    renamed = Columns(
        {NAMES[name]: kind for name, kind in columns.types.items()},
        {NAMES[name]: tuple(X[NAMES[name]].cat.categories) for name in columns.categories},
        tuple(NAMES[name] for name in columns.lacking),
        tuple(NAMES[name] for name in columns.zeros),
    )
    path, data = saved(
        tmp_path, baseline("hist_gradient_boosting", replace(data, X=X, columns=renamed, classes=LABELS))
    )
    show(page, tried(path, data)).wait_for_selector(".trial")
    model, card = load_model(path)
    cells = {each.name: each.typical for each in card.inputs} | {"length": LABELS[0], "__proto__": 70.0}
    page.get_by_label("length").select_option(LABELS[0])
    page.get_by_label("__proto__").fill("70")
    label, shares = model.outputs(card, pd.DataFrame([cells]))
    assert text(page).startswith(f"y: {label[0]} Probabilities {LABELS[0]} {100 * shares[0, 0]:.1f} %")


def test_of_many_inputs_those_that_matter_less_are_folded(tmp_path: Path, page: Page) -> None:
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(60, 30)), columns=[f"x{i}" for i in range(30)])
    data = Dataset(
        X, np.asarray(X["x0"] > 0, dtype=float), Columns(dict.fromkeys(map(str, X), "number")), ("no", "yes")
    )
    path, _ = saved(tmp_path, baseline("logistic_regression", data))
    trial = tried(path, data, {f"x{i}": i / 100 for i in range(30)})
    show(page, trial).wait_for_selector(".trial")
    shown = "[...document.querySelectorAll('.trial input')].filter(e => e.checkVisibility()).map(e => e.name)"
    assert page.evaluate(shown) == [f"x{i}" for i in range(6, 30)]
    page.get_by_text("The other 6 inputs, which matter less").click()
    assert page.evaluate(shown) == [*(f"x{i}" for i in range(6, 30)), *(f"x{i}" for i in range(6))]
    first = text(page)
    page.get_by_label("x0").fill("2")
    assert text(page) != first


def test_without_a_form_there_is_the_reason(tmp_path: Path, page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    path, data = saved(tmp_path, baseline("logistic_regression", numbers()))
    trial = tried(path, data)
    (share,) = set(re.findall(r'"expected":\["class .",\[(0\.\d{5})', str(trial.data))[:1])
    wrong = trial._replace(data=Markup(str(trial.data).replace(share, f"{float(share) + 0.001:.5f}")))
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
        (wrong, "There is no form to try the model in this browser, because its predictions differ here. python -m "),
        (strange, "There is no form to try the model in this browser, because this page lacks the operator Loop. "),
        (large, "There is no form to try logistic_regression, which takes 0.0 MB, and this page may take 0.0: "),
        (cut, f"There is no form to try the answer: {path} is "),
        (gone, f"There is no form to try the answer, because {path} is missing: dvc repro evaluate writes it."),
        (other, f"There is no form to try the answer, because ONNX can't express the net in {net_path}: python -m "),
    ]
    for each, reason in reasons:
        show(page, each)
        page.wait_for_function("document.querySelector('#try').innerText.includes('There is no form')")
        assert page.locator("#try p").first.inner_text().startswith(reason)
        assert not page.locator(".trial").is_visible()
