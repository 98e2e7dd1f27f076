"""What a user has, as scores and a resampling. Oracle: the sizes of the splits that scikit-learn draws."""

import csv
import io
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import model_selection as of
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LinearRegression

from packages.resampled.tests.examples import (
    GROUPS,
    N_ROWS,
    X,
    Y,
    random_scores,
    refused,
    searched,
)
from resampled import Scores
from resampled.means.ttest import corrected_error

pytestmark = pytest.mark.filterwarnings("ignore::resampled.ResampledWarning")
SCORES = random_scores()
FOLDS = {
    "none": (None, 5),
    "StratifiedKFold": (of.StratifiedKFold(3, shuffle=True), 3),
    "RepeatedKFold": (of.RepeatedKFold(n_splits=4, n_repeats=3), 4),
    "StratifiedGroupKFold": (of.StratifiedGroupKFold(3), 3),
    "LeaveOneGroupOut": (of.LeaveOneGroupOut(), 10),
    "PredefinedSplit": (of.PredefinedSplit(np.arange(N_ROWS) % 5), 5),
    "list": (list(of.RepeatedKFold(n_splits=4, n_repeats=3).split(X)), 4),
}


@pytest.mark.parametrize(("cv", "n_folds"), FOLDS.values(), ids=FOLDS)
def test_folds_are_those_of_the_splitter(cv: Any, n_folds: int) -> None:
    search = searched(cv)
    data = Scores(search)
    assert data.resampling.n_folds == n_folds
    assert data.resampling.test_share == pytest.approx(1 / (n_folds - 1))
    assert data.scores.shape == (4, search.n_splits_)
    assert data.scores.mean(axis=1) == pytest.approx(
        search.cv_results_["mean_test_score"]
    )
    assert data.settings == {"var_smoothing": [1e-9, 0.1, 1.0, 10.0]}
    assert (data.scorer, data.resampling.bounds) == ("accuracy", (0, 1))


SHARES = {
    "by chance": of.ShuffleSplit(10),
    "stratified": of.StratifiedShuffleSplit(3, test_size=0.5),
    "of groups": of.GroupShuffleSplit(3, test_size=0.3),
    "rows": of.StratifiedShuffleSplit(3, test_size=13),
    "training rows": of.ShuffleSplit(
        3, train_size=40, random_state=np.random.RandomState(0)
    ),
    "with rows that only train": of.PredefinedSplit(np.arange(N_ROWS) % 5 - 1),
    "list": list(of.ShuffleSplit(4, test_size=0.2).split(X)),
}


@pytest.mark.parametrize("cv", SHARES.values(), ids=SHARES)
def test_shares_of_splits_by_chance_are_those_of_the_splitter(cv: Any) -> None:
    data = Scores(searched(cv), n_rows=N_ROWS)
    splits = (
        cv
        if isinstance(cv, list)
        else cv.split(X, Y, GROUPS if "Group" in str(cv) else None)
    )
    sizes = [(len(test), len(train)) for train, test in splits]
    assert data.resampling.n_folds is None
    assert data.resampling.test_share == pytest.approx(
        np.divide(*np.mean(sizes, axis=0))
    )


UNKNOWN = {
    "in time": list(of.TimeSeriesSplit(4).split(X)),
    "parts of the rows": of.ShuffleSplit(4, test_size=0.2, train_size=0.5),
    "rows": of.ShuffleSplit(3, test_size=13),
    "groups": of.GroupShuffleSplit(3, test_size=3),
}


@pytest.mark.parametrize("cv", UNKNOWN.values(), ids=UNKNOWN)
def test_splits_that_nothing_tells_have_to_be_told(cv: Any) -> None:
    search = searched(cv)
    with refused(
        r"^How the \d+ splits were drawn is not known: give n_folds=.* test_share="
    ):
        Scores(search)
    assert Scores(search, test_share=0.5).resampling.test_share == 0.5
    assert (
        Scores(search, n_folds=search.n_splits_).resampling.n_folds == search.n_splits_
    )


