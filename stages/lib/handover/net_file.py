"""A net as the numbers of a file: its weights, what its preparation has learned, and the net built from them again."""

from collections.abc import Collection
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyRegressor

from stages.lib.common import RAISED, Output, UserError, own_place
from stages.lib.engine import net_of
from stages.lib.handover.arrays import Tensors, named, part
from stages.lib.handover.card import Card
from stages.lib.model import build_estimator, is_classifier, resolve_settings
from stages.lib.model.imports import HOMES, now_in_nets
from stages.lib.model.preparation import learned, take_over
from stages.lib.model.prepared import preparation_of

# The prefix of weights' names, so that a module can give its parts any names.
_NET = "net."
# Keys of a net that begin so are of no use to one that predicts.
_OF_TRAINING = ("callbacks", "compile", "iterator", "optimizer")


def net_tensors(estimator: BaseEstimator) -> Tensors:
    """Return all numbers of a fitted estimator from `build_estimator`."""
    # Copy each weight: weights that layers share are one tensor under two names.
    weights = net_of(estimator).module_.state_dict()
    tensors = {f"{_NET}{name}": weight.cpu().contiguous().clone() for name, weight in weights.items()}
    return tensors | named(learned(preparation_of(estimator), getattr(estimator, "transformer_", None)))


def load_net(output: Output, card: Card, tensors: Tensors, packages: Collection[str]) -> BaseEstimator:
    """Return the net of a file; it runs on the CPU, regardless of where it was trained.

    It names what torch, skorch, `nets` and the packages have. Raises `UserError` if the module has changed, and
    `ValueError` or `KeyError` if the numbers of the preparation are not those of the card's columns.
    """
    assert card.settings  # a card of a net has some
    estimator = _built(output, card, card.settings.model_dump(), packages)
    weights = part(tensors, _NET)
    try:
        net_of(estimator).initialize().module_.load_state_dict(weights)
    except RAISED as error:  # the module may be the user's own
        place = own_place(error)
        problem = " ".join(str(error).split()) + (f", at {place}" if place else "")
        raise output.refused(f" does not fit {card.settings.module} as it is now: {problem}") from error
    scaler = None
    if isinstance(estimator, TransformedTargetRegressor):
        estimator = _fitted(estimator)
        scaler = estimator.transformer_
    take_over(preparation_of(estimator), scaler, tensors)
    return estimator


def _built(output: Output, card: Card, settings: dict[str, Any], packages: Collection[str]) -> BaseEstimator:
    """Return the estimator of a card, whose names may be from torch, skorch, `nets` and some packages."""
    # Nothing is trained any more.
    settings = {key: value for key, value in settings.items() if not key.startswith(_OF_TRAINING)}
    settings |= {"device": "cpu", "optimizer": "SGD"}
    for key, value in settings.items():  # files of an older version
        if str(value).startswith("stages.lib."):
            settings[key] = now_in_nets(value)
    try:
        settings = resolve_settings(settings, "its card", "settings", only={*HOMES, *packages})
        if is_classifier(settings["wrapper"]) != bool(card.classes):
            raise UserError(f"settings.wrapper does not go with its {len(card.classes)} classes")
        return build_estimator(settings, card.without_rows(), card.prepare)
    except UserError as error:
        problem = "; ".join(map(str, error.args)).rstrip(".")
        raise output.refused(f" has a net that can't be built: {problem}") from error.__cause__


def _fitted(estimator: TransformedTargetRegressor) -> TransformedTargetRegressor:
    """Return the estimator with its regressor as it is, and a scaler of the target that `take_over` can fill."""
    # The fit of any rows sets what scikit-learn keeps besides the numbers.
    some = np.zeros((2, 1), dtype=np.float32)
    fitted = clone(estimator).set_params(regressor=DummyRegressor()).fit(some, some)
    fitted.regressor = fitted.regressor_ = estimator.regressor
    return fitted
