"""What a user has, as scores and a resampling. Oracle: the sizes of the splits that scikit-learn draws."""

import csv
import io
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import model_selection as of
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LinearRegression, Ridge

from resampled.means.ttest import corrected_error
from resampled.searches import as_search
from tests.resampled.examples import GROUPS, N_ROWS, X, Y, random_scores, searched

FOLDS = {
    "none": (None, 5),
    "integer": (4, 4),
    "KFold": (of.KFold(6), 6),
    "StratifiedKFold": (of.StratifiedKFold(3, shuffle=True), 3),
    "RepeatedKFold": (of.RepeatedKFold(n_splits=4, n_repeats=3), 4),
    "RepeatedStratifiedKFold": (of.RepeatedStratifiedKFold(n_splits=3, n_repeats=2), 3),
    "GroupKFold": (of.GroupKFold(3), 3),
    "StratifiedGroupKFold": (of.StratifiedGroupKFold(3), 3),
    "LeaveOneOut": (of.LeaveOneOut(), N_ROWS),
    "LeaveOneGroupOut": (of.LeaveOneGroupOut(), 10),
}

SHARES = [
    of.ShuffleSplit(4, test_size=0.25),
    of.StratifiedShuffleSplit(3, test_size=0.5),
    of.GroupShuffleSplit(3, test_size=0.3),
]


@pytest.mark.parametrize(("cv", "n_folds"), FOLDS.values(), ids=FOLDS)
def test_folds_are_those_of_the_splitter(cv: Any, n_folds: int) -> None:
    search = searched(cv)
    data = as_search(search)
    assert data.resampling.n_folds == n_folds
    assert data.resampling.test_share == pytest.approx(1 / (n_folds - 1))
    assert data.scores.shape == (4, search.n_splits_)
    assert data.scores.mean(axis=1) == pytest.approx(search.cv_results_["mean_test_score"])
    assert data.settings == {"var_smoothing": [1e-9, 0.1, 1.0, 10.0]}
    assert (data.scorer, data.resampling.bounds) == ("accuracy", (0, 1))


@pytest.mark.parametrize("cv", SHARES, ids=str)
def test_shares_of_splits_by_chance_are_those_of_the_splitter(cv: Any) -> None:
    data = as_search(searched(cv), n_rows=N_ROWS)
    sizes = [(len(test), len(train)) for train, test in cv.split(X, Y, GROUPS if "Group" in str(cv) else None)]
    assert data.resampling.n_folds is None
    assert data.resampling.test_share == pytest.approx(np.divide(*np.mean(sizes, axis=0)))


def test_the_order_of_time_has_no_share() -> None:
    assert not as_search(searched(of.TimeSeriesSplit(4))).resampling.is_tested
    assert not as_search(random_scores(), test_share=np.nan).resampling.is_tested


UNKNOWN = {
    "list": list(of.KFold(3).split(X)),
    "LeavePGroupsOut": of.LeavePGroupsOut(2),
    "PredefinedSplit": of.PredefinedSplit(np.arange(N_ROWS) % 5 - 1),
    "numbers of rows": of.ShuffleSplit(4, test_size=12),
    "training rows": of.ShuffleSplit(4, test_size=0.2, train_size=0.5),
}


@pytest.mark.parametrize("cv", UNKNOWN.values(), ids=UNKNOWN)
def test_splits_of_ones_own_have_to_be_told(cv: Any) -> None:
    search = searched(cv)
    with pytest.raises(ValueError, match=r"^How the \d+ splits were drawn is not known: give n_folds=.* test_share="):
        as_search(search)
    assert as_search(search, test_share=0.5).resampling.test_share == 0.5
    assert as_search(search, n_folds=search.n_splits_).resampling.n_folds == search.n_splits_


@pytest.mark.parametrize(
    ("how", "found"),
    [
        ({}, "^How the 30 splits were drawn is not known: give n_folds="),
        ({"n_folds": 4}, "^30 splits are no whole repeats of 4 folds, .* correct n_folds. If .* give test_share="),
        ({"n_folds": 1}, "^30 splits are no whole repeats of 1 folds, of which a repeat has 2 or more"),
        ({"test_share": 0}, "^test_share is 0; give the test rows per training row, a number above 0"),
        ({"n_folds": 3, "test_share": 0.5}, "^n_folds=3 is given, but test_share=0.5; leave one of them out"),
    ],
)
def test_folds_that_cannot_be_are_refused(how: dict[str, Any], found: str) -> None:
    with pytest.raises(ValueError, match=found):
        as_search(random_scores(), **how)