HITS = {"n_folds": 3, "metric": "accuracy"}
Y_NAN = np.where(np.arange(360) == 7, np.nan, 1.0)
BAD: list[tuple[Any, dict[str, Any], str]] = [
    (SCORES, {"n_folds": 4}, "no whole repeats of 4 folds"),
    (SCORES[:, :3], {"n_folds": 1}, "n_folds is 1; give a whole number, 2 or more"),
    (SCORES, {"n_folds": 5.5}, "n_folds is 5.5"),
    (SCORES, {"n_folds": "3"}, "n_folds is '3'"),
    (
        SCORES,
        {"n_folds": 3, "n_rows": 0},
        "n_rows is 0; give a whole number, 2 or more",
    ),
    (SCORES, {"n_folds": 3, "n_rows": np.nan}, "n_rows is nan"),
    (SCORES, {"test_share": 0}, "test_share is 0"),
    (
        SCORES,
        {"test_share": "0.25"},
        "test_share is '0.25'; give the test rows per training row",
    ),
    (SCORES, {"test_share": np.inf}, "test_share is inf"),
    (
        SCORES,
        {"n_folds": 3, "rope": None},
        "The rope is None; give the largest difference",
    ),
    (SCORES, {"n_folds": 3, "rope": np.nan}, "The rope is nan"),
    (SCORES, {}, "How the 30 splits were drawn is not known"),
    (
        [SCORES[0], SCORES[1, :9]],
        {"n_folds": 3},
        r"shapes \(30,\) and \(9,\); give \(n_splits,\) for each",
    ),
    (
        SCORES,
        {"n_folds": 3, "bounds": 1},
        "bounds= is 1; give the least and the largest",
    ),
    (SCORES, {"n_folds": 3, "bounds": (1, 0)}, r"bounds= is \(1, 0\)"),
    (SCORES, {"n_folds": 3, "bounds": ("0", "1")}, r"bounds= is \('0', '1'\)"),
    (
        (each for each in SCORES),
        {"n_folds": 3},
        "The scores are not an array of numbers .*generator",
    ),
    ([["a", "b", "c"]], {"n_folds": 3}, "The scores are not an array of numbers"),
    (SCORES, {"n_folds": 3, "test_share": 0.5}, "leave one of them out"),
    (
        searched(of.StratifiedKFold(3)),
        {"n_folds": 5},
        r"the search has cv=StratifiedKFold\(n_splits=3",
    ),
    (SCORES[:, :2], {"n_folds": 2}, "There are 2 splits"),
    (SCORES[None], {"n_folds": 3}, r"The scores have the shape \(1, 4, 30\)"),
    (
        pd.DataFrame(SCORES),
        {"n_folds": 3},
        r"give a column .*, or an array with a row .*, such as frame.to_numpy\(\)",
    ),
    (
        SCORES * np.nan,
        {"n_folds": 3},
        r"no score: 4 of 4 candidates, \[0, 1, 2, 3\]. None is left to be judged",
    ),
    (
        SCORES,
        {"n_folds": 3, "metric": "neg_mean_squared_error"},
        "Candidate 0 has .* sign changed",
    ),
    (SCORES * 100, {"n_folds": 3, "metric": "accuracy"}, "accuracy is between 0 and 1"),
    (
        SCORES,
        {"n_folds": 3, "metric": "acuracy"},
        r"no scorer 'acuracy' \(did you mean 'accuracy'\?\); correct metric=",
    ),
    (searched(3), {"metric": "roc_auc"}, "the search is scored by accuracy"),
    (SCORES, {**HITS, "y": Y_NAN}, r"y has the shape \(360,\), 1 values missing"),
    (SCORES, {**HITS, "y": [None] * 360}, "360 values missing"),
    (SCORES, {**HITS, "y": pd.array([pd.NA] * 360)}, "360 values missing"),
    (
        SCORES,
        {**HITS, "groups": [[1]] * 360},
        r"groups has the shape \(360, 1\), 0 values missing",
    ),
    (
        SCORES,
        {**HITS, "n_rows": 300, "y": np.ones(360)},
        r"as many rows everywhere, not \{'n_rows': 300, 'y': 360\}",
    ),
    (
        SCORES,
        {**HITS, "row_scores": np.ones((4, 30, 60)), "groups": GROUPS[1:]},
        "'row_scores': 60, 'groups': 59",
    ),
    (
        SCORES,
        {
            **HITS,
            "row_scores": np.ones((4, 30, 60)),
            "predictions": np.ones((4, 30, 60)),
        },
        "either row_scores= or",
    ),
    (
        SCORES,
        {**HITS, "y": pd.Series(Y), "groups": pd.Series(GROUPS)[::-1]},
        "y and groups have indices that differ",
    ),
    (
        [pd.Series(SCORES[0]), pd.Series(SCORES[1])[::-1]],
        HITS,
        "The scores have indices that differ",
    ),
    (
        SCORES,
        {"n_folds": 3, "groups": GROUPS},
        "groups= has no effect without predictions= or two bounds",
    ),
    (
        -SCORES,
        {"n_folds": 3, "metric": "neg_log_loss", "y": Y},
        "y= has no effect without predictions= or two bounds",
    ),
    (
        {f"split{i}_test_score": [0.7, 0.8] for i in (0, 1, 3)},
        {"n_folds": 3},
        "split3_test_score, but none of split 2",
    ),
    (
        {"mean_test_score": [0.1, 0.2]},
        {"n_folds": 3},
        "give a column split0_test_score or test_score",
    ),
    (searched(3).best_estimator_, {}, "GaussianNB has no cv_results_"),
    (
        searched(3, scoring=["accuracy", "f1"], refit=False),
        {},
        "give metric=, one of: accuracy, f1",
    ),
    (
        searched(3, scoring=["accuracy", "f1"], refit=False),
        {"metric": "r2"},
        "give metric=, one of: accuracy, f1",
    ),
]


