"""Scores by split that say nothing of a difference. Oracle: what rows say of the same learners."""

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import RepeatedStratifiedKFold

import resampled
from resampled import Scores

RNG = np.random.default_rng(8)
pytestmark = pytest.mark.filterwarnings("ignore::resampled.ResampledWarning")
CV = RepeatedStratifiedKFold(n_splits=3, n_repeats=4, random_state=0)
KNOWN = {"n_folds": 3, "metric": "accuracy", "n_rows": 300}


def test_constants_are_told_apart_by_rows_but_not_by_scores_alone() -> None:
    """Of 101 and 99 rows, which class is the more frequent may be chance; each split has the same share of both."""
    y = np.arange(200) % 2
    y[0] = 1
    constants = {
        str(label): DummyClassifier(strategy="constant", constant=label)
        for label in (0, 1)
    }
    found = resampled.cross_predict(constants, np.zeros((200, 1)), y, cv=CV)
    assert Scores(found).verdict().word == "undecided"
    text = str(Scores(found.scores, n_folds=3, metric="accuracy", n_rows=200).verdict())
    assert text.startswith(
        "not tested: both score the same on every split, so no split tells what chance does; new"
    )


def test_the_same_score_on_every_split_is_not_tested_and_excludes_nobody() -> None:
    flat, other = np.full((2, 30), [[0.51], [0.52]]), 0.8 + RNG.normal(0, 0.02, 30)
    for known in (KNOWN, {"n_folds": 3, "bounds": (-1.0, 9.0)}):
        assert Scores(flat, **known).verdict().word == "not tested"  # type: ignore[arg-type]
        assert Scores([flat[0], flat[0]], **known).verdict().word == "unchanged"  # type: ignore[arg-type]
        assert Scores([flat[0], other], **known).verdict().word == "better"  # type: ignore[arg-type]
        assert Scores(flat, **known).best_set().all()  # type: ignore[arg-type]
        in_set = Scores([*flat, other], **known).best_set()  # type: ignore[arg-type]
        assert in_set.tolist() == [False, False, True]


@pytest.mark.parametrize(("wrong", "word"), [(89, "not tested"), (3, "undecided")])
def test_a_row_more_or_less_is_the_same_score_unless_chance_makes_no_more(
    wrong: int, word: str
) -> None:
    """In folds of 100 rows; where about 3 are wrong, a split seldom has another number by much."""
    old = np.tile([wrong, wrong, wrong + 1], 4) / 100
    new = np.roll(old, 1) + 0.001 * (wrong == 3)
    judged = Scores([old, new], **KNOWN).verdict()  # type: ignore[arg-type]
    assert judged.word == word


@pytest.mark.parametrize("metric", ["roc_auc", "average_precision"])
def test_rankings_by_scores_alone_need_ten_positives_in_a_split(metric: str) -> None:
    old, new = RNG.normal(0.7, 0.01, 30), RNG.normal(0.8, 0.01, 30)
    for n_positives, word in ((30, "better"), (29, "not tested")):
        found = Scores(
            [old, new], n_folds=3, metric=metric, y=np.arange(300) < n_positives
        ).verdict()
        assert found.word == word
        assert ("the rarest class has 9.67 rows in a split" in str(found)) == (
            word == "not tested"
        )
    text = str(
        resampled.summary(
            [old, new],
            n_folds=3,
            metric=metric,
            y=np.arange(300) < 29,
            complexity=[1, 2],
        )
    )
    assert "No difference is tested: the rarest class" in text
    assert "% likely" not in text
    assert "2 of 2 may be the best" in text


def test_a_row_counts_more_in_a_smaller_fold() -> None:
    """Of 301 rows, folds have 100 or 101; "always 0" and "always 1" differ by a row of the smaller ones."""
    old = np.array([47 / 101, 47 / 100, 46 / 100])
    judged = Scores([old, 1 - old], n_folds=3, n_rows=301, metric="accuracy").verdict()
    assert judged.word == "not tested"
