"""scikit-learn's scorers, except that a diverged net gets no score, and that a score carries a record of the net."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.metrics import get_scorer, get_scorer_names

from stages.lib.common import UserError
from stages.lib.config.scorers import meant_scorer
from stages.lib.engine import net_of
from stages.lib.scores.pooling import Pooling, pooling
from stages.lib.scores.stuck import Answered, answered

# What is recorded of test rows: takes a fitted estimator, rows and their target of shape (n,).
RecordRows = Callable[[BaseEstimator, Any, np.ndarray], np.ndarray | None]

# What scorers ask of an estimator. The answers to the same rows are the same, however many scorers ask.
_ASKED = ("predict", "predict_proba")


@dataclass(frozen=True)
class Record:
    """What a scorer has seen of a fitted net.

    Parameters
    ----------
    n_weights : int
        How many numbers the net has learned.
    n_epochs : int
        For how many epochs it was trained.
    rows : array, optional
        What was recorded of the test rows; None for a diverged net, and where nothing is recorded.
    constant : bool
        Whether the scorer that selects got the same answer for every test row.
    answered : Answered, optional
        What the net predicts of the test rows, which tells whether it is stuck; None for a diverged net.
    """

    n_weights: int
    n_epochs: int
    rows: np.ndarray | None = None
    constant: bool = False
    answered: Answered | None = None


class Recorded(float):
    """A score with its `Record`, which goes wherever scikit-learn takes the score, from other processes as well."""

    record: Record

    def __new__(cls, score: float, record: Record) -> "Recorded":
        """Return the score with its record."""
        recorded = super().__new__(cls, score)
        recorded.record = record
        return recorded

    def __reduce__(self) -> tuple[Any, ...]:
        return Recorded, (float(self), self.record)


class RecordingScorer:
    """A scorer of a fitted estimator on rows and their target, of shape (n, 1) or (n,); NaN for a diverged net.

    Parameters
    ----------
    scorers : dict of callables
        scikit-learn's scorers by name. The first one selects; its scores carry a record.
    record_rows : callable
    """

    reads_only = True  # tells the engine that it asks the net for predictions and leaves the net as it is

    def __init__(self, scorers: dict[str, Callable[..., float]], record_rows: RecordRows) -> None:
        self.scorers, self.record_rows = scorers, record_rows

    def __call__(self, estimator: BaseEstimator, X: Any, y: np.ndarray) -> Any:
        """Return the score, or with several scorers, a dict of `score`, of the first, and the others by name."""
        net = net_of(estimator)
        y = y.ravel()
        found, rows, constant, seen = dict.fromkeys(self.scorers, float("nan")), None, False, None
        selecting, *others = found
        if not net.diverged_:
            with remembering(estimator, X) as answers:
                found[selecting] = self.scorers[selecting](estimator, X, y)
                constant = all_alike(answers)
                found |= {name: self.scorers[name](estimator, X, y) for name in others}
                rows = self.record_rows(estimator, X, y)
                seen = answered(estimator, X, answers)
        recorded = Recorded(found[selecting], Record(_n_weights(net), _n_epochs(net), rows, constant, seen))
        return {"score": recorded} | {name: found[name] for name in others} if others else recorded


def make_scorer(scoring: str, also_score: Sequence[str] = (), record_rows: RecordRows | None = None) -> RecordingScorer:
    """Return scikit-learn's scorers of these names as one.

    Parameters
    ----------
    scoring : str
        The scorer that selects.
    also_score : sequence of str
        Others, which are reported beside it.
    record_rows : callable, optional
        What is recorded of the test rows; by default nothing.

    Raises
    ------
    UserError
        If scikit-learn has no such scorer.
    """
    places = {scoring: "cv.scoring"} | {name: f"cv.also_score[{i}]" for i, name in enumerate(also_score)}
    known = get_scorer_names()
    if unknown := [name for name in places if name not in known]:
        raise UserError(
            *(
                f"params.yaml: {places[name]}: {name!r} is not a scorer of scikit-learn{meant_scorer(name, known)}"
                for name in unknown
            )
        )
    return RecordingScorer({name: _LEAN.get(name) or get_scorer(name) for name in places}, record_rows or _nothing)


def _accuracy(estimator: BaseEstimator, X: Any, y: np.ndarray) -> float:
    """Return what scikit-learn's scorer does; of a net's classes without its checks, which take long."""
    predicted = np.asarray(estimator.predict(X))
    if predicted.dtype.kind not in "iu" or predicted.shape != y.shape:
        return float(get_scorer("accuracy")(estimator, X, y))
    return float(np.mean(predicted == y))


_LEAN = {"accuracy": _accuracy}


def pooled_rows(pooled: Pooling) -> Callable[[BaseEstimator, Any, np.ndarray], np.ndarray]:
    """Return what records of each test row the numbers that a score is computed from, shape (n_rows, k)."""

    def rows(estimator: BaseEstimator, X: Any, y: np.ndarray) -> np.ndarray:
        return pooled.rows(y, getattr(estimator, pooled.response)(X))

    return rows


def hold_out_scorer(scoring: str, n_classes: int) -> Callable[[Any, Any, np.ndarray], float]:
    """Return scikit-learn's scorer of that name for a net on the rows that it holds out of its fit.

    It gives NaN where it has no score, as for ROC AUC of rows of one class.
    """
    pooled, scorer = pooling(scoring, n_classes), get_scorer(scoring)

    def score(net: Any, X: Any, y: np.ndarray) -> float:
        if pooled is not None:  # the same number, without scikit-learn's checks, which cost more than an epoch
            return float(pooled.score(pooled_rows(pooled)(net, X, y).sum(axis=0, dtype=float)))
        try:
            return float(scorer(net, X, y))
        except ValueError:
            return float("nan")

    return score


def all_alike(answers: Mapping[str, Any]) -> bool:
    """Return whether each answer is the same for every row, but for rounding; False without answers."""
    spreads = [np.ptp(answer, axis=0) <= 1e-6 * np.abs(answer).max() for answer in map(np.asarray, answers.values())]
    return bool(spreads) and all(map(np.all, spreads))


def _nothing(estimator: BaseEstimator, X: Any, y: np.ndarray) -> None:
    return None


def _n_weights(net: Any) -> int:
    return sum(weight.numel() for weight in net.module_.parameters() if weight.requires_grad)


def _n_epochs(net: Any) -> int:
    # Only callbacks end a training early; without them, nothing needs to look at the history.
    return len(net.history) if net.callbacks_ else net.max_epochs


@contextmanager
def remembering(estimator: BaseEstimator, X: Any) -> Iterator[dict[str, np.ndarray]]:
    """Let an estimator answer each question about the rows `X` once, and yield the answers by the question's name."""
    known: dict[str, np.ndarray] = {}

    def remembered(name: str) -> Callable[[Any], np.ndarray]:
        ask = getattr(estimator, name)

        def answer(rows: Any) -> np.ndarray:
            if rows is not X:
                return ask(rows)
            if name not in known:
                known[name] = ask(rows)
            return known[name]

        answer.__name__ = name  # which scikit-learn looks at
        return answer

    asked = [name for name in _ASKED if hasattr(estimator, name)]
    estimator.__dict__.update({name: remembered(name) for name in asked})
    try:
        yield known
    finally:
        for name in asked:
            estimator.__dict__.pop(name, None)
