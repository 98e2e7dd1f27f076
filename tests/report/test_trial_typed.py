"""What the form of the report that tries the answer shows as one types."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from playwright.sync_api import Page

from stages.lib.data import Columns, Dataset
from stages.lib.handover import load_model
from tests.handover.fits import mixed, numbers
from tests.report.trials import baseline, saved, show, text, tried, with_interval


def test_the_prediction_changes_as_one_types(tmp_path: Path, page: Page) -> None:
    path, data = saved(
        tmp_path, with_interval(baseline("hist_gradient_boosting", mixed(False)))
    )
    model, card = load_model(path)
    trial = tried(
        path,
        data,
        y="EUR",
        age={"unit": "years", "min": 0, "max": 120},
        fare={"zero_is_missing": True},
    )
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
    assert (
        text(page)
        == f"{told(age=119.0)} age is far outside of what the model was trained on (16.018 to 60.024)."
    )
    page.get_by_label("age").fill("121")
    assert text(page) == "y: – age should be from 0 to 120; other numbers are refused."
    assert page.get_by_label("age").get_attribute("aria-invalid") == "true"
    for other in ("1,5", "0x10", "1e999", "abc"):
        page.get_by_label("age").fill(other)
        refused = f"age should be a number such as 1500.5, with a point and no comma; “{other}” is refused."
        assert text(page) == f"y: – {refused}"
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
    path, _ = saved(
        tmp_path, (data, estimator, card.model_copy(update={"threshold": 0.125}))
    )
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


def test_of_many_classes_the_most_probable_are_shown(
    tmp_path: Path, page: Page
) -> None:
    path, data = saved(tmp_path, baseline("logistic_regression", numbers(n_classes=12)))
    show(page, tried(path, data)).wait_for_selector(".trial")
    shares = [
        float(each.rstrip(" %"))
        for each in page.locator(".result td:last-child").all_inner_texts()
    ]
    assert (len(shares), shares) == (8, sorted(shares, reverse=True))
    assert "The 8 highest probabilities of 12 " in text(page)
    page.get_by_label("b", exact=True).fill("200")
    assert page.locator(".result tr").first.inner_text().startswith("class 11")


# Names that mean something in a page or to a form, and texts that would end a script.
NAMES = {
    "port": "length",
    "age": "__proto__",
    "deck": 'a "b" <i>',
    "adult": "label",
    "fare": "7",
}


LABELS = ("</script><b>", "<!--")


def test_names_and_labels_may_be_any_texts(tmp_path: Path, page: Page) -> None:
    data = mixed(True)
    columns = data.columns
    X = data.X.rename(columns=NAMES)
    X["length"] = X["length"].cat.rename_categories({"Q": LABELS[0]})
    renamed = Columns(
        {NAMES[name]: kind for name, kind in columns.types.items()},
        {
            NAMES[name]: tuple(X[NAMES[name]].cat.categories)
            for name in columns.categories
        },
        tuple(NAMES[name] for name in columns.lacking),
        tuple(NAMES[name] for name in columns.zeros),
    )
    path, data = saved(
        tmp_path,
        baseline(
            "hist_gradient_boosting",
            replace(data, X=X, columns=renamed, classes=LABELS),
        ),
    )
    show(page, tried(path, data)).wait_for_selector(".trial")
    model, card = load_model(path)
    cells = {each.name: each.typical for each in card.inputs} | {
        "length": LABELS[0],
        "__proto__": 70.0,
    }
    page.get_by_label("length").select_option(LABELS[0])
    page.get_by_label("__proto__").fill("70")
    label, shares = model.outputs(card, pd.DataFrame([cells]))
    assert text(page).startswith(
        f"y: {label[0]} Probabilities {LABELS[0]} {100 * shares[0, 0]:.1f} %"
    )


def test_of_many_inputs_those_that_matter_less_are_folded(
    tmp_path: Path, page: Page
) -> None:
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(60, 30)), columns=[f"x{i}" for i in range(30)])
    data = Dataset(
        X,
        np.asarray(X["x0"] > 0, dtype=float),
        Columns(dict.fromkeys(map(str, X), "number")),
        ("no", "yes"),
    )
    path, _ = saved(tmp_path, baseline("logistic_regression", data))
    trial = tried(path, data, {f"x{i}": i / 100 for i in range(30)})
    show(page, trial).wait_for_selector(".trial")
    shown = "[...document.querySelectorAll('.trial input')].filter(e => e.checkVisibility()).map(e => e.name)"
    assert page.evaluate(shown) == [f"x{i}" for i in range(6, 30)]
    page.get_by_text("The other 6 inputs, which matter less").click()
    assert page.evaluate(shown) == [
        *(f"x{i}" for i in range(6, 30)),
        *(f"x{i}" for i in range(6)),
    ]
    first = text(page)
    page.get_by_label("x0").fill("2")
    assert text(page) != first
