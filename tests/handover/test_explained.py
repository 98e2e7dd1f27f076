"""Which inputs move a prediction most. Oracles: the coefficients of linear models, and models that are made up."""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest

from stages.lib.common import UserError
from stages.lib.config import Prepare
from stages.lib.data import Dataset
from stages.lib.handover import Card, because, predict
from tests.handover.fits import fit_and_export, mixed, numbers
from tests.passengers import passengers

Predict = Callable[[pd.DataFrame], pd.DataFrame]


def explained(predicts: Predict, card: Card, X: pd.DataFrame) -> list[dict[str, float]]:
    """Return the changes for each row by the texts of their inputs."""
    return [
        {
            name: float(change)
            for name, change in re.findall(r"([^:;]+): ([-+][^;]+)(?:; )?", text)
        }
        for text in because(predicts, card, X, predicts(X))
    ]


def check(found: list[dict[str, float]], X: pd.DataFrame, changes: np.ndarray) -> None:
    """Check that the inputs with the largest of these changes are named, with two digits."""
    assert len(found) == len(X)
    for row, change, cells in zip(found, changes, X.to_numpy(), strict=True):
        order = np.argsort(-abs(change))[:3]
        assert list(row) == [
            f"{X.columns[i]} {cells[i]:.7g}" for i in order if abs(change[i]) >= 1e-4
        ]
        assert list(row.values()) == pytest.approx(
            [change[i] for i in order if abs(change[i]) >= 1e-4], rel=0.05
        )


def wide(n_classes: int, n: int = 160) -> Dataset:
    """Return a table of five numbers, of which a target depends in different ways."""
    data, rng = numbers(n, n_classes), np.random.default_rng(4)
    X = data.X.assign(d=data.X["a"] + rng.normal(size=n), e=rng.normal(size=n) + 7)
    types = dict.fromkeys("abcde", "number")
    return replace(data, X=X, columns=replace(data.columns, types=types))


def typical_of(card: Card) -> np.ndarray:
    return np.array([each.typical for each in card.inputs], dtype=float)


@pytest.mark.parametrize("n_classes", [0, 2, 4])
def test_a_linear_model_is_explained_by_its_coefficients(n_classes: int) -> None:
    data, new = wide(n_classes), wide(n_classes, 90)
    fitted, model, card = fit_and_export(
        "logistic_regression" if n_classes else "linear_regression", data
    )
    scaler, linear = fitted[-2], fitted[-1]
    scaled = (new.X.to_numpy() - typical_of(card)) / scaler.scale_
    per_class = scaled[:, None, :] * np.atleast_2d(
        linear.coef_
    )  # of the log-odds, or of the number
    classes = (
        fitted.predict(new.X.to_numpy()).astype(int)
        if n_classes > 2
        else np.zeros(len(new.X), dtype=int)
    )
    check(
        explained(partial(predict, model, card), card, new.X),
        new.X,
        per_class[np.arange(len(new.X)), classes],
    )


def test_all_changes_of_a_linear_model_add_up_to_its_log_odds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("stages.lib.handover.explained._MOST", 9)
    data = mixed(classify=True)
    _, model, card = fit_and_export(
        "logistic_regression",
        data,
        Prepare(impute="median", indicator=True, scale="robust"),
    )
    predicts, X = partial(predict, model, card), passengers(70, seed=5).X
    rows = pd.concat(
        [X, pd.DataFrame([{each.name: each.typical for each in card.inputs}])]
    )
    second = predicts(rows)["y=yes"].to_numpy()
    odds = np.log(second / (1 - second))
    sums = [sum(row.values()) for row in explained(predicts, card, X)]
    assert sums == pytest.approx(
        list(odds[:-1] - odds[-1]), abs=0.15
    )  # five changes of two digits


@pytest.mark.parametrize(
    ("name", "classify"), [("hist_gradient_boosting", True), ("random_forest", False)]
)
def test_other_models_are_explained_by_substitution(name: str, classify: bool) -> None:
    data = mixed(classify)
    _, model, card = fit_and_export(
        name, data, Prepare(impute="median", indicator=True)
    )
    predicts, X = partial(predict, model, card), passengers(15, seed=5).X
    column = "y=yes" if classify else "y"
    found = explained(predicts, card, X)
    assert any("age missing" in row for row in found)
    for i, row in enumerate(found):
        assert len(row) <= 3
        for text, change in row.items():
            key = text.split(" ")[0]
            typical = next(each.typical for each in card.inputs if each.name == key)
            here = X.iloc[[i]].astype(object)
            before, after = (
                predicts(each)[column].iloc[0]
                for each in (here, here.assign(**{key: typical}))
            )
            assert change == pytest.approx(before - after, rel=0.06)


