"""Nets that ONNX can't express: their numbers in a safetensors file, and as text what is needed to build them again."""

import hashlib
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from sklearn.base import BaseEstimator, clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyRegressor

from gridstage.common import RAISED, UserError, own_place, reading
from gridstage.engine import net_of
from gridstage.export.card import WHAT, Card, refused
from gridstage.handover.fitted import outputs_of
from gridstage.model import build_estimator, resolve_settings
from gridstage.model.names import HOMES
from gridstage.model.preparation import learned, take_over
from gridstage.model.prepared import preparation_of

# What is said of a file whose hash is not that of its card.
DAMAGED = ": its numbers are not those that were saved, so the file is damaged"

Tensors = dict[str, torch.Tensor]
# The prefix of weights' names, so that a module can give its parts any names.
_NET = "net."
# Keys of a net that begin so are of no use to one that predicts.
_OF_TRAINING = ("callbacks", "compile", "iterator", "optimizer")


class NetModel:
    """A net that predicts by skorch, on the CPU, regardless of where it was trained."""

    def __init__(self, estimator: BaseEstimator) -> None:
        self.estimator = estimator

    def outputs(self, card: Card, X: pd.DataFrame) -> list[np.ndarray]:
        """Return labels and probabilities, or numbers and the ends of their intervals, in this order."""
        return outputs_of(self.estimator, card, X)


def net_content(estimator: BaseEstimator, card: Card) -> bytes:
    """Return the bytes of a fitted net's file; the same numbers give the same bytes."""
    # Copy each weight: weights that layers share are one tensor under two names.
    weights = net_of(estimator).module_.state_dict()
    tensors = {
        f"{_NET}{name}": weight.cpu().contiguous().clone()
        for name, weight in weights.items()
    }
    scaler = getattr(estimator, "transformer_", None)
    for name, values in learned(preparation_of(estimator), scaler).items():
        tensors[name] = torch.from_numpy(np.ascontiguousarray(values))
    card = card.model_copy(update={"digest": digest_of(tensors)})
    # One entry in the metadata: safetensors writes several in varying order.
    return save(tensors, metadata={"card": card.text})


def digest_of(tensors: Tensors) -> str:
    """Return a hash of the numbers of a net, by name."""
    return hashlib.sha256(save(tensors)).hexdigest()[:16]


def load_net(path: Path, packages: Collection[str]) -> tuple[NetModel, Card]:
    """Read what `net_content` made; raises `UserError` if the file can't be used, or its module has changed.

    The file is data: it can name only what torch, skorch, `nets` and the packages have, those that params.yaml names.
    """
    with reading(path, *WHAT, OSError, SafetensorError), safe_open(path, "pt") as file:
        text = file.metadata()["card"]
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it has no __iter__)
    card = Card.read(text, path)
    if card.kind != "net":
        finding = f" has {card.called} in the form of an older version of this project"
        raise refused(path, finding)
    if card.digest != digest_of(tensors):
        raise refused(path, DAMAGED)
    try:
        return NetModel(_net(path, card, tensors, packages)), card
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise refused(path, f" does not fit its card: {error}") from None


def _net(
    path: Path, card: Card, tensors: Tensors, packages: Collection[str]
) -> BaseEstimator:
    """Return the net of a file; raises `UserError` if the module has changed."""
    assert card.settings  # a card of a net has some
    estimator = _built(path, card, card.settings.model_dump(), packages)
    weights = {
        name.removeprefix(_NET): tensor
        for name, tensor in tensors.items()
        if name.startswith(_NET)
    }
    try:
        net_of(estimator).initialize().module_.load_state_dict(weights)
    except RAISED as error:  # the module may be the user's own
        problem = " ".join(str(error).split())
        if place := own_place(error):
            problem += f", at {place}"
        finding = f" does not fit {card.settings.module} as it is now: {problem}"
        raise refused(path, finding) from error
    scaler = None
    if isinstance(estimator, TransformedTargetRegressor):
        # The fit of any rows sets what scikit-learn keeps besides the numbers.
        some, regressor = np.zeros((2, 1), dtype=np.float32), estimator.regressor
        stand_in = clone(estimator).set_params(regressor=DummyRegressor())
        estimator = stand_in.fit(some, some)
        estimator.regressor = estimator.regressor_ = regressor
        scaler = estimator.transformer_
    take_over(preparation_of(estimator), scaler, tensors)
    return estimator


def _built(
    path: Path, card: Card, settings: dict[str, Any], packages: Collection[str]
) -> BaseEstimator:
    """Return the estimator of a card, whose names may be from torch, skorch, `nets` and some packages."""
    # Nothing is trained any more.
    settings = {
        key: value
        for key, value in settings.items()
        if not key.startswith(_OF_TRAINING)
    }
    settings |= {"device": "cpu", "optimizer": "SGD"}
    homes = {*HOMES, *packages}
    try:
        settings = resolve_settings(settings, "its card", "settings", only=homes)
        return build_estimator(settings, card.without_rows(), card.prepare)
    except UserError as error:
        problem = "; ".join(map(str, error.args)).rstrip(".")
        finding = f" has a net that can't be built: {problem}"
        raise refused(path, finding) from error.__cause__