def test_folds_that_are_not_those_of_the_search_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^n_folds=5 is given, but the search has cv=StratifiedKFold\(n_splits=3"):
        as_search(searched(of.StratifiedKFold(3)), n_folds=5)
    with pytest.raises(ValueError, match=r"^n_folds=4 is given, but the search has cv=TimeSeriesSplit\("):
        as_search(searched(of.TimeSeriesSplit(4)), n_folds=4)


SCORES = random_scores()
BAD = {
    "one candidate": (SCORES[:1], "^1 of 1 candidates can be compared; 2 are needed"),
    "two splits": (SCORES[:, :2], "^There are 2 splits; fewer than 3 say nothing"),
    "one dimension": (SCORES[0], r"^The scores have the shape \(30,\); give \(n_candidates, n_splits\)"),
    "text": ([["a", "b"], ["c", "d"]], "^could not convert string to float: 'a'"),
    "ragged": ([[0.1, 0.2], [0.3]], "^setting an array element with a sequence"),
    "all NaN": (SCORES * np.nan, r"^Out, because a fit has no score: 4 of 4 candidates, \[0, 1, 2, 3\]. 0 of 4"),
    "a split is lacking": (
        {f"split{i}_test_score": [0.7, 0.8] for i in (0, 1, 3)},
        "^There is a column split3_test_score, but none of split 2",
    ),
    "not fitted": (of.GridSearchCV(Ridge(), {}), "^GridSearchCV has no cv_results_; give a fitted search"),
    "the best alone": (searched(3).best_estimator_, "^GaussianNB has no cv_results_; .* not its best_estimator_"),
    "no scores": ({"mean_test_score": [0.1, 0.2]}, "^Which scores .*, but there is no column split0_test_score"),
    "words": ({f"split{i}_test_score": ["0.5", "high"] for i in range(3)}, "^could not convert .* 'high'"),
}


@pytest.mark.parametrize(("search", "found"), BAD.values(), ids=BAD)
def test_what_cannot_be_judged_is_refused(search: Any, found: str) -> None:
    with pytest.raises(ValueError, match=found):
        as_search(search, n_folds=3)


def test_results_are_taken_as_they_are_kept() -> None:
    """As a dict, a data frame, and from a CSV, read as numbers or as text, with the splits in any order."""
    search = searched(
        of.RepeatedKFold(n_splits=3, n_repeats=4), [{"var_smoothing": [0.1, 1]}, {"priors": [None, [0.1, 0.9]]}]
    )
    table = pd.DataFrame(search.cv_results_)
    text = table[sorted(map(str, table))].to_csv(index=False)
    rows = list(csv.DictReader(io.StringIO(text)))
    whole = as_search(search)
    for results in (
        search.cv_results_,
        table,
        pd.read_csv(io.StringIO(text)),
        pd.read_csv(io.StringIO(text), dtype=str),
        {column: [row[column] for row in rows] for column in rows[0]},
    ):
        data = as_search(results, n_folds=3, metric="accuracy")
        assert data.scores == pytest.approx(whole.scores, abs=1e-12)
        assert data.settings["var_smoothing"] == pytest.approx([0.1, 1, np.nan, np.nan], nan_ok=True)
        assert data.resampling.bounds == (0, 1)
        assert data.notes == []


SEVERAL = ["accuracy", "neg_log_loss"]


def test_of_several_metrics_one_is_named() -> None:
    search = searched(3, scoring=SEVERAL, refit=False)
    with pytest.raises(ValueError, match=r"^Which scores are .* is not known; give metric=, one of: accuracy, neg_log"):
        as_search(search)
    with pytest.raises(ValueError, match=r"^Which scores are meant .* one of: accuracy, neg_log_loss"):
        as_search(search, metric="f1")
    data = as_search(search, metric="neg_log_loss")
    assert data.scores.mean(axis=1) == pytest.approx(search.cv_results_["mean_test_neg_log_loss"])
    assert data.resampling.bounds == (-np.inf, 0)
    assert as_search(searched(3, scoring=SEVERAL, refit="accuracy")).scorer == "accuracy"
    assert as_search(searched(3, scoring={"loss": "neg_log_loss"}, refit="loss")).scorer == "neg_log_loss"


def test_the_bounds_are_those_of_the_scorer() -> None:
    search = searched(3, {"fit_intercept": [True, False]}, LinearRegression())
    assert (as_search(search).scorer, as_search(search).resampling.bounds) == ("r2", (-np.inf, 1))
    assert as_search(SCORES, n_folds=3, bounds=(0, 10)).resampling.bounds == (0, 10)
    own = searched(3, scoring=lambda estimator, X, y: 5 * estimator.score(X, y))
    assert as_search(own).resampling.bounds == (-np.inf, np.inf)
    assert as_search(own).notes[0].startswith("The scorer is not known")
    assert as_search(own, bounds=(-np.inf, np.inf)).notes == []
    with pytest.raises(ValueError, match="but cost is between 0 and 1; correct metric= or bounds="):
        as_search(own, metric="cost")
    with pytest.raises(ValueError, match=r"^Candidate 0 has the score .* between 0 and 1; correct metric= or bounds="):
        as_search(own, bounds=(0, 1))


def test_an_error_that_is_not_negated_is_refused() -> None:
    with pytest.raises(
        ValueError, match=r"^Candidate 0 has the score .* on split 0, but neg_mean_squared_error is between"
    ):
        as_search(SCORES, n_folds=3, metric="neg_mean_squared_error")
    with pytest.raises(ValueError, match="give errors with the sign changed"):
        as_search({f"split{i}_test_neg_cost": SCORES[:, i] for i in range(3)}, n_folds=3)
    with pytest.raises(ValueError, match="accuracy is between 0 and 1"):
        as_search(SCORES * 100, n_folds=3, metric="accuracy")


def test_a_candidate_without_a_score_is_out() -> None:
    scores = random_scores(9)
    scores[2:8, 7] = np.nan
    data = as_search(scores, n_folds=3, metric="accuracy")
    assert data.compared.tolist() == [0, 1, 8]
    assert data.notes == ["Out, because a fit has no score: 6 of 9 candidates, [2, 3, 4, 5, 6, 7]."]
    scores[1, 0] = np.inf
    assert as_search(scores, n_folds=3).compared.tolist() == [0, 8]


def test_a_score_that_stands_for_a_failure_is_named() -> None:
    """A negative smoothing makes naive Bayes fail, and 0 is what scikit-learn enters then."""
    with pytest.warns(Warning, match="fits failed"):
        search = searched(3, {"var_smoothing": [0.1, 1.0, -1.0]}, error_score=0)
    (note,) = as_search(search).notes
    assert note == "3 scores are 0, the error_score of the search; with np.nan, failures are out."
    assert not as_search(searched(3, error_score=0)).notes


def test_after_halving_the_last_iteration_is_compared() -> None:
    grid = {"var_smoothing": np.logspace(-9, 1, 7).tolist()}
    search = of.HalvingGridSearchCV(searched(3).estimator, grid, cv=3, factor=2, min_resources=20, random_state=0).fit(
        X, Y
    )
    data = as_search(search)
    last = np.flatnonzero(search.cv_results_["iter"] == search.n_iterations_ - 1)
    assert data.compared.tolist() == last.tolist()
    assert 1 < len(last) < len(data.scores)
    assert data.notes == [f"Halving: only the candidates of the last iteration are compared, {len(last)} in number."]


@pytest.mark.parametrize("n_rows", [60, 300])
def test_the_rows_are_counted_by_what_scores_differ_by(n_rows: int) -> None:
    """Hits are counted in folds of equal size; few candidates tell no more rows than there are."""
    rng = np.random.default_rng(1)
    for n_candidates in (2, 3, 30):
        hits = rng.binomial(n_rows // 3, 0.8, size=(n_candidates, 30))
        found = as_search(hits / (n_rows // 3), n_folds=3, metric="accuracy").resampling.n_rows
        assert found <= n_rows * (1 + 1e-9)
        assert n_candidates < 30 or found == pytest.approx(n_rows)
    assert as_search(random_scores(), n_folds=3, metric="accuracy", n_rows=77).resampling.n_rows == 77
    assert as_search(random_scores(), n_folds=3).resampling.n_rows == np.inf  # nothing bounds the scores
    assert as_search(np.ones((2, 30)), n_folds=3, metric="accuracy").resampling.n_rows == np.inf  # nor do they differ
    one = np.where(np.arange(30) % 3, 0.7, 0.75)
    for reached, expected in ((0.7, np.inf), (1.0, 12)):  # a bound that no split reaches may be many rows away
        one[0] = reached
        found = as_search([one], 1, n_folds=3, metric="accuracy").resampling.n_rows
        assert found == pytest.approx(expected)


def test_a_fold_of_one_row_has_no_row_to_spare() -> None:
    """The score of one row varies as it does, not by 1; the exact bounds know the rows."""
    data = as_search(searched(of.LeaveOneOut()))
    assert data.resampling.one_row == 0
    assert data.resampling.n_effective == N_ROWS
    error = corrected_error(data.scores, data.resampling)
    assert error == pytest.approx(np.sqrt((1 / 60 + 1 / 59) * data.scores.var(axis=1, ddof=1)))


def test_the_target_tells_how_many_rows_there_are_and_how_rare_a_class_is() -> None:
    y = np.repeat([0, 1, 2], [280, 60, 19])
    data = as_search(random_scores(), n_folds=3, metric="roc_auc_ovr", y=y, groups=np.arange(359) % 29)
    assert (data.resampling.n_rows, data.resampling.n_effective) == (359, 57)
    (note,) = data.notes
    assert note.startswith(
        "Intervals may be too narrow, because the rarest class has 19 rows (fewer than 20) and there are 29"
    )
    data = as_search(random_scores(), n_folds=3, metric="accuracy", y=y[y < 2])
    assert (data.resampling.n_rows, data.resampling.n_effective, data.notes) == (340, None, [])
    data = as_search(-random_scores(), n_folds=3, metric="neg_mean_squared_error", y=np.arange(360))
    assert (data.resampling.n_rows, data.resampling.n_effective, data.notes) == (360, None, [])


def test_an_argument_that_there_is_not_is_refused() -> None:
    with pytest.raises(TypeError, match="nfolds"):
        as_search(random_scores(), nfolds=3)