@pytest.mark.parametrize(("search", "how", "found"), BAD, ids=[each[2] for each in BAD])
def test_what_cannot_be_judged_is_refused(
    search: Any, how: dict[str, Any], found: str
) -> None:
    with refused(found):
        Scores(search, **how)


def test_results_are_taken_as_they_are_kept() -> None:
    """As a dict, a data frame, and from a CSV, read as numbers or as text, with the splits in any order."""
    cv = of.RepeatedKFold(n_splits=3, n_repeats=4)
    search = searched(cv, [{"var_smoothing": [0.1, 1]}, {"priors": [None, [0.1, 0.9]]}])
    table = pd.DataFrame(search.cv_results_)
    text = table[sorted(map(str, table))].to_csv(index=False)
    rows = list(csv.DictReader(io.StringIO(text)))
    whole = Scores(search)
    by_column = {column: [row[column] for row in rows] for column in rows[0]}
    for results in (
        search.cv_results_,
        table,
        pd.read_csv(io.StringIO(text)),
        by_column,
    ):
        data = Scores(results, n_folds=3, metric="accuracy")
        assert data.scores == pytest.approx(whole.scores, abs=1e-12)
        assert data.settings["var_smoothing"] == pytest.approx(
            [0.1, 1, np.nan, np.nan], nan_ok=True
        )
        assert data.resampling.bounds == (0, 1)
        assert data.notes == []


def test_of_several_metrics_one_is_named() -> None:
    scorers = ["accuracy", "neg_log_loss"]
    search = searched(3, scoring=scorers, refit=False)
    data = Scores(search, metric="neg_log_loss")
    assert data.scores.mean(axis=1) == pytest.approx(
        search.cv_results_["mean_test_neg_log_loss"]
    )
    assert data.resampling.bounds == (-np.inf, 0)
    assert Scores(searched(3, scoring=scorers, refit="accuracy")).scorer == "accuracy"
    assert (
        Scores(searched(3, scoring={"loss": "neg_log_loss"}, refit="loss")).scorer
        == "neg_log_loss"
    )


def test_the_bounds_are_those_of_the_scorer() -> None:
    search = searched(3, {"fit_intercept": [True, False]}, LinearRegression())
    assert (Scores(search).scorer, Scores(search).resampling.bounds) == (
        "r2",
        (-np.inf, 1),
    )
    own = searched(3, scoring=lambda estimator, X, y: 5 * estimator.score(X, y))
    assert Scores(own).resampling.bounds == (-np.inf, np.inf)
    assert Scores(own).notes[0].startswith("The scorer is not known")
    assert Scores(own, bounds=(0, 10), y=Y).notes == []
    assert Scores(own, metric="cost", bounds=(0, 10), y=Y).scorer == "cost"
    with refused("no scorer 'cost'; correct metric=, or give bounds= of your own"):
        Scores(own, metric="cost")
    both = searched(
        3, scoring={"own": own.scoring, "accuracy": "accuracy"}, refit="accuracy"
    )
    assert Scores(both, metric="own").resampling.bounds == (-np.inf, np.inf)


def test_a_candidate_without_a_score_is_out() -> None:
    scores = random_scores(9)
    scores[2:8, 7], scores[1, 0] = np.nan, np.inf
    data = Scores(scores, n_folds=3, metric="accuracy")
    assert data.compared.tolist() == [0, 8]
    assert data.notes == [
        "Out, because a fit has no score: 7 of 9 candidates, [1, 2, 3, 4, 5, 6, 7]."
    ]


def test_a_score_that_stands_for_a_failure_is_named() -> None:
    """A negative smoothing makes naive Bayes fail, and 0 is what scikit-learn enters then."""
    with pytest.warns(Warning, match="fits failed"):
        search = searched(3, {"var_smoothing": [0.1, 1.0, -1.0]}, error_score=0)
    (note,) = Scores(search).notes
    assert (
        note
        == "3 scores are 0, the error_score of the search; with np.nan, failures are out."
    )


@pytest.mark.parametrize(("n_candidates", "n_left"), [(7, 4), (2, 1)])
def test_after_halving_the_last_iteration_is_compared(
    n_candidates: int, n_left: int
) -> None:
    grid = {"var_smoothing": np.logspace(-9, 1, n_candidates).tolist()}
    halving = of.HalvingGridSearchCV(
        searched(3).estimator, grid, cv=3, factor=2, min_resources=20, random_state=0
    )
    search = halving.fit(X, Y)
    data = Scores(search)
    last = np.flatnonzero(search.cv_results_["iter"] == search.n_iterations_ - 1)
    assert data.compared.tolist() == last.tolist()
    assert n_left == len(last) < len(data.scores)
    assert data.notes == [
        f"Halving: only the candidates of the last iteration are compared, {len(last)} in number."
    ]


