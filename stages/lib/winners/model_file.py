"""Saves a fitted net in a safetensors file: its weights, and as text everything needed to use them."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

from stages.lib.common import UserError, explained, reading, write_bytes
from stages.lib.config import Params
from stages.lib.data import Dataset
from stages.lib.lockstep import net_of, seed_everything
from stages.lib.model import build_estimator, is_classifier, resolve_settings, target
from stages.lib.winners.leaderboard import BEST_PARAMS, COMBINED

MODEL_FILE = Path("models/best.safetensors")
# Prefixes of the tensors' names, so that a module can give its parts any names.
_NET, _SCALER = "net.", "scaler."


@dataclass(frozen=True)
class Card:
    """The description of the weights in a model file.

    Parameters
    ----------
    settings : dict
        The net's settings, with names unresolved, as in `model` of params.yaml.
    scale : 'standard' or None
        `data.scale`.
    target : str
        The column that is predicted.
    features : list of str
        The columns it is predicted from, in the order of the net's inputs.
    classes : list of str
        The classes' labels; empty for a regression.
    """

    settings: dict[str, Any]
    scale: str | None
    target: str
    features: list[str]
    classes: list[str]


def fit_on_all_rows(settings: dict[str, Any], data: Dataset, params: Params) -> BaseEstimator:
    """Fit a net on every row; raises `UserError` if that fails or diverges."""
    resolved = resolve_settings(settings, str(BEST_PARAMS), COMBINED)
    estimator = build_estimator(resolved, data, params.data.scale)
    seed_everything(params.seed)
    y = target(data.y, resolved["wrapper"], resolved["criterion"])
    with explained("The combined setting can't be fitted on all rows", "Fix the module or its settings."):
        estimator.fit(data.X, y)
    if net_of(estimator).diverged_:
        raise UserError(
            "The combined setting diverged when it was fitted on all rows: its weights are not finite. "
            "Lower the learning rates, or scale the data with data.scale: standard."
        )
    return estimator


def save_model(path: Path, estimator: BaseEstimator, card: Card) -> None:
    """Write a fitted estimator from `build_estimator` and its card; the same weights give the same bytes."""
    # Copy each weight: weights that layers share are one tensor under two names.
    weights = net_of(estimator).module_.state_dict()
    tensors = {f"{_NET}{name}": weight.cpu().contiguous().clone() for name, weight in weights.items()}
    if isinstance(estimator, Pipeline):
        scaler = estimator[0]
        tensors |= {f"{_SCALER}{name}": torch.from_numpy(getattr(scaler, f"{name}_")) for name in ("mean", "scale")}
    # One entry: safetensors writes several in varying order.
    text = json.dumps(asdict(card), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    write_bytes(path, save(tensors, metadata={"card": text}))


def load_model(path: Path) -> tuple[BaseEstimator, Card]:
    """Read what `save_model` wrote; the net runs on the CPU, regardless of where it was trained.

    Raises
    ------
    UserError
        If the file is missing or broken, or its module has changed.
    """
    again = "Run `dvc repro evaluate`."
    expected = "not a model that the stage evaluate wrote"
    with reading(path, expected, again, OSError, SafetensorError), safe_open(path, framework="pt") as file:
        card = Card(**json.loads(file.metadata()["card"]))
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it has no __iter__)

    settings = resolve_settings(card.settings | {"device": "cpu"}, str(path), "settings")
    no_rows = np.empty((0, len(card.features)), dtype=np.float32)
    shape = Dataset(no_rows, np.empty(0), tuple(card.features), tuple(card.classes))
    estimator = build_estimator(settings, shape, card.scale)
    try:
        net_of(estimator).initialize().module_.load_state_dict(_part(tensors, _NET))
    except Exception as error:  # the module may be the user's own
        problem = " ".join(str(error).split())
        raise UserError(f"{path} does not fit {card.settings['module']} as it is now: {problem} {again}") from None
    if isinstance(estimator, Pipeline):
        for name, values in _part(tensors, _SCALER).items():
            setattr(estimator[0], f"{name}_", values.numpy())
    return estimator, card


def _part(tensors: dict[str, torch.Tensor], beginning: str) -> dict[str, torch.Tensor]:
    return {name.removeprefix(beginning): tensor for name, tensor in tensors.items() if name.startswith(beginning)}


def predict(estimator: BaseEstimator, card: Card, X: np.ndarray) -> tuple[list[str], np.ndarray]:
    """Predict rows.

    Parameters
    ----------
    estimator, card
        As `load_model` returns them.
    X : array of shape (n_rows, n_features)

    Returns
    -------
    names : list of str
        The names of the columns: `target=label` for the probability of a class, the target itself for a regression.
    predictions : array of shape (n_rows, n_columns)
        The probability of the second of two classes, of each class of several, or a number.
    """
    if not is_classifier(type(net_of(estimator))):
        return [card.target], estimator.predict(X).reshape(len(X), -1)
    first = 1 if len(card.classes) == 2 else 0
    names = [f"{card.target}={label}" for label in card.classes[first:]]
    return names, estimator.predict_proba(X)[:, first:]
