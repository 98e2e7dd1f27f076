"""Models without a net as arrays. Oracle: the estimators of scikit-learn that they were made of."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from stages.lib.common import UserError
from stages.lib.config import Prepare
from stages.lib.data import Dataset
from stages.lib.handover import ANSWER_FILE, Card, PlainModel, load_model, predict, save_answer, save_model
from stages.lib.handover.trees import Boosting
from stages.lib.model import rows
from tests.handover.fits import BASELINES, fit, mixed, numbers
from tests.passengers import passengers


def check(path: Path, data: Dataset, new: Dataset, fitted: BaseEstimator, model: PlainModel, card: Card) -> None:
    """Check that a model predicts from its file what its estimator does, to the last bit, and is written the same."""
    save_model(path, model, card)
    loaded, found = load_model(path)
    assert found.model_copy(update={"digest": ""}) == card
    given = rows(new, fitted)
    assert np.array_equal(loaded.predict(given), fitted.predict(given).ravel())
    table = predict(loaded, card, new.X)
    if data.classes:
        proba = fitted.predict_proba(given)
        assert np.array_equal(loaded.predict_proba(given), proba)
        assert table["y"].tolist() == [data.classes[int(i)] for i in fitted.predict(given)]
        names = [f"y={label}" for label in data.classes][1 if len(data.classes) == 2 else 0 :]
        # A linear model is rounded to float32.
        assert table[names].to_numpy() == pytest.approx(proba[:, -len(names) :], abs=1e-6)
    else:
        assert table["y"].to_numpy() == pytest.approx(fitted.predict(given).ravel(), rel=1e-6)
    again = path.with_name("again")
    save_model(again, loaded, found)
    assert again.read_bytes() == path.read_bytes()


@pytest.mark.parametrize(("name", "classify"), BASELINES)
def test_a_model_of_plain_numbers_predicts_as_scikit_learn(tmp_path: Path, name: str, classify: bool) -> None:
    data = numbers(n_classes=2 if classify else 0)
    check(tmp_path / "a", data, numbers(90), *fit(name, data))


@pytest.mark.parametrize("name", ["logistic_regression", "hist_gradient_boosting", "random_forest", "majority_class"])
def test_several_classes(tmp_path: Path, name: str) -> None:
    data = numbers(n_classes=4)
    check(tmp_path / "a", data, numbers(90), *fit(name, data))


PREPARE = Prepare(impute="median", indicator=True, scale="robust", encode="ordinal")


@pytest.mark.parametrize("prepare", [Prepare(), PREPARE, Prepare(impute="most_frequent")])
@pytest.mark.parametrize(("name", "classify"), BASELINES)
def test_the_file_has_the_whole_preparation(tmp_path: Path, name: str, classify: bool, prepare: Prepare) -> None:
    data = mixed(classify)
    new = passengers(70, seed=5)
    check(tmp_path / "a", data, new, *fit(name, data, prepare))


@pytest.mark.parametrize("scaled", ["standard", "quantile"])
def test_the_target_of_a_linear_model_is_scaled_back(tmp_path: Path, scaled: Any) -> None:
    data = mixed(classify=False)
    check(
        tmp_path / "a", data, passengers(70, 5), *fit("linear_regression", data, Prepare(impute="mean", target=scaled))
    )


@pytest.mark.parametrize("make", [HistGradientBoostingClassifier, HistGradientBoostingRegressor])
def test_sets_of_many_categories_and_missing_values_go_the_same_ways(make: Any) -> None:
    rng = np.random.default_rng(3)
    X = np.column_stack([rng.normal(size=900), rng.integers(0, 200, 900), rng.integers(0, 3, 900)]).astype(np.float32)
    y = ((X[:, 1] % 7 < 3) ^ (X[:, 2] == 1) ^ (X[:, 0] > 1)).astype(float)
    X[::5, 0] = X[::9, 1] = np.nan
    fitted = make(categorical_features=[1, 2], max_iter=40).fit(X[:, [0, 1, 2]], y)
    new = X.copy()
    new[:40, 1] = np.nan
    new[40:80, 1] = [201, 255, 256, 1e9, -1, -7, 0.5, 300] * 5  # never seen
    model = Boosting.of(fitted)
    assert len(model.sets) > 20
    classify = make is HistGradientBoostingClassifier
    read = PlainModel(Boosting(**vars(model)), None, None, classify)
    assert np.array_equal(read.predict(new), fitted.predict(new))
    assert not classify or np.array_equal(read.predict_proba(new), fitted.predict_proba(new))


def test_a_tree_of_one_leaf_and_rows_in_parts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("stages.lib.handover.trees._AT_ONCE", 300)
    data = numbers()
    check(tmp_path / "a", data, numbers(90), *fit("random_forest", data))
    check(tmp_path / "b", data, numbers(90), *fit("random_forest", data, changes={"min_samples_split": 500}))
    check(tmp_path / "c", data, numbers(90), *fit("hist_gradient_boosting", data, changes={"min_samples_leaf": 500}))


def test_trees_that_lead_back_are_refused() -> None:
    _, model, _ = fit("random_forest", numbers())
    left = model.model.left.copy()
    left[5] = 5
    with pytest.raises(ValueError, match="a walk through the trees would not end"):
        replace(model.model, left=left)


def test_missing_cells_are_taken_where_the_model_takes_them() -> None:
    data = numbers()
    lacking = data.X.copy()
    lacking.loc[3, "b"] = np.nan
    _, model, card = fit("hist_gradient_boosting", data)
    assert card.may_lack == {"a", "b", "c"}
    assert predict(model, card, lacking)["y"].notna().all()
    _, model, card = fit("random_forest", data)
    assert card.may_lack == set()


def test_an_answer_that_is_too_large_is_left_out_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    _, model, card = fit("random_forest", numbers())
    assert save_answer(model, card) == ""
    size = ANSWER_FILE.stat().st_size
    assert load_model(ANSWER_FILE)[1].inputs == card.inputs
    monkeypatch.setattr("stages.lib.handover.model_file.MOST_BYTES", 10_000)
    told = save_answer(model, card)
    assert ANSWER_FILE.stat().st_size < 1000  # the older one is gone
    assert told.startswith(f"models/answer.safetensors is left empty: random_forest takes {size / 1e6:.1f} MB, more")
    with pytest.raises(UserError, match=r"is left empty: random_forest .* or predict with `--model net`\.$"):
        load_model(ANSWER_FILE)
