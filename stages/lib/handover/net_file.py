"""A net as the numbers of a file: its weights, what its preparation has learned, and the net built from them again."""

from pathlib import Path

import numpy as np
import torch
from sklearn.base import BaseEstimator, clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyRegressor

from stages.lib.common import RAISED, UserError, own_place, reading
from stages.lib.config import PARAMS_FILE
from stages.lib.engine import net_of
from stages.lib.handover.card import Card
from stages.lib.handover.sentences import AGAIN, EXPECTED, LONGEST, ended
from stages.lib.model import build_estimator, is_classifier, resolve_settings
from stages.lib.model.preparation import numbers, take_over
from stages.lib.model.prepared import preparation_of

Tensors = dict[str, torch.Tensor]

# Prefixes of the tensors' names, so that a module can give its parts any names.
_NET, _PREPARE, _TARGET = "net.", "prepare.", "target."
# Keys of a net that begin so are of no use to one that predicts.
_OF_TRAINING = ("callbacks", "iterator", "compile")


def tensors_of(estimator: BaseEstimator) -> Tensors:
    """Return all numbers of a fitted estimator from `build_estimator`."""
    # Copy each weight: weights that layers share are one tensor under two names.
    weights = net_of(estimator).module_.state_dict()
    tensors = {f"{_NET}{name}": weight.cpu().contiguous().clone() for name, weight in weights.items()}
    if preparation := preparation_of(estimator):
        tensors |= _tensors(_PREPARE, preparation.learned())
    if isinstance(estimator, TransformedTargetRegressor):
        tensors |= _tensors(_TARGET, dict(numbers(estimator.transformer_)))
    return tensors


def _tensors(beginning: str, arrays: dict[str, np.ndarray]) -> Tensors:
    return {f"{beginning}{name}": torch.from_numpy(np.ascontiguousarray(values)) for name, values in arrays.items()}


def load_net(path: Path, card: Card, tensors: Tensors, source: str) -> BaseEstimator:
    """Return the net of a file; it runs on the CPU, regardless of where it was trained.

    Parameters
    ----------
    path : Path
        For the sentences of errors.
    card : Card
    tensors : dict of tensors
        As `tensors_of` returned them.
    source : str
        `model.source`, where the user's own code is.

    Raises
    ------
    UserError
        If the file has something that is none of `tensors_of`'s, or its module has changed.
    """
    estimator = _built(path, card, source)
    cause: BaseException | None = None
    try:
        module = net_of(estimator).initialize().module_
        problem = _misfit(module.state_dict(), _part(tensors, _NET))
        if not problem:
            module.load_state_dict(_part(tensors, _NET))
            # A buffer may have infinite numbers on purpose, as the mask of an attention does.
            buffers = {f"{_NET}{name}" for name, _ in module.named_buffers()}
            unfit = [name for name, tensor in tensors.items() if not _is_fit(tensor, name in buffers)]
    except RAISED as error:  # the module may be the user's own
        place, cause = own_place(error), error
        problem = " ".join(str(error).split()) + (f", at {place}" if place else "")
    if problem:
        changed = f"{path} does not fit {card.settings['module']} as it is now: {problem[:LONGEST]}"
        raise UserError(ended(changed)) from cause
    if unfit:
        raise UserError(f"{path}: {unfit[0]} has numbers that are not finite, so the model predicts nothing. {AGAIN}")
    with reading(path, EXPECTED, AGAIN):
        learned = {_PREPARE: 0, _TARGET: 0}
        if preparation := preparation_of(estimator):
            learned[_PREPARE] = len(preparation.take_over(_arrays(tensors, _PREPARE)).learned())
        if isinstance(estimator, TransformedTargetRegressor):
            estimator = _with_target(estimator, _arrays(tensors, _TARGET))
            learned[_TARGET] = len(list(numbers(estimator.transformer_)))
        if len(tensors) != len(_part(tensors, _NET)) + sum(learned.values()):
            raise ValueError("it has other tensors besides these")
    return estimator


def _built(path: Path, card: Card, source: str) -> BaseEstimator:
    """Return the estimator of a card, which can name only what torch, skorch and the user's own code have."""
    try:
        settings = resolve_settings(card.settings | {"device": "cpu"}, str(path), "settings", only_from=source)
        if is_classifier(settings["wrapper"]) != bool(card.classes):
            raise UserError(f"{path}: settings.wrapper does not go with its {len(card.classes)} classes.")
        # Nothing is trained any more.
        kept = {key: value for key, value in settings.items() if not key.startswith(_OF_TRAINING)}
        return build_estimator(kept, card.without_rows(), card.prepare)
    except UserError as error:
        told = (problem.replace(f"{PARAMS_FILE}:", f"{path}: its card:")[:LONGEST] for problem in map(str, error.args))
        raise UserError(*map(ended, told)) from error.__cause__


def _misfit(expected: Tensors, given: Tensors) -> str | None:
    """Return what tensors of a file are not those of a module, or None; torch would convert types in silence."""
    for name in expected.keys() & given.keys():
        if (wanted := expected[name].dtype) != given[name].dtype:
            return f"{name} is {given[name].dtype}, not {wanted}"
    return None


def _is_fit(tensor: torch.Tensor, may_be_infinite: bool) -> bool:
    return not bool((tensor.isnan() if may_be_infinite else ~tensor.isfinite()).any())


def _with_target(estimator: TransformedTargetRegressor, learned: dict[str, np.ndarray]) -> TransformedTargetRegressor:
    """Return it fitted, with its regressor as it is."""
    # The fit of any rows sets what scikit-learn keeps besides the numbers.
    some = np.zeros((2, 1), dtype=np.float32)
    fitted = clone(estimator).set_params(regressor=DummyRegressor()).fit(some, some)
    take_over(fitted.transformer_, learned)
    fitted.regressor = fitted.regressor_ = estimator.regressor
    return fitted


def _part(tensors: Tensors, beginning: str) -> Tensors:
    return {name.removeprefix(beginning): tensor for name, tensor in tensors.items() if name.startswith(beginning)}


def _arrays(tensors: Tensors, beginning: str) -> dict[str, np.ndarray]:
    return {name: tensor.numpy() for name, tensor in _part(tensors, beginning).items()}