def test_the_rows_are_counted_by_what_scores_differ_by() -> None:
    """Hits are counted in folds of equal size; few candidates tell no more rows than there are."""
    rng = np.random.default_rng(1)

    def n_rows(scores: Any, **more: Any) -> float:
        return Scores(scores, n_folds=3, metric="accuracy", **more).resampling.n_rows

    for n_candidates in (2, 30):
        found = n_rows(rng.binomial(100, 0.8, size=(n_candidates, 30)) / 100)
        assert found <= 300 * (1 + 1e-9)
        assert n_candidates < 30 or found == pytest.approx(300)
    assert n_rows(SCORES, n_rows=77) == 77
    assert (
        Scores(SCORES, n_folds=3).resampling.n_rows == np.inf
    )  # nothing bounds the scores
    assert n_rows(np.ones((2, 30))) == np.inf  # nor do they differ
    one = np.where(np.arange(30) % 3, 0.7, 0.75)
    for reached, expected in (
        (0.7, np.inf),
        (1.0, 12),
    ):  # a bound that no split reaches may be many rows away
        one[0] = reached
        assert n_rows([one]) == pytest.approx(expected)


def test_a_fold_of_one_row_has_no_row_to_spare() -> None:
    """The score of one row varies as it does, not by 1; the exact bounds know the rows."""
    data = Scores(searched(of.LeaveOneOut()))
    assert (data.resampling.one_row, data.resampling.n_effective) == (0, N_ROWS)
    error = corrected_error(data.scores, data.resampling)
    assert error == pytest.approx(
        np.sqrt((1 / 60 + 1 / 59) * data.scores.var(axis=1, ddof=1))
    )


def test_the_target_tells_how_many_rows_there_are_and_how_rare_a_class_is() -> None:
    y = np.repeat([0, 1, 2], [280, 60, 19])
    data = Scores(
        SCORES, n_folds=3, metric="roc_auc_ovr", y=y, groups=np.arange(359) % 29
    )
    assert (data.resampling.n_rows, data.resampling.n_effective) == (359, 29)
    rare, few = data.notes
    assert (
        "the rarest class has 19 rows (fewer than 20) and there are 29 groups" in rare
    )
    assert few.startswith(
        "No difference is tested: the rarest class has 6.33 rows in a split, and roc_auc_ovr by scores"
    )
    (note,) = Scores(SCORES, n_folds=3, metric="f1").notes
    assert (
        note == "No interval, and nothing is level: f1 may weigh classes, so give y=."
    )
    data = Scores(
        SCORES, n_folds=3, metric="roc_auc", y=y < 2, groups=np.arange(359) // 4
    )
    assert data.resampling.n_effective == 2 * 5  # groups with a row of the rare class
    assert (
        Scores(SCORES, n_folds=3, metric="roc_auc_ovr", y=y).resampling.n_effective
        == 3 * 19
    )
    data = Scores(SCORES, n_folds=3.0, metric="accuracy", y=y[y < 2])  # type: ignore[arg-type]
    assert (data.resampling.n_rows, data.resampling.n_effective, data.notes) == (
        340,
        None,
        [],
    )


def test_where_the_scorer_is_not_known_a_row_counts_what_the_scores_differ_by() -> None:
    """So three folds that are all one row better claim nothing."""
    old = np.array([[0.70, 0.72, 0.74]])
    for bounds, step in ((None, 0.01), ((-np.inf, 1.0), 0.0)):
        data = Scores(np.vstack([old, old + 0.01]), n_folds=3, bounds=bounds)
        assert data.resampling.one_row == pytest.approx(step)
    assert Scores(old, n_folds=3).resampling.one_row == 0


def test_results_of_cross_validate_are_those_of_a_candidate_each() -> None:
    kept = [
        of.cross_validate(searched(3).estimator, X, Y, cv=4, scoring=each)
        for each in (["f1", "r2"], "f1")
    ]
    assert Scores(kept[0], n_folds=4, metric="f1").scores[0] == pytest.approx(
        kept[1]["test_score"]
    )
    data = Scores([kept[1], pd.Series(kept[1]["test_score"])], n_folds=4, metric="f1")
    assert data.scores.tolist() == [kept[1]["test_score"].tolist()] * 2
    assert (
        Scores([pd.DataFrame({"test_f1": kept[0]["test_f1"]})], n_folds=4).scorer
        == "f1"
    )
