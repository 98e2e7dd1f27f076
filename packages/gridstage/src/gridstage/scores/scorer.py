"""scikit-learn's scorers, except that a diverged net gets no score, and that a score carries a record of the net."""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, is_classifier
from sklearn.metrics import get_scorer, get_scorer_names, mean_absolute_error

from gridstage.common import UserError, did_you_mean, in_params, significant
from gridstage.engine import net_of, reads_only, replaced
from gridstage.results import COMPUTED, SCORE
from resampled.candidates.stuck import Answered, answered
from resampled.means.pooling import brier_scores, pooling

# Looks at a fitted estimator on rows and their target of shape (n,), and returns what is to be recorded.
Look = Callable[[BaseEstimator, Any, np.ndarray], Any]

# Scorers that take logarithms, and the method whose answers these are of.
_OF_LOGARITHMS = {"neg_log_loss": "predict_proba"} | {
    f"neg_{name}": "predict"
    for name in "mean_squared_log_error root_mean_squared_log_error mean_poisson_deviance mean_gamma_deviance".split()
}

# What scorers ask of an estimator. The answers to the same rows are the same, however many scorers ask.
_ASKED = ("predict", "predict_proba", "decision_function", "predict_log_proba")


@dataclass(frozen=True)
class Record:
    """What a scorer has seen of a fitted net, besides how many weights it has learned in how many epochs.

    `rows` are the statistics of the test rows, if any are recorded; `constant` says whether the scorer that selects got
    the same answer for every row; `answered` is what the net predicts, which tells whether it is stuck; `seen` is what
    else was looked at. All but the first two are as by default for a net that diverged.
    """

    n_weights: int
    n_epochs: int
    rows: np.ndarray | None = None
    constant: bool = False
    answered: Answered | None = None
    seen: Any = None


class RecordedScore(float):
    """A score that carries its `Record`: scikit-learn takes nothing but numbers, and hands them back unchanged."""

    record: Record


@reads_only
class RecordingScorer:
    """Scikit-learn's scorers of a fitted estimator, NaN for a diverged net; the first selects and carries a record."""

    def __init__(
        self,
        scorers: dict[str, Callable[..., float]],
        record_rows: Look | None,
        look: Look | None = None,
    ) -> None:
        self.scorers, self.record_rows, self.look = scorers, record_rows, look

    def __call__(self, estimator: BaseEstimator, X: Any, y: np.ndarray) -> Any:
        """Return the scores: `score`, of the first scorer, and those of the others by name."""
        net = net_of(estimator)
        weights = net.module_.parameters()
        n_weights = sum(each.numel() for each in weights if each.requires_grad)
        # Only callbacks end a training early; without them, nothing needs to look at the history.
        n_epochs = len(net.history) if net.callbacks_ else net.max_epochs
        record = Record(n_weights, n_epochs)
        scores = dict.fromkeys(self.scorers, float("nan"))
        if not net.diverged_:
            scores, record = self._scored(estimator, X, y.ravel(), record)
        selecting, *others = scores
        recorded = RecordedScore(scores[selecting])
        recorded.record = record
        return {SCORE: recorded} | {name: scores[name] for name in others}

    def _scored(
        self, estimator: BaseEstimator, X: Any, y: np.ndarray, record: Record
    ) -> tuple[dict[str, float], Record]:
        """Return the scores of a net that has not diverged, and its record with all that was seen of it."""
        selecting, *others = self.scorers
        with remembering(estimator, X) as answers:
            scores = {selecting: self.scorers[selecting](estimator, X, y)}
            constant = all_alike(answers)
            for name in others:
                scores[name] = self.scorers[name](estimator, X, y)
            rows = self.record_rows(estimator, X, y) if self.record_rows else None
            seen = self.look(estimator, X, y) if self.look else None
            own = _answer_of(estimator, X, answers)
        return scores, replace(
            record, rows=rows, constant=constant, answered=own, seen=seen
        )


def make_scorer(
    scoring: str,
    also_score: Sequence[str] = (),
    record_rows: Look | None = None,
    look: Look | None = None,
) -> RecordingScorer:
    """Return scikit-learn's scorers of these names as one; raises `UserError` if there is no such scorer."""
    places = {scoring: "cv.scoring"}
    for i, name in enumerate(also_score):
        places[name] = f"cv.also_score[{i}]"
    names = get_scorer_names()
    problems = []
    for name in [name for name in places if name not in names]:
        finding = f"{name!r} is not a scorer of scikit-learn{did_you_mean(name, names)}"
        problems.append(in_params(places[name], f": {finding}"))
    if problems:
        raise UserError(*problems)
    return RecordingScorer({name: _scorer(name) for name in places}, record_rows, look)


def _accuracy(estimator: BaseEstimator, X: Any, y: np.ndarray) -> float:
    """Return what scikit-learn's scorer does; of a net's classes without its checks, which take long."""
    predicted = np.asarray(estimator.predict(X))
    if predicted.dtype.kind not in "iu" or predicted.shape != y.shape:
        return float(get_scorer("accuracy")(estimator, X, y))
    return float(np.mean(predicted == y))


