"""Scores and what they say: arrays and searches in, numbers out. Oracle: scipy, and the searches themselves."""

import doctest
import inspect
import warnings
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from scipy import stats
from sklearn.base import clone
from sklearn.linear_model import Ridge, RidgeClassifier
from sklearn.model_selection import (
    RepeatedKFold,
    RepeatedStratifiedKFold,
    TimeSeriesSplit,
)
from sklearn.naive_bayes import GaussianNB

import resampled
from packages.resampled.tests.examples import X, Y, random_scores, refused, searched
from resampled import Scores
from resampled.face import scores
from resampled.pairs.pair import Pair

CV = RepeatedStratifiedKFold(n_splits=3, n_repeats=4, random_state=0)
FOLDS = RepeatedKFold(n_splits=3, n_repeats=4, random_state=0)
COMMON = np.random.default_rng(5).normal(0.8, 0.02, size=30)
NOISE = np.random.default_rng(6).normal(0, 0.01, size=30)
LUCKY = np.random.default_rng(0).normal(0.7, 0.05, size=(60, 30))
# Of an unknown scorer, in most tests.
pytestmark = pytest.mark.filterwarnings("ignore::resampled.ResampledWarning")
IN_TIME = searched(TimeSeriesSplit(4))


def by_row(search: Any, method: str = "predict") -> np.ndarray:
    """Return what each candidate predicts of the rows of each split, NaN for those that it does not test."""
    splits, candidates = list(search.cv.split(X, Y)), search.cv_results_["params"]
    shape = (len(Y),) if method == "predict" else (len(Y), 2)
    predictions = np.full((len(candidates), len(splits), *shape), np.nan)
    for c, settings in enumerate(candidates):
        for s, (train, test) in enumerate(splits):
            model = (
                clone(search.estimator).set_params(**settings).fit(X[train], Y[train])
            )
            predictions[c, s, test] = getattr(model, method)(X[test])
    return predictions


def named(predictions: np.ndarray) -> np.ndarray:
    """Return the same predictions with words for classes."""
    words = np.array(["no", "yes"])[np.nan_to_num(predictions).astype(int)]
    return np.array(np.where(np.isnan(predictions), None, words))


def test_an_interval_is_that_of_nadeau_and_bengio() -> None:
    scores = np.random.default_rng(3).normal(5, 1, size=(2, 12))
    half = stats.t.ppf(0.975, 11) * np.sqrt(
        (1 / 12 + 0.25) * scores.var(axis=1, ddof=1)
    )
    low, high = Scores(scores, test_share=0.25).interval()
    assert low == pytest.approx(scores.mean(axis=1) - half)
    assert high == pytest.approx(scores.mean(axis=1) + half)
    assert Scores(scores[0], test_share=0.25).interval()[0] == low[0]
    assert (
        Scores(scores[0], n_folds=4).interval()[0]
        == Scores(scores[0], test_share=1 / 3).interval()[0]
    )
    stuck = np.arange(24).reshape(2, 12) >= 18  # half of the second one's fits
    assert np.isnan(Scores(scores, test_share=0.25).interval(stuck)[0]).tolist() == [
        False,
        True,
    ]


def test_the_luck_of_the_choice_is_taken_off() -> None:
    corrected = Scores(LUCKY[:50], n_folds=3).corrected()
    assert corrected.over == "splits"
    assert corrected.score < LUCKY[:50].mean(axis=1).max() - 0.005
    assert corrected.low < 0.7 < corrected.high


def test_in_the_order_of_time_nothing_is_said() -> None:
    assert np.isnan(Scores(IN_TIME).interval()).all()
    assert Scores(IN_TIME).best_set().sum() == 0
    assert (
        Scores([COMMON, COMMON + NOISE + 0.1], test_share=np.nan).verdict().word
        == "not tested"
    )
    with refused(r"^In the order of time, scores of the splits are not alike"):
        Scores(IN_TIME).corrected()


