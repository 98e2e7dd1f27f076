"""The functions of the package: arrays and searches in, numbers out. Oracle: scipy, and the searches themselves."""

from typing import Any

import numpy as np
import pytest
from scipy import stats
from sklearn.base import clone
from sklearn.model_selection import KFold, RepeatedStratifiedKFold, ShuffleSplit, TimeSeriesSplit

import resampled
from tests.resampled.examples import X, Y, random_scores, searched

RNG = np.random.default_rng(3)
CV = RepeatedStratifiedKFold(n_splits=3, n_repeats=4, random_state=0)


def by_row(search: Any, method: str = "predict") -> np.ndarray:
    """Return what each candidate predicts of the rows of each split, NaN for those that it does not test."""
    splits = list(search.cv.split(X, Y))
    candidates = search.cv_results_["params"]
    shape = (len(Y),) if method == "predict" else (len(Y), 2)
    predictions = np.full((len(candidates), len(splits), *shape), np.nan)
    for c, settings in enumerate(candidates):
        for s, (train, test) in enumerate(splits):
            model = clone(search.estimator).set_params(**settings).fit(X[train], Y[train])
            predictions[c, s, test] = getattr(model, method)(X[test])
    return predictions


def test_an_interval_is_that_of_nadeau_and_bengio() -> None:
    scores = RNG.normal(5, 1, size=(2, 12))
    half = stats.t.ppf(0.975, 11) * np.sqrt((1 / 12 + 0.25) * scores.var(axis=1, ddof=1))
    low, high = resampled.interval(scores, test_share=0.25)
    assert low == pytest.approx(scores.mean(axis=1) - half)
    assert high == pytest.approx(scores.mean(axis=1) + half)
    (one,), _ = resampled.interval(scores[0], test_share=0.25)
    assert one == low[0]
    folds = resampled.interval(scores, n_folds=4)
    assert folds[0] == pytest.approx(scores.mean(axis=1) - half * np.sqrt((1 / 12 + 1 / 3) / (1 / 12 + 1 / 4)))


def test_a_learner_that_is_stuck_has_no_interval_from_splits_alone() -> None:
    scores, stuck = random_scores(), np.zeros((4, 30), dtype=bool)
    stuck[1, :15] = True
    low, _ = resampled.interval(scores, stuck=stuck, n_folds=3)
    assert np.isnan(low).tolist() == [False, True, False, False]


def test_the_luck_of_the_choice_is_taken_off() -> None:
    scores = np.random.default_rng(0).normal(0.7, 0.05, size=(50, 30))
    corrected = resampled.corrected_score(scores, n_folds=3)
    assert corrected.over == "splits"
    assert corrected.score < scores.mean(axis=1).max() - 0.005
    assert corrected.low < 0.7 < corrected.high
    with pytest.raises(ValueError, match=r"^In the order of time, scores of the splits are not alike"):
        resampled.corrected_score(searched(TimeSeriesSplit(4)))


