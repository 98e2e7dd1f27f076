"""A net as the numbers of a file: its weights, what its preparation has learned, and the net built from them again."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyRegressor

from stages.lib.common import RAISED, Output, UserError, own_place
from stages.lib.config import PARAMS_FILE
from stages.lib.engine import net_of
from stages.lib.handover.card import Card
from stages.lib.handover.tensors import LONGEST, Tensors, check_finite, named, part
from stages.lib.model import build_estimator, is_classifier, resolve_settings
from stages.lib.model.preparation import learned, take_over
from stages.lib.model.prepared import preparation_of

# The prefix of weights' names, so that a module can give its parts any names.
_NET = "net."
# Keys of a net that begin so are of no use to one that predicts.
_OF_TRAINING = ("callbacks", "iterator", "compile")


def net_tensors(estimator: BaseEstimator) -> Tensors:
    """Return all numbers of a fitted estimator from `build_estimator`."""
    # Copy each weight: weights that layers share are one tensor under two names.
    weights = net_of(estimator).module_.state_dict()
    tensors = {f"{_NET}{name}": weight.cpu().contiguous().clone() for name, weight in weights.items()}
    return tensors | named(learned(preparation_of(estimator), getattr(estimator, "transformer_", None)))


def load_net(output: Output, card: Card, tensors: Tensors, source: str) -> BaseEstimator:
    """Return the net of a file; it runs on the CPU, regardless of where it was trained.

    The user's own code is in `source`, as of `model.source`. Raises `UserError` if the module has changed, or a number
    is not finite, and `ValueError` or `KeyError` if the numbers of the preparation are not those of the card's columns.
    """
    assert card.settings  # a card of a net has some
    estimator = _built(output, card, card.settings.model_dump(), source)
    weights = part(tensors, _NET)
    cause: BaseException | None = None
    try:
        module = net_of(estimator).initialize().module_
        if not (problem := _other_type(module.state_dict(), weights)):
            module.load_state_dict(weights)
        buffers = {f"{_NET}{name}" for name, _ in module.named_buffers()}
    except RAISED as error:  # the module may be the user's own
        place, cause = own_place(error), error
        problem = " ".join(str(error).split()) + (f", at {place}" if place else "")
    if problem:
        raise output.refused(f" does not fit {card.settings.module} as it is now: {problem[:LONGEST]}") from cause
    # A buffer may have infinite numbers on purpose, such as the mask of an attention.
    check_finite(output, tensors, buffers)
    scaler = None
    if isinstance(estimator, TransformedTargetRegressor):
        estimator = _fitted(estimator)
        scaler = estimator.transformer_
    take_over(preparation_of(estimator), scaler, tensors)
    return estimator


def _built(output: Output, card: Card, settings: dict[str, Any], source: str) -> BaseEstimator:
    """Return the estimator of a card, which can name only what torch, skorch and the user's own code have."""
    path = str(output.path)
    try:
        settings = resolve_settings(settings | {"device": "cpu"}, path, "settings", only_from=source)
        if is_classifier(settings["wrapper"]) != bool(card.classes):
            raise UserError(f"{path}: settings.wrapper does not go with its {len(card.classes)} classes.")
        # Nothing is trained any more.
        settings = {key: value for key, value in settings.items() if not key.startswith(_OF_TRAINING)}
        return build_estimator(settings, card.without_rows(), card.prepare)
    except UserError as error:
        problems = [each.replace(f"{PARAMS_FILE}:", f"{path}: its card:")[:LONGEST] for each in map(str, error.args)]
        raise output.refused(*(each.removeprefix(path) for each in problems)) from error.__cause__


def _other_type(expected: Tensors, weights: Tensors) -> str:
    """Return which weight has another type than its module's, or ""; torch would convert it in silence."""
    for name in expected.keys() & weights.keys():
        if (wanted := expected[name].dtype) != weights[name].dtype:
            return f"{name} is {weights[name].dtype}, not {wanted}"
    return ""


def _fitted(estimator: TransformedTargetRegressor) -> TransformedTargetRegressor:
    """Return the estimator with its regressor as it is, and a scaler of the target that `take_over` can fill."""
    # The fit of any rows sets what scikit-learn keeps besides the numbers.
    some = np.zeros((2, 1), dtype=np.float32)
    fitted = clone(estimator).set_params(regressor=DummyRegressor()).fit(some, some)
    fitted.regressor = fitted.regressor_ = estimator.regressor
    return fitted