def test_of_several_classes_the_probability_of_the_predicted_one_is_explained() -> None:
    data = wide(3)
    card = Card.of("forest", "", Prepare(), data, "y")
    X = pd.DataFrame([typical_of(card)] * 2, columns=list("abcde"))
    X["b"] += [50, -5]

    def predicts(X: pd.DataFrame) -> pd.DataFrame:
        moved = (X["b"] - typical_of(card)[1]) / 100
        labels = np.where(moved > 0.1, "class 1", "class 0")
        proba = {
            "y=class 0": 0.4 - moved,
            "y=class 1": 0.2 + 2 * moved,
            "y=class 2": 0.4 - moved,
        }
        return pd.DataFrame({"y": labels, **proba})

    first, second = explained(predicts, card, X)
    assert list(first.values()) == [
        pytest.approx(1.0)
    ]  # 1.2 for class 1, and 0.2 of a typical row
    assert list(second.values()) == [pytest.approx(0.05)]  # 0.45 for class 0, and 0.4


def test_one_relevant_input_is_named_alone() -> None:
    data = wide(0)
    card = Card.of("forest", "", Prepare(), data, "y")
    found = explained(
        lambda X: pd.DataFrame({"y": 12345 * X["c"].to_numpy()}), card, data.X
    )
    changes = 12345 * (data.X["c"] - typical_of(card)[2])
    assert [list(row) for row in found] == [
        [f"c {value:.7g}"] if value != typical_of(card)[2] else []
        for value in data.X["c"]
    ]
    for row, change in zip(found, changes, strict=True):
        assert all(each == pytest.approx(change, rel=0.06) for each in row.values())


def test_equal_changes_are_in_the_order_of_the_table() -> None:
    data = wide(0)
    card = Card.of("forest", "", Prepare(), data, "y")
    X = pd.DataFrame(
        typical_of(card) + np.array([[1, 1, 1, 1, 1], [1, -1, 1, 2, 1]]),
        columns=list("abcde"),
    )
    found = explained(
        lambda X: pd.DataFrame({"y": (X - typical_of(card)).sum(axis=1)}), card, X
    )
    assert ["".join(text[0] for text in row) for row in found] == ["abc", "dab"]
    assert list(found[1].values()) == [2, 1, -1]


def test_texts_of_cells_and_of_large_and_small_changes() -> None:
    data = mixed(classify=False)
    card = Card.of("forest", "", Prepare(impute="median"), data, "y")
    typical = {each.name: each.typical for each in card.inputs}
    row = {
        "port": "Halifax",
        "age": np.nan,
        "deck": typical["deck"],
        "adult": 0.0,
        "fare": 0.0,
    }
    sizes = {"port": 12345.0, "age": -0.01, "adult": 700.0, "fare": 3.0}

    def predicts(X: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame(
            {"y": sum((X[key] != typical[key]) * size for key, size in sizes.items())}
        )

    assert because(
        predicts, card, pd.DataFrame([row]), predicts(pd.DataFrame([row]))
    ) == ["port Halifax: +12000; adult no: +700; fare missing: +3"]


def test_the_model_runs_once_for_each_input_on_the_rows_that_differ() -> None:
    data = numbers()
    card = Card.of("forest", "", Prepare(), data, "y")
    X = data.X[:10].assign(a=typical_of(card)[0])
    X.iloc[3:, 1] = typical_of(card)[1]
    lengths, done = list[int](), list[None]()

    def predicts(X: pd.DataFrame) -> pd.DataFrame:
        lengths.append(len(X))
        return pd.DataFrame({"y": ["class 0"] * len(X), "y=class 1": [0.1] * len(X)})

    assert (
        because(predicts, card, X, predicts(X), lambda: done.append(None)) == [""] * 10
    )
    assert lengths == [10, 3, 10]
    assert len(done) == 3


def test_what_cant_be_explained_is_refused_with_a_sentence() -> None:
    data = numbers()
    _, model, card = fit_and_export("random_forest", data)
    old = card.model_copy(
        update={
            "inputs": [
                each.model_copy(update={"typical": None}) for each in card.inputs
            ]
        }
    )
    with pytest.raises(
        UserError, match=r"saved without typical inputs, .* Run `dvc repro evaluate`\.$"
    ):
        because(partial(predict, model, old), old, data.X, predict(model, old, data.X))
    labels = predict(model, card, data.X)[["y"]]
    with pytest.raises(UserError, match="has no probabilities of classes"):
        because(partial(predict, model, card), card, data.X, labels)


def test_certain_predictions_have_finite_log_odds() -> None:
    data = numbers()
    card = Card.of("linear", "", Prepare(), data, "y")

    def predicts(X: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "y": "class 0",
                "y=class 1": (X["a"] > typical_of(card)[0]).to_numpy(float),
            }
        )

    (found,) = explained(predicts, card, data.X[data.X["a"] > typical_of(card)[0]][:1])
    assert list(found.values()) == [
        pytest.approx(72, abs=1)
    ]  # of log-odds that are -36 to 36