def _scorer(name: str) -> Callable[..., float]:
    if name == "accuracy":
        return _accuracy
    scorer = get_scorer(name)
    if name in _OF_LOGARITHMS:
        scorer = partial(_in_float64, _OF_LOGARITHMS[name], scorer)
    return partial(rounded, scorer)


def _in_float64(
    method: str,
    scorer: Callable[..., float],
    estimator: BaseEstimator,
    X: Any,
    y: np.ndarray,
) -> float:
    """Return a scorer's score of answers in float64, because logarithms of float32 depend on the processor."""
    answers = np.asarray(getattr(estimator, method)(X))
    if answers.dtype == np.float32 and method == "predict_proba":
        least = np.finfo(np.float32).eps  # as scikit-learn does with float32
        answers = np.clip(answers, least, 1 - least)

    def wide(rows: Any) -> np.ndarray:
        return answers.astype(float)

    wide.__name__ = method  # which scikit-learn looks at
    with replaced(estimator, {method: wide}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The y_prob")  # float32 does nearly
        return float(scorer(estimator, X, y.astype(float)))


def rounded(
    scorer: Callable[..., float], estimator: BaseEstimator, X: Any, y: np.ndarray
) -> float:
    """Return a scorer's score; logarithms and exponentials are not the same on every processor in their last bits."""
    return significant(float(scorer(estimator, X, y)), COMPUTED)


def probabilities(classifier: BaseEstimator, X: Any) -> np.ndarray | None:
    """Return what a fitted classifier predicts, of shape (n, n_classes); None if its outputs are no probabilities."""
    proba = np.asarray(classifier.predict_proba(X))
    if proba.ndim != 2 or (proba < 0).any():
        return None
    return proba if np.allclose(proba.sum(axis=1), 1, atol=1e-3) else None


def second_score(estimator: BaseEstimator, X: Any, y: np.ndarray) -> float:
    """Return the negated Brier score, NaN without probabilities, or mean absolute error of numbers."""
    if not is_classifier(estimator):
        predicted = np.ravel(estimator.predict(X)).astype(float)
        return -float(mean_absolute_error(y.astype(float), predicted))
    proba = probabilities(estimator, X)
    if proba is None:
        return float("nan")
    sums = proba.sum(axis=1, keepdims=True, dtype=float)
    # float32 adds up to nearly one.
    return -float(brier_scores(y, proba.astype(float) / sums).mean())


def hold_out_scorer(
    scoring: str, n_classes: int
) -> Callable[[Any, Any, np.ndarray], float]:
    """Return scikit-learn's scorer of that name for a net on the rows that it holds out; NaN where it has no score."""
    if pooled := pooling(scoring, n_classes):
        return pooled.value  # scikit-learn's checks cost more than an epoch
    scorer = get_scorer(scoring)

    def score(net: Any, X: Any, y: np.ndarray) -> float:
        try:
            return float(scorer(net, X, y))
        except ValueError:
            return float("nan")

    return score


def _answer_of(
    estimator: BaseEstimator, X: object, answers: Mapping[str, np.ndarray]
) -> Answered:
    """Return what a fitted estimator predicts of rows, from its `answers` so far, by `predict` and `predict_proba`."""
    if "predict" in answers:
        return answered(np.ravel(answers["predict"]))
    if "predict_proba" in answers:
        return answered(np.argmax(answers["predict_proba"], axis=1))
    return answered(np.ravel(estimator.predict(X)))


def all_alike(answers: Mapping[str, Any]) -> bool:
    """Return whether each answer is the same for every row, but for rounding; False without answers."""
    return bool(answers) and all(map(_is_one_answer, answers.values()))


def _is_one_answer(answer: Any) -> bool:
    low, high = np.min(answer, axis=0), np.max(answer, axis=0)
    return bool(np.all(high - low <= 1e-6 * np.max(np.abs([low, high]))))


@contextmanager
def remembering(
    estimator: BaseEstimator, whole: Any, parts: Sequence[Any] = ()
) -> Iterator[dict[str, np.ndarray]]:
    """Let a fitted estimator answer what is asked of `whole`, stacked of equal `parts`, once; yield the answers."""
    places = {id(part): place for place, part in enumerate(parts or [whole])}
    answers: dict[str, np.ndarray] = {}

    def remembered(name: str) -> Callable[[Any], np.ndarray]:
        ask = getattr(estimator, name)

        def answer(rows: Any) -> np.ndarray:
            if id(rows) not in places:  # one method asks another
                return ask(rows)
            if name not in answers:
                answers[name] = np.asarray(ask(whole))
            first = places[id(rows)] * len(rows)
            return answers[name][first : first + len(rows)]

        answer.__name__ = name  # which scikit-learn looks at
        return answer

    asked = {name: remembered(name) for name in _ASKED if hasattr(estimator, name)}
    with replaced(estimator, asked):
        yield answers
