"""Oracle: scikit-learn's HalvingGridSearchCV, where its stages are the same ones."""

from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import HalvingGridSearchCV

from gridstage.scores.search_result import SearchResult
from gridstage.search.halving import halve, stage_epochs

N_SPLITS = 3
QUALITY = np.random.default_rng(3).normal(size=30)


def score(number: int, epochs: int, split: int) -> float:
    """Return the score of a candidate: some learn faster than others, and a split's rows are noise."""
    noise = np.random.default_rng([number, epochs, split]).normal(scale=0.3)
    return float(QUALITY[number] * (1 - np.exp(-epochs / (5 + number))) + noise)


class Learner(BaseEstimator):
    def __init__(self, number: int = 0, max_epochs: int = 1) -> None:
        self.number, self.max_epochs = number, max_epochs

    def fit(self, X: Any, y: Any) -> "Learner":
        self.split_ = int(X[0, 0])  # the first training row tells the split
        return self

    def predict(self, X: Any) -> Any:
        raise NotImplementedError


def train(left: np.ndarray, epochs: int) -> SearchResult:
    scores = np.array(
        [[score(number, epochs, split) for split in range(N_SPLITS)] for number in left]
    )
    return SearchResult(
        {"score": scores},
        [[epochs] * N_SPLITS for _ in left],
        scores.size,
        [""] * len(left),
    )


def test_the_stages_keep_whom_scikit_learn_keeps() -> None:
    splits = [(np.array([split, 3, 4]), np.array([5])) for split in range(N_SPLITS)]
    X = np.arange(6.0)[:, np.newaxis]
    stock = HalvingGridSearchCV(
        Learner(),
        {"number": list(range(27))},
        resource="max_epochs",
        max_resources=81,
        min_resources=9,
        factor=3,
        cv=splits,
        refit=False,
        scoring=lambda learner, X, y: score(
            learner.number, learner.max_epochs, learner.split_
        ),
    ).fit(X, np.zeros(6))
    found = halve(train, 27, 81)
    assert stage_epochs(27, 81) == stock.n_resources_ == [9, 27, 81]
    assert found.stages is not None
    for stage in (1, 2, 3):
        theirs = stock.cv_results_["param_number"][
            stock.cv_results_["iter"] == stage - 1
        ]
        assert np.flatnonzero(found.stages >= stage).tolist() == sorted(theirs)
    # Each row is the candidate as it was in its last stage.
    for number, (stage, row) in enumerate(
        zip(found.stages, found.scores["score"], strict=True)
    ):
        epochs = 9 * 3 ** (stage - 1)
        assert row.tolist() == [
            score(number, epochs, split) for split in range(N_SPLITS)
        ]
        assert found.records[number] == [epochs] * N_SPLITS
    assert found.n_fits == N_SPLITS * (27 + 9 + 3)
    assert found.net_epochs_spared == N_SPLITS * (27 * 81 - 27 * 9 - 9 * 27 - 3 * 81)
    assert found.to_the_end.tolist() == (found.stages == 3).tolist()


@pytest.mark.parametrize(
    ("n_candidates", "max_epochs", "stages"),
    [
        (200, 100, [12, 34, 100]),
        (9, 90, [10, 30, 90]),
        (8, 100, [34, 100]),
        (2, 100, [100]),
        (50, 2, [1, 2]),
        (50, 1, [1]),
    ],
)
def test_the_last_stage_trains_to_the_end(
    n_candidates: int, max_epochs: int, stages: list[int]
) -> None:
    assert stage_epochs(n_candidates, max_epochs) == stages


def test_a_candidate_that_diverges_leaves_first() -> None:
    def diverging(left: np.ndarray, epochs: int) -> SearchResult:
        found = train(left, epochs)
        found.scores["score"][left == QUALITY[:9].argmax(), 1] = np.nan
        return found

    found = halve(diverging, 9, 81)
    assert found.stages is not None
    assert found.stages[QUALITY[:9].argmax()] == 1
