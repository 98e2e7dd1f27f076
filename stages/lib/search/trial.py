"""Trains one net for one epoch, to find what does not fit together before a long search."""

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils import _safe_indexing
from skorch import NeuralNetClassifier

from stages.lib.common import RAISED, UserError, described, explained
from stages.lib.engine import TrainTest, lean_optimizer, net_of
from stages.lib.search.fault import Seen, advice, observed, slowly
from stages.lib.search.protocol import Scorer


def check_trial(estimator: BaseEstimator, X: Any, y: np.ndarray, split: TrainTest, scorer: Scorer) -> None:
    """Train one epoch, predict and score, to find what does not fit together before a long search.

    Raises
    ------
    UserError
        If the module, the criterion, the scorers and the data don't fit together, if the net can predict only one class
        or nothing of the target's shape, or if its output is not finite before any training. It names the setting at
        fault, if it is one, and includes the original error.
    """
    train, test = split
    fit = partial(_fitted, X=_safe_indexing(X, train), y=y[train])
    with observed(net_of(estimator)) as seen:
        try:
            trial = fit(estimator)
        except UserError:
            raise
        except RAISED as error:
            problem, way_out = described(error), advice(error, estimator, fit, seen)
            raise UserError(f"A trial of one epoch failed: {problem}. {way_out}") from error
        _check_target(seen)
        _check_logarithm(net_of(trial), seen)
        loss = seen.first_loss or 0.0
        if net_of(trial).diverged_ or np.isnan(loss):
            # An untrained net has predictions to score too, unless it is at fault itself.
            trial = fit(estimator, max_epochs=0)
            if net_of(trial).diverged_:
                raise UserError(_not_finite(seen))
            if not np.isfinite(loss) or net_of(fit(slowly(estimator))).diverged_:
                raise UserError(_no_step(loss))
    _check_step(seen)
    rows, expected = _safe_indexing(X, test), y[test].ravel()
    with explained(
        "A trial of one epoch could not predict",
        "Let the module's forward return a tensor with one row for each row of its input, for any number of rows.",
    ):
        _check_predictions(trial, rows, int(y.max()) + 1, partial(fit, estimator, max_epochs=0))
    _check_scores(trial, rows, expected, scorer)


def _fitted(estimator: BaseEstimator, X: Any, y: np.ndarray, max_epochs: int = 1) -> BaseEstimator:
    trial = clone(estimator)
    net = net_of(trial)
    net.set_params(max_epochs=max_epochs, optimizer=lean_optimizer(net.optimizer))
    with warnings.catch_warnings():
        # torch says so of a loss that compares each row with every other row, and goes on.
        warnings.filterwarnings("error", message="Using a target size")
        return trial.fit(X, y)


def _not_finite(seen: Seen) -> str:
    """Say why a net that is not trained has no finite output."""
    if isinstance(seen.rows, torch.Tensor) and not bool(torch.isfinite(seen.rows).all()):
        return (
            "The rows that the net is given have numbers beyond those of float32, 3.4e38. Change the unit of such "
            "columns in the CSV, or leave them out with `use: false`."
        )
    return (
        "The net's output is not finite before any training, so the learning rate is not at fault. Look for a division "
        "by 0, or a logarithm or root of a negative number, in the module's forward, and at its initial weights; if "
        "the inputs are very large, set prepare.scale to standard."
    )


def _no_step(loss: float) -> str:
    """Say why a net has no finite weights after its first step, although its output was finite."""
    problem = (
        "The gradient is not finite from the first step on, however small the learning rate"
        if np.isfinite(loss)
        else f"The loss of the net that is not trained yet is {loss}"
    )
    return (
        f"{problem}, so the learning rate is not at fault. Look for a root or norm of 0, a division by 0, or a "
        "logarithm of 0 or less in the module's forward and the criterion."
    )


def _check_step(seen: Seen) -> None:
    """Raise `UserError` if the optimizer has taken steps, and no weight has changed."""
    if seen.is_stepped and not seen.has_moved:
        raise UserError(
            "The weights did not change in a trial of one epoch, although there are gradients. Look at the optimizer's "
            "step, and whether the module uses the weights that the optimizer has."
        )