def test_rows_are_known_by_scores_predictions_or_probabilities() -> None:
    """The same rows, told in three ways, and by labels that are words, give the same corrected score."""
    search = searched(CV)
    predictions = by_row(search)
    hits = np.where(np.isnan(predictions), np.nan, predictions == Y)
    found = resampled.corrected_score(search, row_scores=hits)
    assert found.over == "rows and repeats"
    assert found == resampled.corrected_score(search, predictions=predictions, y=Y)
    words = np.array(["no", "yes"])
    named = np.where(np.isnan(predictions), None, words[np.nan_to_num(predictions).astype(int)])
    assert found == resampled.corrected_score(search, predictions=named, y=words[Y])
    loss = searched(CV, scoring="neg_log_loss")
    assert resampled.corrected_score(loss, predictions=by_row(loss, "predict_proba"), y=Y).over == "rows and repeats"
    assert resampled.interval(search, row_scores=hits)[0][0] <= resampled.interval(search, n_rows=len(Y))[0][0]
    groups = resampled.corrected_score(search, row_scores=hits, groups=np.arange(len(Y)) // 2)
    assert groups != found


def test_rows_that_do_not_fit_are_refused() -> None:
    search = searched(CV)
    predictions = by_row(search)
    with pytest.raises(
        ValueError, match=r"^predictions has the shape \(4, 11, 60\); it is \(4, 12, 60\), with NaN where"
    ):
        resampled.corrected_score(search, predictions=predictions[:, 1:], y=Y)
    with pytest.raises(ValueError, match=r"^predictions give other scores on split 0 than there are"):
        resampled.corrected_score(search, predictions=predictions[:, ::-1], y=Y)
    with pytest.raises(
        ValueError, match=r"^predictions= needs y=, and a scorer that sums over rows; this one is 'accuracy'"
    ):
        resampled.corrected_score(search, predictions=predictions)
    with pytest.raises(ValueError, match="sums over rows; this one is 'precision'"):
        resampled.corrected_score(searched(CV, scoring="precision"), predictions=predictions, y=Y)


def test_the_choice_among_searches_is_corrected_too() -> None:
    scores = np.random.default_rng(0).normal(0.7, 0.05, size=(60, 30))
    searches = {"first": scores[:20], "second": scores[20:59], "alone": scores[59:]}
    winner, corrected = resampled.choose(searches, n_folds=3)
    alone = {name: resampled.corrected_score(searches[name], n_folds=3).score for name in ("first", "second")}
    alone["alone"] = scores[59].mean()
    assert winner == max(alone, key=lambda name: alone[name])
    assert corrected.score < alone[winner]
    with pytest.raises(
        ValueError, match=r"^The searches are to share their splits, but have .* \[\(27, 0\.5\), \(30, 0\.5\)\]"
    ):
        resampled.choose({"first": scores, "short": scores[:, :27]}, n_folds=3)


def test_effects_tell_which_setting_mattered() -> None:
    grid = {"var_smoothing": [1e-9, 0.01, 1.0, 100.0, 1e4], "priors": [None, [0.99, 0.01], [0.01, 0.99]]}
    effects = resampled.effects(searched(CV, grid))
    assert effects["setting"].tolist() == ["priors", "var_smoothing"]
    assert effects["p_value"][0] < 0.05
    assert effects["importance"][0] > effects["importance"][1]
    with pytest.raises(ValueError, match=r"^The settings are not known; give a search"):
        resampled.effects(random_scores(), n_folds=3)


def test_stuck_fits_predict_one_class_that_is_not_nearly_all() -> None:
    y = np.repeat([0, 1], 30)
    predictions = np.full((3, 2, 60), np.nan)
    predictions[:, 0, ::2], predictions[:, 1, 1::2] = y[::2], y[1::2]
    predictions[1, 0, ::2] = 1
    predictions[2, 1] = np.nan  # this fit failed
    expected = [[False, False], [True, False], [False, False]]
    assert resampled.stuck_fits(predictions, y).tolist() == expected
    words = np.array(["no", "yes"])
    named = np.where(np.isnan(predictions), None, words[np.nan_to_num(predictions).astype(int)])
    assert resampled.stuck_fits(named, words[y]).tolist() == expected
    assert resampled.stuck_fits(predictions, y, classify=False).tolist() == expected
    assert not resampled.stuck_fits(predictions, np.ones(60)).any()
    with pytest.raises(ValueError, match=r"^predictions have the shape \(3, 2, 60\), and y \(59,\)"):
        resampled.stuck_fits(predictions, y[1:])


COMMON = np.random.default_rng(5).normal(0.8, 0.02, size=30)
NOISE = np.random.default_rng(6).normal(0, 0.01, size=30)
WORDS = {
    "better": (0.05 + NOISE, ", unless single rows decide what a learner does"),
    "worse": (-0.05 + NOISE, "worse: new less old is -0.0"),
    "level": (NOISE / 10, "; a failure rarer than 3 in 30 fits may not have shown"),
    "undecided": (NOISE * 5, "undecided: new less old is "),
    "unchanged": (NOISE * 0, "unchanged: both have the same score on every split"),
}


@pytest.mark.parametrize("word", WORDS)
def test_a_verdict_is_a_word_and_a_sentence(word: str) -> None:
    difference, said = WORDS[word]
    found = resampled.verdict(COMMON, COMMON + difference, n_folds=3)
    assert found.word == word
    assert said in str(found)


def test_a_verdict_is_the_corrected_test_where_nothing_is_known_of_repeats() -> None:
    """One repeat: half the width of the interval, which the sentence has, and p are those of the t-test."""
    old, new = COMMON[:10], COMMON[:10] + 0.01 + NOISE[:10]
    error = np.sqrt((1 / 10 + 1 / 9) * (new - old).var(ddof=1))
    t = (new - old).mean() / error
    found = resampled.verdict(old, new, n_folds=10)
    assert found.p == pytest.approx(2 * stats.t.sf(abs(t), 9))
    half = stats.t.ppf(0.975, 9) * error
    low, high = (new - old).mean() - half, (new - old).mean() + half
    assert f"(95 % from {low:+.3f} to {high:+.3f}), p = {found.p:.2g}" in str(found)


def test_a_family_is_judged_by_holm() -> None:
    pairs = {f"pair {i}": (COMMON, COMMON + NOISE * (1 + i) + 0.006) for i in range(3)}
    together, alone = (
        resampled.verdicts(pairs, n_folds=3),
        [resampled.verdict(*pair, n_folds=3) for pair in pairs.values()],
    )
    smallest = min(each.p for each in alone)
    assert min(each.p for each in together.values()) == pytest.approx(3 * smallest)
    assert list(together) == list(pairs)


@pytest.mark.parametrize(
    ("new", "how", "found"),
    [
        (COMMON[:9], {"n_folds": 3}, r"^The scores have the shapes \(30,\) and \(9,\); give \(n_splits,\) twice"),
        (COMMON, {"n_folds": 3, "rope": -1}, "^The rope is -1; it is the largest difference that does not matter"),
        (COMMON, {"n_folds": 3, "rope": np.nan}, "^The rope is nan"),
        (COMMON, {}, "^How the 30 splits were drawn is not known"),
        (COMMON * np.nan, {"n_folds": 3}, r"^Out, because a fit has no score: 1 of 2 candidates, \[1\]"),
    ],
)
def test_pairs_that_cannot_be_judged_are_refused(new: np.ndarray, how: dict[str, Any], found: str) -> None:
    with pytest.raises(ValueError, match=found):
        resampled.verdict(COMMON, new, **how)


@pytest.mark.parametrize("cv", [ShuffleSplit(5, test_size=0.2, random_state=0), KFold(5)], ids=str)
def test_arrays_and_searches_give_the_same(cv: Any) -> None:
    search = searched(cv)
    scores = np.column_stack([search.cv_results_[f"split{i}_test_score"] for i in range(5)])
    how: dict[str, Any] = (
        {"test_share": 0.25, "metric": "accuracy"}
        if isinstance(cv, ShuffleSplit)
        else {"n_folds": 5, "metric": "accuracy"}
    )
    assert resampled.corrected_score(search) == resampled.corrected_score(scores, **how)
    assert np.array_equal(resampled.interval(search), resampled.interval(scores, **how))
    assert np.array_equal(resampled.best_set(search), resampled.best_set(scores, **how))
