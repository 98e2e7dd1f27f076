"""Learners that are fitted on the same splits. Oracle: scikit-learn's `cross_validate` and `cross_val_predict`."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import model_selection as of
from sklearn.datasets import make_regression
from sklearn.ensemble import RandomForestClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import get_scorer, make_scorer, mean_absolute_error
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

import resampled
from packages.resampled.tests.examples import GROUPS, X, Y, refused, searched
from resampled import Scores

pytestmark = pytest.mark.filterwarnings("ignore::resampled.ResampledWarning")
CV = of.RepeatedStratifiedKFold(n_splits=3, n_repeats=4, random_state=0)
LEARNERS = {
    "bayes": GaussianNB(),
    "logistic": LogisticRegression(),
    "tree": DecisionTreeClassifier(max_depth=2),
}
THREE = np.argsort(np.argsort(X[:, 0])) % 3
WORDS = np.array(["no", "yes"])[Y]
NUMBERS = make_regression(n_samples=60, n_features=4, noise=9.0, random_state=0)
SCORERS = {
    "accuracy": (Y, "predict"),
    "f1": (Y, "predict"),
    "neg_log_loss": (Y, "predict_proba"),
    "roc_auc": (Y, "decision_function"),
    "roc_auc_ovr": (THREE, "predict_proba"),
    "f1_macro": (THREE, "predict"),
    "balanced_accuracy": (WORDS, "predict"),
    "average_precision": (Y, "decision_function"),
}


@pytest.mark.parametrize("scoring", SCORERS)
def test_scores_and_predictions_are_those_of_scikit_learn(scoring: str) -> None:
    y, method = SCORERS[scoring]
    cv = of.StratifiedKFold(3, shuffle=True, random_state=0)
    learners = {name: LEARNERS[name] for name in ("bayes", "logistic")}
    found = resampled.cross_predict(learners, X, y, cv=cv, scoring=scoring)
    assert (found.names, found.settings) == (
        ["bayes", "logistic"],
        {"learner": ["bayes", "logistic"]},
    )
    for i, learner in enumerate(learners.values()):
        expected = of.cross_validate(learner, X, y, cv=cv, scoring=scoring)[
            "test_score"
        ]
        assert found.scores[i].tolist() == expected.tolist()
        own = method if hasattr(learner, method) else "predict_proba"
        answers = of.cross_val_predict(learner, X, y, cv=cv, method=own)
        if own == "decision_function":
            answers = np.column_stack([-answers, answers])
        for split, (_, test) in enumerate(cv.split(X, y)):
            predicted = found.predictions[i, split]
            assert predicted[test].tolist() == answers[test].tolist()
            assert pd.isna(np.delete(predicted, test, axis=0)).all()
    assert Scores(found).rows is not None


def test_numbers_are_predicted_too() -> None:
    rows, y = NUMBERS
    cv = of.RepeatedKFold(n_splits=3, n_repeats=2, random_state=0)
    for target in (y, y[:, None], pd.Series(y, index=np.arange(60)[::-1])):
        found = resampled.cross_predict(
            [Ridge(9.0), LinearRegression()], pd.DataFrame(rows), target, cv=cv
        )
        assert (found.names, found.metric) == (["Ridge", "LinearRegression"], "r2")
        expected = of.cross_validate(LinearRegression(), rows, y, cv=cv)["test_score"]
        assert found.scores[1] == pytest.approx(expected)
        assert Scores(found).verdict().of.by_unit is not None  # type: ignore[union-attr]


def test_all_learners_have_the_same_splits_as_drawn_once() -> None:
    """Also by a splitter that draws others each time."""
    same = {"first": GaussianNB(), "again": GaussianNB()}
    found = resampled.cross_predict(same, X, Y, cv=of.StratifiedKFold(3, shuffle=True))
    assert found.scores[0].tolist() == found.scores[1].tolist()
    assert np.isfinite(found.predictions[0]).sum(axis=0).tolist() == [1] * 60


@pytest.mark.long
def test_other_processes_give_the_same() -> None:
    one, two = (
        resampled.cross_predict(LEARNERS, X, WORDS, cv=CV, n_jobs=n_jobs)
        for n_jobs in (1, 2)
    )
    assert one.scores.tolist() == two.scores.tolist()
    assert one.predictions.tolist() == two.predictions.tolist()


def test_a_search_gives_its_candidates_splits_and_scorer() -> None:
    search = searched(CV, scoring="f1")
    found = resampled.cross_predict(search, X, Y)
    assert found.scores.mean(axis=1) == pytest.approx(
        search.cv_results_["mean_test_score"]
    )
    assert (found.metric, found.settings) == (
        "f1",
        {"var_smoothing": [1e-9, 0.1, 1.0, 10.0]},
    )
    data = Scores(found)
    assert (data.resampling.n_folds, data.scorer, data.settings) == (
        3,
        "f1",
        found.settings,
    )
    several = searched(CV, scoring={"own": "f1", "loss": "neg_log_loss"}, refit="own")
    assert (
        resampled.cross_predict(several, X, Y).scores.tolist() == found.scores.tolist()
    )
    with refused(r"^Of the scorers \['f1', 'r2'\], which one is meant is not known"):
        resampled.cross_predict(searched(3, scoring=["f1", "r2"], refit=False), X, Y)


def test_after_halving_the_candidates_of_the_last_iteration_are_fitted() -> None:
    grid = {"var_smoothing": [1e-9, 0.1, 1.0, 10.0]}
    search = of.HalvingGridSearchCV(
        GaussianNB(), grid, cv=3, factor=2, min_resources=20, random_state=0
    ).fit(X, Y)
    last = search.cv_results_["iter"] == search.n_iterations_ - 1
    found = resampled.cross_predict(search, X, Y)
    assert (
        found.settings["var_smoothing"]
        == search.cv_results_["param_var_smoothing"][last].tolist()
    )
    assert found.names == np.flatnonzero(last).astype(str).tolist()


def test_a_summary_fits_the_candidates_again_so_that_rows_count() -> None:
    search = searched(CV)
    found = resampled.summary(search, X, Y)
    given = resampled.cross_predict(search, X, Y)
    known: dict[str, Any] = {
        "row_scores": np.where(
            np.isnan(given.predictions), np.nan, given.predictions == Y
        )
    }
    assert found.corrected == Scores(search, **known).corrected()
    assert (
        found.candidates["may_be_best"].tolist()
        == Scores(search, **known).best_set().tolist()
    )
    assert "On rows and fits that had no say in it" in str(found)
    assert "call summary(search, X, y)" in str(resampled.summary(search)).replace(
        "\n", " "
    )
    several = searched(
        CV, scoring={"accuracy": "accuracy", "loss": "neg_log_loss"}, refit="accuracy"
    )
    assert resampled.summary(several, X, Y, metric="loss").data.scorer == "neg_log_loss"
    with refused(r"^X is given without y"):
        resampled.summary(search, X)


def test_the_functions_take_what_is_returned() -> None:
    found = resampled.cross_predict(LEARNERS, X, Y, cv=CV)
    pair = found["bayes", "tree"]
    assert pair.scores.tolist() == found.scores[[0, 2]].tolist()
    expected = Scores(
        pair.scores,
        n_folds=3,
        metric="accuracy",
        predictions=pair.predictions,
        y=Y,
        rope=0.02,
    ).verdict()
    assert repr(Scores(pair, rope=0.02).verdict()) == repr(expected)
    assert repr(resampled.verdicts({"one": Scores(pair)})["one"]) == repr(
        Scores(pair).verdict()
    )
    assert resampled.choose({"one": Scores(pair), "two": Scores(found)})[0] in (
        "one",
        "two",
    )
    assert Scores(found).best_set().any()
    assert Scores(found).interval()[0].shape == (3,)
    assert Scores(found).effects()["setting"].tolist() == ["learner"]
    assert str(found).startswith("3 learners on 12 splits, by mean score\n")
    with refused(r"^y= is what cross_predict knows; leave it out"):
        Scores(found, y=Y).best_set()


def test_groups_stay_together_in_the_splits_and_in_the_statistics() -> None:
    found = resampled.cross_predict(LEARNERS, X, Y, cv=of.GroupKFold(5), groups=GROUPS)
    for _, test in found.cv:
        assert len(set(GROUPS[test])) == 2
    rows = Scores(found).rows
    assert rows is not None
    assert rows.groups is not None
    assert rows.units(np.arange(3)).n_units == 10


def test_in_the_order_of_time_nothing_is_tested() -> None:
    found = resampled.cross_predict(LEARNERS, X, Y, cv=of.TimeSeriesSplit(4))
    assert Scores(found["bayes", "tree"]).verdict().word == "not tested"


def test_probabilities_have_a_column_for_each_class_also_for_one_that_no_training_row_has() -> (
    None
):
    y = np.where(np.arange(60) == 7, 2, Y)
    halves = [
        (np.flatnonzero(part), np.flatnonzero(~part))
        for part in (np.arange(60) < 30, np.arange(60) >= 30)
    ]
    scorer = (
        make_scorer(lambda y, p: 0.0, response_method="predict_proba")
        if _has_methods()
        else "accuracy"
    )
    found = resampled.cross_predict(GaussianNB(), X, y, cv=halves, scoring=scorer)
    if _has_methods():
        train, test = halves[1]
        expected = GaussianNB().fit(X[train], y[train]).predict_proba(X[test])
        assert (
            found.predictions[0, 1, test].tolist()
            == np.column_stack([expected, np.zeros(30)]).tolist()
        )


def _has_methods() -> bool:
    return hasattr(get_scorer("accuracy"), "_response_method")  # since scikit-learn 1.4


def test_the_scorer_may_be_a_function() -> None:
    """One of `make_scorer` is judged by rows, one of the estimator by its scores alone."""
    rows, y = NUMBERS
    mae = make_scorer(mean_absolute_error, greater_is_better=False)
    named, own = (
        resampled.cross_predict([Ridge(9.0), LinearRegression()], rows, y, scoring=each)
        for each in ("neg_mean_absolute_error", mae)
    )
    assert own.scores.tolist() == named.scores.tolist()
    one, other = Scores(named).verdict(), Scores(own).verdict()
    assert one.of.error == pytest.approx(other.of.error, rel=1e-5)  # type: ignore[union-attr]
    alone = resampled.cross_predict(
        [Ridge(9.0), LinearRegression()],
        rows,
        y,
        scoring=lambda e, X, y: -e.score(X, y),
    )
    with pytest.warns(resampled.ResampledWarning, match="The scorer is not known"):
        assert Scores(alone).verdict().of.by_unit is None  # type: ignore[union-attr]


def test_a_fit_that_fails_is_named_and_its_learner_out() -> None:
    learners = {
        "good": GaussianNB(),
        "bad": GaussianNB(var_smoothing=-1.0),
        "tree": DecisionTreeClassifier(),
    }
    with pytest.warns(
        resampled.ResampledWarning, match="12 of 12 fits of bad failed: .*var_smoothing"
    ):
        assert Scores(resampled.cross_predict(learners, X, Y, cv=CV)).best_set()[1] == 0


def test_each_split_has_a_luck_of_its_own_by_random_state() -> None:
    """scikit-learn copies a number, and a generator too, for each fit."""
    rows = [(np.arange(30), np.arange(30, 60))] * 3  # nothing but chance differs
    fixed = make_pipeline(
        StandardScaler(),
        RandomForestClassifier(3, random_state=np.random.RandomState(0)),
    )
    for random_state, n_different in ((None, 1), (7, 3)):
        found = resampled.cross_predict(
            fixed, X, Y, cv=rows, random_state=random_state, scoring="neg_log_loss"
        )
        assert len(set(found.scores[0].tolist())) == n_different
        note = "Chance in training is the same on every split, because randomforestclassifier__random_state="
        assert any(each.startswith(note) for each in found.notes) == (
            random_state is None
        )
    again = resampled.cross_predict(
        fixed, X, Y, cv=rows, random_state=7, scoring="neg_log_loss"
    )
    assert again.scores.tolist() == found.scores.tolist()
    assert fixed[-1].random_state is not None


def test_a_search_with_a_fixed_random_state_has_a_note() -> None:
    search = searched(CV, {"max_depth": [1, 2]}, DecisionTreeClassifier(random_state=3))
    assert "because random_state=3, and no error allows for it" in str(
        resampled.summary(search)
    ).replace("\n", " ")
    assert "random_state" not in str(resampled.summary(searched(CV)))


def test_what_cannot_be_fitted_is_refused() -> None:
    for learners, y, cv, found in (
        (
            {"a": 3},
            Y,
            3,
            "is not what can be fitted; give estimators by name, or a fitted search",
        ),
        ([], Y, 3, "is not what can be fitted"),
        (
            GaussianNB(),
            np.column_stack([Y, Y]),
            3,
            r"y has the shape \(60, 2\); give one target for each row",
        ),
        (GaussianNB(), Y, iter([]), "cv= has no splits"),
    ):
        with refused(found):
            resampled.cross_predict(learners, X, y, cv=cv)


def test_a_support_vector_machine_is_judged_by_its_decisions() -> None:
    found = resampled.cross_predict([SVC(), SVC(C=9.0)], X, Y, cv=CV, scoring="roc_auc")
    assert found.predictions.shape == (2, 12, 60, 2)
    assert Scores(found).rows is not None