def _check_target(seen: Seen) -> None:
    """Raise `UserError` if the criterion compared each row with every other row."""
    if not all(isinstance(each, torch.Tensor) for each in (seen.output, seen.target)):
        return
    if seen.target.is_floating_point() and seen.output.ndim != seen.target.ndim:
        raise UserError(
            f"The module's output has the shape {tuple(seen.output.shape)}, but the target has "
            f"{tuple(seen.target.shape)}, so the criterion would compare each row with every other row. Let forward "
            "return one column: leave out a squeeze or flatten at its end, or add unsqueeze(-1)."
        )


def _check_logarithm(net: Any, seen: Seen) -> None:
    """Raise `UserError` if skorch took the logarithm of what is no probability."""
    takes = isinstance(net, NeuralNetClassifier) and isinstance(net.criterion_, torch.nn.NLLLoss)
    if takes and isinstance(seen.returned, torch.Tensor) and bool((seen.returned < 0).any()):
        raise UserError(
            "The module returns negative numbers, but NLLLoss takes probabilities, of which skorch takes the "
            "logarithm. Let the module end in a softmax, or set model.criterion to CrossEntropyLoss, which takes the "
            "plain output."
        )


def _check_predictions(trial: BaseEstimator, rows: Any, n_classes: int, untrained: Callable[[], BaseEstimator]) -> None:
    """Raise `UserError` if the net predicts nothing of the target's shape, or can predict one class only."""
    net, n = net_of(trial), len(rows)
    predicted = np.asarray(trial.predict(rows))
    if predicted.shape not in ((n,), (n, 1)):
        raise UserError(
            f"For {n} rows, the net predicts numbers of the shape {predicted.shape}; it should be one for each row. "
            "Let the module's forward return as many columns as its n_outputs, which it is given if it takes them: "
            "one, or one for each class with CrossEntropyLoss."
        )
    if not isinstance(net, ClassifierMixin):
        return
    proba = np.asarray(trial.predict_proba(rows))
    columns = proba.shape[1] if proba.ndim > 1 else 1
    if columns != n_classes:
        always = ", so it would always predict the first" if columns == 1 else ""
        raise UserError(
            f"The data has {n_classes} classes, but with {net.criterion.__name__} the net has {columns} "
            f"output{'s' * (columns != 1)} to tell them apart{always}. Let the module return an output for each class "
            "with CrossEntropyLoss or NLLLoss, or, for two classes, one output with BCEWithLogitsLoss or BCELoss; a "
            "criterion of your own is best derived from one of these."
        )
    if not (known := np.isin(predicted, np.arange(n_classes))).all():
        raise UserError(
            f"The net predicts {predicted[~known][0]}, which is none of the classes 0 to {n_classes - 1}. Let the "
            "wrapper's predict return the number of a class."
        )
    if np.isin(proba, (0, 1)).all() and (proba == proba[0]).all() and _is_constant(untrained(), rows, proba):
        raise UserError(
            f"The net gives each row the probability {proba[0, -1]:g}, whatever its weights are: a softmax over one "
            "column is always 1. Let the module end in a sigmoid, or return a column for each class with "
            "CrossEntropyLoss."
        )


def _is_constant(untrained: BaseEstimator, rows: Any, proba: np.ndarray) -> bool:
    """Whether probabilities that are 0 or 1 stay so with small weights, and so are not a sigmoid's of large numbers."""
    with torch.no_grad():
        for weight in net_of(untrained).module_.parameters():
            weight.mul_(1e-3)
    return bool(np.array_equal(untrained.predict_proba(rows), proba))


def _check_scores(trial: BaseEstimator, rows: Any, expected: np.ndarray, scorer: Scorer) -> None:
    for place, (name, score) in enumerate(scorer.scorers.items()):
        if place:
            problem = f"A trial of one epoch could not be scored by {name}"
            way_out = f"Remove {name} from cv.also_score in params.yaml, or let the net predict what it needs."
        else:
            problem = "A trial of one epoch could not be scored"
            way_out = (
                "Set cv.scoring in params.yaml to a score that fits the net, such as accuracy for classes, roc_auc for "
                "two classes, roc_auc_ovr for more, or r2 for numbers."
            )
        with explained(problem, way_out):
            if not np.isfinite(value := score(trial, rows, expected)):
                raise UserError(f"{problem}: {name} is {value}. {way_out}")
