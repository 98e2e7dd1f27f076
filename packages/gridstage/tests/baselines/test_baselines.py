"""The baselines: what they are, what prepares their rows, and how they are scored."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import get_scorer
from sklearn.model_selection import (
    ParameterGrid,
    StratifiedKFold,
    TimeSeriesSplit,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from gridstage.baselines.baselines import (
    BOOSTING_GRID,
    Baseline,
    InnerFolds,
    baselines,
    read_baselines,
    score_baseline,
)
from gridstage.config import CV, Params, Prepare, load_params
from gridstage.config.statistics import OF_CLASSES, OF_NUMBERS
from gridstage.data import Columns, Dataset, load_dataset
from gridstage.engine import fit_seed
from gridstage.model.hold_out import GroupedRows
from gridstage.results import Results, files
from gridstage.scores.reached import Reached, reached_table
from gridstage.scores.scorer import all_alike
from gridstage.scores.splits import make_splits
from packages.gridstage.tests.conftest import Command
from packages.gridstage.tests.evaluate.conftest import fresh_of, params_of
from packages.gridstage.tests.model.test_preparation import by_hand, cells
from packages.gridstage.tests.passengers import LABELS, passengers
from packages.gridstage.tests.project import small_params, write_params
from packages.gridstage.tests.read_sample import SAMPLE
from packages.gridstage.tests.refusals import refused
from packages.gridstage.tests.results.texts import Texts
from stages import baselines as stage


def with_prepare(**prepare: Any) -> Params:
    params = params_of(prepare=Prepare(**prepare).model_dump())
    return params.model_copy(
        update={"cv": params.cv.model_copy(update={"scoring": "neg_log_loss"})}
    )


def scored(
    baseline: Baseline, data: Dataset, splits: list[Any], scorer: str
) -> np.ndarray:
    fresh = fresh_of(data, params_of(), splits)
    return score_baseline("x", baseline, fresh, {scorer: get_scorer(scorer)}, None)[
        0
    ].scores["score"]


def numbers(n: int = 90) -> Dataset:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 3)) * [1, 100, 0.01]
    y = (X[:, 0] + rng.normal(size=n) > 0.3).astype(float)
    return Dataset(
        pd.DataFrame(X, columns=["a", "b", "c"]),
        y,
        Columns(dict.fromkeys("abc", "number")),
        ("no", "yes"),
    )


def test_the_baselines_of_a_table_of_numbers_take_them_as_they_are() -> None:
    data = numbers()
    X, y = data.X.to_numpy(), data.y
    found = baselines(data, with_prepare())
    assert tuple(found) == OF_CLASSES
    assert (
        found["logistic_regression"].description
        == "LogisticRegression, inputs standardized"
    )
    logistic = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(
        X, y
    )
    fitted = found["logistic_regression"].estimator.fit(X, y)
    assert fitted.predict_proba(X) == pytest.approx(logistic.predict_proba(X), abs=1e-6)
    assert found["majority_class"].estimator.fit(X, y).score(X, y) == max(
        y.mean(), 1 - y.mean()
    )
    forest = RandomForestClassifier(random_state=params_of().seed).fit(X, y)
    assert np.array_equal(
        found["random_forest"].estimator.fit(X, y).predict_proba(X),
        forest.predict_proba(X),
    )

    found = baselines(replace(data, classes=()), with_prepare())
    assert tuple(found) == OF_NUMBERS
    slope, intercept, *_ = stats.linregress(X[:, 1], X[:, 0])
    line = found["linear_regression"].estimator.fit(X[:, 1:2], X[:, 0])
    assert line.predict(X[:, 1:2]) == pytest.approx(slope * X[:, 1] + intercept)
    assert found["mean"].estimator.fit(X, X[:, 0]).predict(X[:1]) == pytest.approx(
        X[:, 0].mean()
    )


def test_boosting_is_tuned_on_folds_of_the_training_rows() -> None:
    data, params = numbers(240), with_prepare()
    splits = list(StratifiedKFold(3).split(data.X, data.y))
    found = scored(
        baselines(data, params)["hist_gradient_boosting"],
        data,
        splits[:2],
        "neg_log_loss",
    )
    train, test = splits[0]
    X, y = data.X.to_numpy(np.float32), data.y
    folds = StratifiedKFold(2, shuffle=True, random_state=fit_seed(params.seed, 0))
    inner = list(folds.split(X[train], y[train]))
    scores = {}
    for setting in ParameterGrid(BOOSTING_GRID):
        model = HistGradientBoostingClassifier(**setting)
        scores[model] = cross_val_score(
            model, X[train], y[train], cv=inner, scoring="neg_log_loss"
        ).mean()
    best = max(scores, key=lambda model: scores[model]).fit(X[train], y[train])
    assert found[0] == pytest.approx(get_scorer("neg_log_loss")(best, X[test], y[test]))


@pytest.mark.parametrize("splitter", ["group", "time"])
def test_inner_folds_are_of_the_kind_of_the_outer_ones(splitter: str) -> None:
    groups = np.repeat(np.arange(6), 5)
    cv = CV.model_validate({"splitter": splitter, "n_splits": 4, "n_repeats": 1})
    X = np.zeros((30, 1)).view(GroupedRows)
    X.groups = groups
    found = list(InnerFolds(cv, 0, ()).split(X, np.arange(30.0)))
    assert len(found) == InnerFolds(cv, 0, ()).get_n_splits() == 3
    if splitter == "time":
        expected = [
            (train.tolist(), test.tolist())
            for train, test in TimeSeriesSplit(3).split(X)
        ]
        assert [(train.tolist(), test.tolist()) for train, test in found] == expected
    else:
        assert not any(set(groups[train]) & set(groups[test]) for train, test in found)


def test_each_model_gets_the_preparation_that_it_needs() -> None:
    data = passengers()
    splits = list(StratifiedKFold(3).split(data.X, data.y))
    # Nothing is imputed for nets here, but a linear model takes no missing cells.
    for prepare, own in (
        (Prepare(), ("median", None, False)),
        (
            Prepare(impute="mean", scale="minmax", indicator=True, encode="ordinal"),
            ("mean", "minmax", True),
        ),
    ):
        found = baselines(data, with_prepare(**prepare.model_dump()))
        impute, scale, indicator = own
        plain = make_pipeline(
            by_hand(impute, scale, "onehot", indicator),
            StandardScaler(),
            LogisticRegression(max_iter=1000),
        )
        expected = cross_val_score(
            plain, cells(data.X), data.y, cv=splits, scoring="neg_log_loss"
        )
        assert scored(
            found["logistic_regression"], data, splits, "neg_log_loss"
        ) == pytest.approx(expected, abs=1e-6)
        assert np.isfinite(
            scored(found["random_forest"], data, splits, "accuracy")
        ).all()
    assert found["logistic_regression"].description == (
        "LogisticRegression, missing cells imputed (mean), missing cells indicated, categories encoded (onehot), "
        "inputs scaled (minmax) and standardized"
    )
    assert found["random_forest"].description == (
        "RandomForestClassifier, 100 trees, missing cells imputed (mean), missing cells indicated, categories encoded "
        "(ordinal)"
    )
    shares = [max(data.y[test].mean(), 1 - data.y[test].mean()) for _, test in splits]
    assert scored(found["majority_class"], data, splits, "accuracy") == pytest.approx(
        shares
    )


def test_boosting_takes_missing_cells_and_categories_as_they_are() -> None:
    data = passengers()
    found = baselines(data, with_prepare(impute="mean", scale="standard"))[
        "hist_gradient_boosting"
    ].estimator
    fitted = found.fit(data.X, data.y)
    best = fitted[-1].best_estimator_
    # Numbers and booleans first, then ports and decks.
    table = data.X[["age", "fare", "adult", "port", "deck"]].copy()
    for name, labels in LABELS.items():
        table[name] = pd.Categorical(table[name], categories=labels).codes
        table[name] = table[name].replace(-1, np.nan)
    plain = HistGradientBoostingClassifier(
        **fitted[-1].best_params_,
        categorical_features=[3, 4],
        random_state=params_of().seed,
    ).fit(table.to_numpy(dtype=np.float32), data.y)
    assert best.is_categorical_.tolist() == [False, False, False, True, True]
    assert np.array_equal(
        plain.predict_proba(table.to_numpy(dtype=np.float32)),
        fitted.predict_proba(data.X),
    )


def test_a_baseline_has_no_score_where_a_scorer_refuses_it() -> None:
    x = np.arange(12.0)
    y = np.exp(x)
    data = Dataset(pd.DataFrame({"x": x}), y, Columns({"x": "number"}), ())
    splits = make_splits(data, CV(n_splits=3, n_repeats=1, shuffle=True), 0)
    lines = Baseline(LinearRegression(), "a line, which goes below zero")
    names = ("neg_root_mean_squared_log_error", "r2")
    fresh, scorers = (
        fresh_of(data, params_of(), splits),
        {name: get_scorer(name) for name in names},
    )
    with pytest.warns(
        UserWarning,
        match="line has no score: neg_root_mean_squared_log_error says Root Mean",
    ):
        reached, seen = score_baseline("line", lines, fresh, scorers, None)
    assert np.isnan(reached.scores["score"]).all()
    assert np.isnan(reached.ci95)
    assert not np.isnan(reached.scores["r2"]).any()
    assert seen is None


def test_answers_that_are_all_alike() -> None:
    same, other = np.full((5, 2), 0.5), np.array([[0.4, 0.6], [0.6, 0.4]])
    assert all_alike({"predict_proba": same, "predict": np.zeros(5)})
    assert not all_alike(
        {"predict_proba": other, "predict": np.ones(2)}
    )  # it ranks the rows
    assert not all_alike({})
    assert all_alike(
        {"predict": np.full((4, 1), 1e9) + np.array([[0], [1], [0], [1]])}
    )  # rounding of float32


def test_the_scores_come_back_and_those_of_other_splits_or_scorers_do_not() -> None:
    cv, texts = CV(n_splits=3, scoring="accuracy", also_score=["roc_auc"]), Texts()
    scores = {"score": np.array([0.123456789, 0.5, 1]), "roc_auc": np.full(3, np.nan)}
    scores["neg_brier_score"] = np.array([-1 / 3, np.nan, -0.25])
    texts.put(
        files.BASELINES, reached_table({"none": Reached(scores, 0.25, "a, model")}, cv)
    )
    found = read_baselines(Results(texts), cv, 3)["none"]
    assert (found.ci95, found.params, found.stuck) == (0.25, "a, model", None)
    for name, by_split in scores.items():
        np.testing.assert_array_equal(found.scores[name], by_split)
    for other, n_splits in ((cv, 4), (cv, 2), (CV(n_splits=3, also_score=["f1"]), 3)):
        with refused(r"is of other splits or scorers than those in params.yaml. Run `"):
            read_baselines(Results(texts), other, n_splits)


def test_the_baselines_are_scored_on_the_folds_of_the_evaluation(
    here: Path, in_process: Command
) -> None:
    raw = small_params()
    raw["cv"] |= {"n_repeats": 1, "also_score": ["roc_auc"]}
    raw["data"] |= {"sample": 0.5, "path": str(SAMPLE / raw["data"]["path"])}
    write_params(raw, here)
    said = in_process(stage).succeeded()
    assert said.startswith("baselines: accuracy over 3 splits\n")
    params = load_params()
    data = load_dataset(params.data, True, params.seed)
    drawn = make_splits(
        data,
        params.cv.model_copy(update={"shuffle": True}),
        fit_seed(params.seed, 0, 2),
    )
    logistic = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    found = read_baselines(Results(), params.cv, 3)
    assert list(found) == [
        "logistic_regression",
        "hist_gradient_boosting",
        "random_forest",
        "majority_class",
    ]
    assert (
        found["logistic_regression"].params == "LogisticRegression, inputs standardized"
    )
    for scorer, name, precision in (
        ("accuracy", "score", 1e-9),
        ("roc_auc", "roc_auc", 1e-9),
        ("neg_brier_score", "neg_brier_score", 1e-7),
    ):
        expected = cross_val_score(
            logistic, data.X.to_numpy(np.float32), data.y, cv=drawn, scoring=scorer
        )
        assert found["logistic_regression"].scores[name] == pytest.approx(
            expected, abs=precision
        )
    # Stratified folds keep the share of a constant's rows; its interval is at least that of a share of 384 rows, and
    # wider with one repeat of three folds, which would hide some noise of fits.
    share = found["majority_class"].scores["score"].mean()
    half = (
        share
        - stats.binomtest(round(384 * share), 384).proportion_ci(0.95, "wilson").low
    )
    assert half < found["majority_class"].ci95 < 2 * half
