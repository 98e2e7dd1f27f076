"""Trains one net for one epoch, to find what does not fit together before a long search."""

import warnings
from itertools import chain
from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin

from gridstage.common import UserError, as_user_error, counted, in_params
from gridstage.engine import TrainTest, net_of
from gridstage.experiment.aside.candidates import check_candidates
from gridstage.experiment.aside.probe import advice, lean_copy
from gridstage.experiment.opened import Opened
from gridstage.scores.scorer import RecordingScorer

_BATCH, _DROPS = "batch_size", "iterator_train__drop_last"


def check_experiment(experiment: Opened) -> None:
    """Try nets of an experiment, to find what does not fit together before a long search.

    Nets take their first step, and one is trained for an epoch on the first split.

    Parameters
    ----------
    experiment : Opened
        As `open_experiment` returns it.

    Raises
    ------
    UserError
        With the place in params.yaml of what is wrong, if that is one setting.

    Examples
    --------
    >>> check_experiment(experiment)  # says nothing if all fits together
    """
    first, scorer = experiment.splits[0], experiment.scorer  # whose errors come first
    check_candidates(experiment)
    _check_batches(experiment)
    check_trial(experiment.estimator, experiment.X, experiment.y, first, scorer)


def _check_batches(experiment: Opened) -> None:
    """Raise `UserError` if a training fold has too few rows for a whole batch, so that nothing would be learnt."""
    name = experiment.name
    parts = experiment.params.settings(name)["train_split"]
    fewest = min(len(train) for train, _ in experiment.splits)
    left = fewest - fewest // parts if parts else fewest
    for candidate in experiment.candidates:
        whole = experiment.settings | candidate
        if whole.get(_DROPS) and whole[_BATCH] > left:
            finding = (
                f": {_BATCH} is {whole[_BATCH]} and {_DROPS} is true, but a training fold has {left:,} rows, so an "
                "epoch has no batch and nothing is learnt"
            )
            remedy = f"Set {_BATCH} to {left} or less, or {_DROPS} to false."
            raise UserError(in_params(f"experiments.{name}", finding, remedy))


def check_trial(
    estimator: BaseEstimator,
    X: np.ndarray,
    y: np.ndarray,
    split: TrainTest,
    scorer: RecordingScorer,
) -> None:
    """Train one epoch, predict and score.

    Raises `UserError` if the module, the criterion, the scorers and the data don't fit together, if the net can predict
    only one class or nothing of the target's shape, or if its output is not finite before any training. The error
    includes the original error.
    """
    train, test = split
    otherwise = "Change the setting in params.yaml that this is about, or the module, the criterion or the data."
    with as_user_error(
        "A trial of one epoch failed", lambda error: advice(error, otherwise)
    ):
        trial = _fitted(estimator, X[train], y[train])
        _check_layers(net_of(trial).module_)
        first_loss = _first_loss(net_of(trial))
        if net_of(trial).diverged_ or np.isnan(first_loss):
            # An untrained net has predictions to score too, unless it is at fault itself.
            trial = _fitted(estimator, X[train], y[train], max_epochs=0)
            if net_of(trial).diverged_ or not np.isfinite(first_loss):
                raise UserError(
                    "The net's output or its loss is not finite before any training, so the learning rate is not at "
                    "fault. Look for a division by 0, or a logarithm or root of a negative number, in the module's "
                    "forward and the criterion (NLLLoss takes probabilities), and at very large inputs."
                )
    with as_user_error(
        "A trial of one epoch could not predict",
        "Let the module's forward return a tensor with one row for each row of its input, for any number of rows.",
    ):
        _check_predictions(trial, X[test], int(y.max()) + 1)
    _check_scores(trial, X[test], y[test].ravel(), scorer)


def _fitted(
    estimator: BaseEstimator, X: np.ndarray, y: np.ndarray, max_epochs: int = 1
) -> BaseEstimator:
    with warnings.catch_warnings():
        # torch says so of a loss that compares each row with every other row, and goes on.
        warnings.filterwarnings("error", message="Using a target size")
        return lean_copy(estimator, max_epochs=max_epochs).fit(X, y)


def _first_loss(net: Any) -> float:
    """Return the loss of the first batch; 0 where the criterion raised an error because the net diverged."""
    batches = [batch for epoch in net.history[:1] for batch in epoch["batches"]]
    return float(batches[0].get("train_loss", 0.0)) if batches else 0.0


def _check_layers(module: torch.nn.Module) -> None:
    """Raise `UserError` if attributes hold layers in a plain list or dict, so that no optimizer trains them."""
    registered = {id(layer) for layer in module.modules()}
    for layer in module.modules():
        for name, value in vars(layer).items():
            if name.startswith("_") or not isinstance(value, dict | list | tuple):
                continue
            parts = value.values() if isinstance(value, dict) else value
            layers = [part for part in parts if isinstance(part, torch.nn.Module)]
            hidden = [part for part in layers if id(part) not in registered]
            weights = chain(*(part.parameters() for part in hidden))
            if any(weight.requires_grad for weight in weights):
                raise UserError(
                    f"{type(layer).__name__}.{name} holds layers in a plain list or dict, where torch does not see "
                    "them, so they are never trained. Put them into nn.ModuleList or nn.ModuleDict."
                )


def _check_predictions(trial: BaseEstimator, rows: np.ndarray, n_classes: int) -> None:
    """Raise `UserError` if a classifier has not as many probabilities as there are classes."""
    trial.predict(rows)  # of another number of rows than it was fitted on
    net = net_of(trial)
    if not isinstance(net, ClassifierMixin):
        return
    proba = np.asarray(trial.predict_proba(rows))
    columns = proba.shape[1] if proba.ndim > 1 else 1
    if columns != n_classes:
        raise UserError(
            f"The data has {n_classes} classes, but with {net.criterion.__name__} the net has "
            f"{counted(columns, 'output')} to tell them apart. Let the module return an output for each class with "
            "CrossEntropyLoss or NLLLoss, or, for two classes, one output with BCEWithLogitsLoss or BCELoss; a "
            "criterion of your own is best derived from one of these."
        )


def _check_scores(
    trial: BaseEstimator,
    rows: np.ndarray,
    expected: np.ndarray,
    scorer: RecordingScorer,
) -> None:
    for place, (name, score) in enumerate(scorer.scorers.items()):
        problem = f"A trial of one epoch could not be scored by {name}"
        setting = "cv.also_score" if place else "cv.scoring"
        way_out = f"Set {setting} in params.yaml to scores that fit the net, such as accuracy, roc_auc_ovr or r2."
        with as_user_error(problem, way_out):
            value = score(trial, rows, expected)
            if not np.isfinite(value):
                raise UserError(f"{problem}: it is {value}. {way_out}")
