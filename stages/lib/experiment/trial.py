"""Trains one net for one epoch, to find what does not fit together before a long search."""

import warnings
from functools import partial
from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from skorch import NeuralNetClassifier

from stages.lib.common import UserError, counted, explained, in_params
from stages.lib.engine import TrainTest, net_of
from stages.lib.experiment.candidates import check_candidates
from stages.lib.experiment.fault import Seen, advice, observed
from stages.lib.experiment.opened import Opened
from stages.lib.experiment.probe import lean
from stages.lib.scores.scorer import RecordingScorer

_BATCH, _DROPS = "batch_size", "iterator_train__drop_last"


def check_experiment(experiment: Opened, split: TrainTest | None = None) -> None:
    """Try nets of an experiment, to find what does not fit together before a long search.

    The trial of an epoch takes the rows of a split, by default the first. Raises `UserError` with the place in
    params.yaml of what is wrong, if that is one setting.
    """
    split, scorer = split or experiment.splits[0], experiment.scorer  # whose errors come first
    check_candidates(experiment)
    _check_batches(experiment)
    check_trial(experiment.estimator, experiment.X, experiment.y, split, scorer)


def _check_batches(experiment: Opened) -> None:
    """Raise `UserError` if a training fold has too few rows for a whole batch, so that nothing would be learnt."""
    parts, name = experiment.params.settings(experiment.name)["train_split"], experiment.name
    fewest = min(len(train) for train, _ in experiment.splits)
    left = fewest - fewest // parts if parts else fewest
    for whole in (experiment.settings | candidate for candidate in experiment.candidates):
        if whole.get(_DROPS) and whole[_BATCH] > left:
            finding = (
                f": {_BATCH} is {whole[_BATCH]} and {_DROPS} is true, but a training fold has {left:,} rows, so an "
                "epoch has no batch and nothing is learnt"
            )
            remedy = f"Set {_BATCH} to {left} or less, or {_DROPS} to false."
            raise UserError(in_params(f"experiments.{name}", finding, remedy))


def check_trial(
    estimator: BaseEstimator, X: np.ndarray, y: np.ndarray, split: TrainTest, scorer: RecordingScorer
) -> None:
    """Train one epoch, predict and score.

    Raises `UserError` if the module, the criterion, the scorers and the data don't fit together, if the net can predict
    only one class or nothing of the target's shape, or if its output is not finite before any training. The error
    includes the original error.
    """
    train, test = split
    fit = partial(_fitted, X=X[train], y=y[train])
    with observed(net_of(estimator)) as seen:
        with explained("A trial of one epoch failed", lambda error: advice(error, seen)):
            trial = fit(estimator)
        _check_output(net_of(trial), seen)
        _check_layers(net_of(trial).module_)
        if net_of(trial).diverged_ or np.isnan(seen.first_loss or 0.0):
            # An untrained net has predictions to score too, unless it is at fault itself.
            trial = fit(estimator, max_epochs=0)
            if net_of(trial).diverged_ or not np.isfinite(seen.first_loss or 0.0):
                raise UserError(
                    "The net's output or its loss is not finite before any training, so the learning rate is not at "
                    "fault. Look for a division by 0, or a logarithm or root of a negative number, in the module's "
                    "forward and the criterion, and at very large inputs."
                )
    with explained(
        "A trial of one epoch could not predict",
        "Let the module's forward return a tensor with one row for each row of its input, for any number of rows.",
    ):
        _check_predictions(trial, X[test], int(y.max()) + 1)
    _check_scores(trial, X[test], y[test].ravel(), scorer)


def _fitted(estimator: BaseEstimator, X: np.ndarray, y: np.ndarray, max_epochs: int = 1) -> BaseEstimator:
    with warnings.catch_warnings():
        # torch says so of a loss that compares each row with every other row, and goes on.
        warnings.filterwarnings("error", message="Using a target size")
        return lean(estimator, max_epochs=max_epochs).fit(X, y)


def _check_output(net: Any, seen: Seen) -> None:
    """Raise `UserError` if the criterion can't learn from what the module returns."""
    tensors = isinstance(seen.output, torch.Tensor) and isinstance(seen.target, torch.Tensor)
    if tensors and seen.target.is_floating_point() and seen.output.ndim != seen.target.ndim:
        raise UserError(
            f"The module's output has the shape {tuple(seen.output.shape)}, but the target has "
            f"{tuple(seen.target.shape)}, so the criterion would compare each row with every other row. Let forward "
            "return one column: leave out a squeeze or flatten at its end, or add unsqueeze(-1)."
        )
    takes_logarithm = isinstance(net, NeuralNetClassifier) and isinstance(net.criterion_, torch.nn.NLLLoss)
    if takes_logarithm and isinstance(seen.returned, torch.Tensor) and bool((seen.returned < 0).any()):
        raise UserError(
            "The module returns negative numbers, but NLLLoss takes probabilities, of which skorch takes the "
            "logarithm. Let the module end in a softmax, or set model.criterion to CrossEntropyLoss, which takes the "
            "plain output."
        )


def _check_layers(module: torch.nn.Module) -> None:
    """Raise `UserError` if attributes hold layers in a plain list or dict, so that no optimizer trains them."""
    registered = {id(layer) for layer in module.modules()}
    hidden = [
        f"{type(layer).__name__}.{name}"
        for layer in module.modules()
        for name, value in vars(layer).items()
        if isinstance(value, list | tuple | dict) and not name.startswith("_")
        for part in (value.values() if isinstance(value, dict) else value)
        if isinstance(part, torch.nn.Module) and id(part) not in registered
        if any(weight.requires_grad for weight in part.parameters())
    ]
    if hidden:
        raise UserError(
            f"{', '.join(dict.fromkeys(hidden))} holds layers in a plain list or dict, where torch does not see them, "
            "so they are never trained. Put them into nn.ModuleList or nn.ModuleDict."
        )


def _check_predictions(trial: BaseEstimator, rows: np.ndarray, n_classes: int) -> None:
    """Raise `UserError` if the shape or the values of predictions can't be right."""
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
            f"The data has {n_classes} classes, but with {net.criterion.__name__} the net has "
            f"{counted(columns, 'output')} to tell them apart{always}. Let the module return an output for each class "
            "with CrossEntropyLoss or NLLLoss, or, for two classes, one output with BCEWithLogitsLoss or BCELoss; a "
            "criterion of your own is best derived from one of these."
        )
    if len(strays := predicted[~np.isin(predicted, np.arange(n_classes))]):
        raise UserError(
            f"The net predicts {strays[0]}, which is not one of the classes 0 to {n_classes - 1}. Let the wrapper's "
            "predict return the number of a class."
        )


def _check_scores(trial: BaseEstimator, rows: np.ndarray, expected: np.ndarray, scorer: RecordingScorer) -> None:
    for place, (name, score) in enumerate(scorer.scorers.items()):
        problem = "A trial of one epoch could not be scored" + f" by {name}" * bool(place)
        way_out = (
            f"Remove {name} from cv.also_score in params.yaml, or let the net predict what it needs."
            if place
            else "Set cv.scoring in params.yaml to a score that fits the net, such as accuracy for classes, roc_auc "
            "for two classes, roc_auc_ovr for more, or r2 for numbers."
        )
        with explained(problem, way_out):
            if not np.isfinite(value := score(trial, rows, expected)):
                raise UserError(f"{problem}: {name} is {value}. {way_out}")