def test_rows_are_known_by_scores_predictions_or_probabilities() -> None:
    """The same rows, told in three ways, and by labels that are words, give the same corrected score."""
    search = searched(CV)
    predictions = by_row(search)
    hits = np.where(np.isnan(predictions), np.nan, predictions == Y)
    found = Scores(search, row_scores=hits).corrected()
    assert found.over == "rows and repeats"
    words = np.array(["no", "yes"])[Y]
    for given, y in ((predictions, Y), (named(predictions), words)):
        assert found == Scores(search, predictions=given, y=y).corrected()
    loss = searched(CV, {"var_smoothing": [0.1, 1.0]}, scoring="neg_log_loss")
    assert (
        Scores(loss, predictions=by_row(loss, "predict_proba"), y=Y).corrected().over
        == "rows and repeats"
    )
    assert (
        Scores(search, row_scores=hits).interval()[0][0]
        > Scores(search, n_rows=len(Y)).interval()[0][0]
    )
    assert (
        Scores(search, row_scores=hits, groups=np.arange(len(Y)) // 2).corrected()
        != found
    )
    for how, sentence in (
        (
            {"predictions": predictions[:, 1:], "y": Y},
            r"^predictions has the shape \(4, 11, 60\); it is \(4, 12, 60\)",
        ),
        (
            {"predictions": predictions[:, ::-1], "y": Y},
            "^predictions give another score on split 0 than candidate 0 has",
        ),
        (
            {"predictions": predictions},
            "^predictions= needs y=, the target of the rows, which is missing",
        ),
    ):
        with refused(sentence):
            Scores(search, **how).corrected()


def test_predictions_are_those_of_the_scores_and_of_the_splits() -> None:
    """Also where all scores are tiny, and where the folds that are told are not those that are tested."""
    rows, y = X * 1e-5, X[:, 0] * 1e-5 + X[:, 1] ** 2 * 1e-5
    how: dict[str, Any] = {"cv": FOLDS, "scoring": "neg_mean_squared_error"}
    found = resampled.cross_predict(
        [Ridge(a) for a in (1e-9, 1e-8, 1e-2)], rows, y, **how
    )
    known: dict[str, Any] = {"metric": how["scoring"], "y": y}
    own: dict[str, Any] = {"n_folds": 3, "predictions": found.predictions}
    assert np.abs(found.scores).max() < 1e-8
    assert (
        Scores(found.scores, **known, **own).best_set().tolist()
        == Scores(found).best_set().tolist()
    )
    with refused(r"^predictions give another score on split 0 than candidate 0 has"):
        Scores(
            found.scores, **known, n_folds=3, predictions=found.predictions[[1, 0, 2]]
        ).best_set()
    for told, sentence in (
        (
            {"n_folds": 4},
            "^n_folds=4 is told, but splits 0 to 3 do not test each row once",
        ),
        ({"n_folds": 2}, "^n_folds=2 is told, but splits 0 to 1 do not"),
        (
            {"test_share": 0.25},
            r"^test_share=0.25 is told, but by the rows of the splits it is 0.5 or more",
        ),
    ):
        with refused(sentence):
            Scores(
                found.scores, **known, predictions=found.predictions, **told
            ).best_set()


def test_a_scorer_that_no_row_moves_is_not_judged_by_rows() -> None:
    found = resampled.cross_predict(
        [Ridge(1.0), Ridge(9.0)],
        X,
        X[:, 0],
        cv=FOLDS,
        scoring="neg_median_absolute_error",
    )
    known: dict[str, Any] = {"n_folds": 3, "metric": "neg_median_absolute_error"}
    with refused(
        r"^Rows can't judge the scorer 'neg_median_absolute_error': leave out"
    ):
        Scores(
            found.scores, **known, predictions=found.predictions, y=X[:, 0]
        ).verdict()
    assert Scores(found).verdict().of.by_unit is None  # type: ignore[union-attr]
    assert "because their rows had." in str(resampled.summary(found)).replace("\n", " ")
    with refused(r"^metric= is a function, which tells nothing without predictions="):
        Scores(found.scores, n_folds=3, metric=np.dot).verdict()


def test_a_function_of_target_and_predictions_is_judged_by_leaving_out_rows() -> None:
    """A mean of rows is what its name is; words are given to it as they are."""
    found = resampled.cross_predict(
        [GaussianNB(), RidgeClassifier()], X, np.array(["no", "yes"])[Y], cv=CV
    )
    known: dict[str, Any] = {
        "n_folds": 3,
        "predictions": found.predictions,
        "y": found.y,
        "bounds": (0, 1),
    }

    def share_right(y: Any, predicted: Any) -> float:
        assert {*y} | {*predicted} <= {"no", "yes"}
        return float(np.mean(y == predicted))

    own, named = (
        Scores(found.scores, **known, metric=each).verdict()
        for each in (share_right, "accuracy")
    )
    assert own.of.error == pytest.approx(named.of.error, rel=1e-4)  # type: ignore[union-attr]


def test_the_choice_among_searches_is_corrected_too() -> None:
    parts = {"first": LUCKY[:20], "second": LUCKY[20:59], "alone": LUCKY[59:]}
    searches = {name: Scores(scores, n_folds=3) for name, scores in parts.items()}
    winner, corrected = resampled.choose(searches)
    alone = {name: searches[name].corrected().score for name in ("first", "second")}
    alone["alone"] = LUCKY[59].mean()
    assert winner == max(alone, key=lambda name: alone[name])
    assert corrected.score < alone[winner]
    short = Scores(LUCKY[:, :27], n_folds=3)
    with refused(
        r"^The searches are to share their splits, .* \[\(27, 0\.5\), \(30, 0\.5\)\]"
    ):
        resampled.choose({"first": searches["first"], "short": short})


def test_effects_tell_which_setting_mattered() -> None:
    grid = {
        "var_smoothing": [1e-9, 0.01, 1.0, 100.0, 1e4],
        "priors": [None, [0.99, 0.01], [0.01, 0.99]],
    }
    effects = Scores(searched(CV, grid)).effects()
    assert effects["setting"].tolist() == ["priors", "var_smoothing"]
    assert effects["p_value"][0] < 0.05
    assert effects["importance"][0] > effects["importance"][1]
    with refused(r"^The settings are not known; give a search"):
        Scores(random_scores(), n_folds=3).effects()


def test_stuck_fits_predict_one_class_that_is_not_nearly_all() -> None:
    y = np.repeat([0, 1], 30)
    predictions = np.full((3, 2, 60), np.nan)
    predictions[:, 0, ::2], predictions[:, 1, 1::2] = y[::2], y[1::2]
    predictions[1, 0, ::2] = 1
    predictions[2, 1] = np.nan  # this fit failed
    expected = [[False, False], [True, False], [False, False]]
    assert resampled.stuck_fits(predictions, y).tolist() == expected
    assert (
        resampled.stuck_fits(named(predictions), np.array(["no", "yes"])[y]).tolist()
        == expected
    )
    assert resampled.stuck_fits(predictions, y, classify=False).tolist() == expected
    assert not resampled.stuck_fits(predictions, np.ones(60)).any()
    with refused(r"^predictions have the shape \(3, 2, 60\), and y \(59,\)"):
        resampled.stuck_fits(predictions, y[1:])


def test_every_parameter_has_its_name_in_the_signature() -> None:
    """But for those of `Scores` in `summary`, which hands them on."""
    kinds = {inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY}
    for name in {*resampled.__all__} - {"ResampledWarning"}:
        parameters = inspect.signature(getattr(resampled, name)).parameters
        unnamed = [each.name for each in parameters.values() if each.kind not in kinds]
        assert unnamed == (["known"] if name == "summary" else [])
    calls: list[Any] = [Scores, resampled.summary]
    for call in calls:
        with pytest.raises(TypeError, match="unexpected keyword argument 'n_fold'"):
            call(LUCKY, n_fold=3)


def test_the_example_runs() -> None:
    failed, n_tried = doctest.testmod(scores, raise_on_error=False)
    assert failed == 0 < n_tried


def test_notes_are_warnings_at_the_line_that_calls() -> None:
    with pytest.warns(resampled.ResampledWarning) as said:
        found = Scores(LUCKY[:2], n_folds=3)
    (note,) = said
    assert note.filename == __file__
    assert str(note.message).startswith("The scorer is not known")
    assert [str(note.message)] == found.notes


def test_a_summary_prints_notes_and_does_not_warn() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = resampled.summary(LUCKY[:2], n_folds=3)
    assert "The scorer is not known" in str(found)


def test_a_verdict_is_on_two_learners() -> None:
    three = Scores([COMMON, COMMON + NOISE, COMMON], n_folds=3)
    with refused(r"^There are 3 learners; give a pair"):
        resampled.verdicts({"one": three})
    failed = Scores([COMMON, COMMON * np.nan], n_folds=3)
    with refused(
        r"^One of the pair is not compared. Out, because a fit has no score: 1 of 2 candidates, \[1\]"
    ):
        failed.verdict()


def test_a_verdict_counts_groups_where_there_are_some() -> None:
    """In 1,000 groups, few of which differ, both are level; in 10, nothing shows that."""
    old, how = 0.9 + np.tile([-0.01, 0, 0.01], 10), {"n_folds": 3, "metric": "accuracy"}
    new = old + np.tile([0.001, 0, -0.001, 0, 0, 0], 5)
    for n_groups, word in ((1000, "level"), (10, "undecided")):
        groups = np.arange(3000) % n_groups
        judged = Scores([old, new], **how, groups=groups).verdict()  # type: ignore[arg-type]
        assert judged.word == word


@pytest.mark.parametrize("n_repeats", [1, 2])
def test_a_difference_of_one_row_on_every_split_may_be_chance(n_repeats: int) -> None:
    """Ten rows are not: so many are the same difference on a table ten times as large."""
    old = np.tile([0.70, 0.72, 0.74], n_repeats)
    for metric, n_rows, word in (
        (None, None, "undecided"),
        ("accuracy", 300, "undecided"),
        ("accuracy", 3000, "better"),
    ):
        found = Scores(
            [old, old + 0.01], n_folds=3, metric=metric, n_rows=n_rows, rope=0.001
        ).verdict()
        assert found.word == word


def test_the_plot_of_a_verdict_shows_the_difference_and_the_rope() -> None:
    pytest.importorskip("matplotlib").use("agg")
    found = Scores([COMMON, COMMON + 0.05 + NOISE], n_folds=3, rope=0.02).verdict()
    ax = found.plot()
    rope = ax.patches[0].get_window_extent().transformed(ax.transData.inverted())
    assert (rope.x0, rope.x1) == pytest.approx((-0.02, 0.02))
    widths = [np.ptp(lines.get_paths()[0].vertices[:, 0]) for lines in ax.collections]
    assert isinstance(found.of, Pair)
    assert widths == pytest.approx(
        [2 * found.of.half_width(level) for level in (0.95, 0.9)]
    )
    assert ax.get_title() == "better"


WORDS = {
    "better": (0.05 + NOISE, "; a hint if few rows sway a learner"),
    "worse": (-0.05 + NOISE, "worse: new less old is -0.0"),
    "level": (NOISE / 10, "; a failure rarer than 3 in 30 fits may not have shown"),
    "undecided": (NOISE * 5, "undecided: new less old is "),
    "unchanged": (NOISE * 0, "unchanged: both have the same score on every split"),
}


@pytest.mark.parametrize("word", WORDS)
def test_a_verdict_is_a_word_and_a_sentence(word: str) -> None:
    difference, sentence = WORDS[word]
    found = Scores(
        [COMMON, COMMON + difference], n_folds=3, metric="accuracy", n_rows=3000
    ).verdict()
    assert found.word == word
    assert sentence in str(found)


def test_a_verdict_is_html_in_a_notebook() -> None:
    found = Scores([COMMON, COMMON + 0.05 + NOISE], n_folds=3).verdict()
    page = ElementTree.fromstring(found._repr_html_())
    assert "".join(page.itertext()) == str(found)
    assert page.findtext("b") == "better"


def test_what_rounding_makes_is_no_difference() -> None:
    for old in (COMMON, np.full(30, 0.8)):
        assert Scores([old, old + 1e-15], n_folds=3).verdict().word == "unchanged"
        assert (
            Scores([old * 1e-15, old * 1e-15 + 1e-17], n_folds=3).verdict().word
            != "unchanged"
        )


def test_a_difference_may_be_real_and_no_larger_than_the_rope() -> None:
    text = str(Scores([COMMON, COMMON + 0.005 + NOISE / 100], n_folds=3).verdict())
    assert text.startswith("undecided: ")
    assert text.endswith("; it is not shown to be larger than the rope of 0.01")
    text = str(
        Scores([COMMON * 1e100, COMMON * 1.1e100 + NOISE * 1e100], n_folds=3).verdict()
    )
    assert len(text) < 200


def test_a_verdict_is_the_corrected_test_where_nothing_is_known_of_rows() -> None:
    """With half more for what all splits share. p and the interval, in the sentence, are those of the t-test."""
    old, new = COMMON[:10], COMMON[:10] + 0.01 + NOISE[:10]
    mean, error = (
        (new - old).mean(),
        np.sqrt((1 / 10 + 1.5 / 9) * (new - old).var(ddof=1)),
    )
    found = Scores([old, new], n_folds=10).verdict()
    assert found.p == pytest.approx(2 * stats.t.sf(abs(mean / error), 9))
    half = stats.t.ppf(0.975, 9) * error
    assert (
        f"(95 % from {mean - half:+.3f} to {mean + half:+.3f}), p = {found.p:.2g}"
        in str(found)
    )
