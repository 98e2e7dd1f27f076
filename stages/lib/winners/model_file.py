"""Saves a fitted estimator in a safetensors file: all its numbers, and as text everything needed to use them."""

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

from stages.lib.common import UserError, explained, reading, write_bytes
from stages.lib.config import Params
from stages.lib.data import Dataset
from stages.lib.lockstep import net_of, seed_everything
from stages.lib.model import build_estimator, is_classifier, resolve_settings, rows, target
from stages.lib.model.preparation import numbers
from stages.lib.model.prepared import fitted_net, preparation_of
from stages.lib.winners.card import Card
from stages.lib.winners.leaderboard import BEST_PARAMS

MODEL_FILE = Path("models/best.safetensors")
# Prefixes of the tensors' names, so that a module can give its parts any names.
_NET, _PREPARE, _TARGET = "net.", "prepare.", "target."


def fit_on_all_rows(name: str, settings: dict[str, Any], data: Dataset, params: Params) -> BaseEstimator:
    """Fit the setting of this name on every row; raises `UserError` if that fails or diverges."""
    resolved = resolve_settings(settings, str(BEST_PARAMS), name, params.cv)
    estimator = build_estimator(resolved, data, params.prepare)
    seed_everything(params.seed)
    y = target(data.y, resolved["wrapper"], resolved["criterion"])
    with explained(f"The kept setting, {name}, can't be fitted on all rows", "Fix the module or its settings."):
        estimator.fit(rows(data, estimator), y)
    if fitted_net(estimator).diverged_:
        raise UserError(
            f"The kept setting, {name}, diverged when it was fitted on all rows: its weights are not finite. "
            "Lower the learning rates, or scale the data with prepare.scale: standard."
        )
    return estimator


def save_model(path: Path, estimator: BaseEstimator, card: Card) -> None:
    """Write a fitted estimator from `build_estimator` and its card; the same numbers give the same bytes."""
    # Copy each weight: weights that layers share are one tensor under two names.
    weights = fitted_net(estimator).module_.state_dict()
    tensors = {f"{_NET}{name}": weight.cpu().contiguous().clone() for name, weight in weights.items()}
    if preparation := preparation_of(estimator):
        tensors |= _tensors(_PREPARE, preparation.learned())
    if isinstance(estimator, TransformedTargetRegressor):
        tensors |= _tensors(_TARGET, dict(numbers(estimator.transformer_)))
    write_bytes(path, save(tensors, metadata={"card": card.to_text()}))


def _tensors(beginning: str, arrays: dict[str, np.ndarray]) -> dict[str, torch.Tensor]:
    return {f"{beginning}{name}": torch.from_numpy(np.ascontiguousarray(values)) for name, values in arrays.items()}


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
        card = Card.from_text(file.metadata()["card"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it has no __iter__)

    settings = resolve_settings(card.settings | {"device": "cpu"}, str(path), "settings")
    estimator = build_estimator(settings, card.without_rows(), card.prepare)
    try:
        net_of(estimator).initialize().module_.load_state_dict(_part(tensors, _NET))
    except Exception as error:  # the module may be the user's own
        problem = " ".join(str(error).split())
        raise UserError(f"{path} does not fit {card.settings['module']} as it is now: {problem} {again}") from None
    with reading(path, expected, again):
        if preparation := preparation_of(estimator):
            preparation.take_over(_arrays(tensors, _PREPARE))
        if isinstance(estimator, TransformedTargetRegressor):
            estimator = _with_target(estimator, _arrays(tensors, _TARGET))
    return estimator, card


def _with_target(estimator: TransformedTargetRegressor, learned: dict[str, np.ndarray]) -> TransformedTargetRegressor:
    """Return it fitted, with its regressor as it is."""
    # The fit of any rows sets what scikit-learn keeps besides the numbers.
    some = np.zeros((2, 1), dtype=np.float32)
    fitted = clone(estimator).set_params(regressor=DummyRegressor()).fit(some, some)
    for key, _ in numbers(fitted.transformer_):
        setattr(fitted.transformer_, key, learned[key])
    fitted.regressor = fitted.regressor_ = estimator.regressor
    return fitted


def _part(tensors: dict[str, torch.Tensor], beginning: str) -> dict[str, torch.Tensor]:
    return {name.removeprefix(beginning): tensor for name, tensor in tensors.items() if name.startswith(beginning)}


def _arrays(tensors: dict[str, torch.Tensor], beginning: str) -> dict[str, np.ndarray]:
    return {name: tensor.numpy() for name, tensor in _part(tensors, beginning).items()}


def predict(estimator: BaseEstimator, card: Card, X: pd.DataFrame) -> pd.DataFrame:
    """Predict rows.

    Parameters
    ----------
    estimator, card
        As `load_model` returns them.
    X : DataFrame of shape (n_rows, n_features)
        The columns of `card.features`.

    Returns
    -------
    DataFrame
        For a regression, the number, in a column with the target's name. For classes, the label in a column with the
        target's name, then probabilities: `target=label` of the second of two classes, or of each of several.

    Raises
    ------
    UserError
        If cells are missing that the preparation does not replace.
    """
    missing = card.columns.missing(X) if card.prepare.impute is None else {}
    if missing:
        listed = ", ".join(f"{name} ({count:,})" for name, count in missing.items())
        raise UserError(
            f"Cells are missing in {listed}, and the model was trained with prepare.impute: null. Fill them in, or set "
            "prepare.impute in params.yaml, and run `dvc repro`."
        )
    given = card.columns.as_array(X)
    if preparation_of(estimator) is None:
        given = given.astype(np.float32)
    if not is_classifier(type(net_of(estimator))):
        return pd.DataFrame({card.target: estimator.predict(given).ravel()})
    proba = estimator.predict_proba(given)
    first = 1 if len(card.classes) == 2 else 0
    labels = np.asarray(card.classes)[estimator.predict(given)]
    columns = {f"{card.target}={label}": proba[:, number] for number, label in enumerate(card.classes)}
    return pd.DataFrame({card.target: labels} | dict(list(columns.items())[first:]))
