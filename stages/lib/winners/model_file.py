"""Saves a fitted estimator in a safetensors file: all its numbers, and as text everything needed to use them."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from pydantic import ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from sklearn.base import BaseEstimator, clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyRegressor

from stages.lib.common import RAISED, UserError, explained, own_place, reading, write_bytes
from stages.lib.config import PARAMS_FILE, Params
from stages.lib.config.problems import sentences
from stages.lib.data import Dataset
from stages.lib.lockstep import net_of, seed_everything
from stages.lib.model import against_divergence, build_estimator, is_classifier, resolve_settings, rows, target
from stages.lib.model.preparation import numbers, take_over
from stages.lib.model.prepared import preparation_of
from stages.lib.search.fault import advice_on_one_row
from stages.lib.winners.card import Card
from stages.lib.winners.leaderboard import BEST_PARAMS

MODEL_FILE = Path("models/best.safetensors")
# Prefixes of the tensors' names, so that a module can give its parts any names.
_NET, _PREPARE, _TARGET = "net.", "prepare.", "target."
# Keys of a net that begin so are of no use to one that predicts.
_OF_TRAINING = ("callbacks", "iterator", "compile")
# A broken file may have names of any length.
_LONGEST = 600


def fit_on_all_rows(name: str, settings: dict[str, Any], data: Dataset, params: Params) -> BaseEstimator:
    """Fit the setting of this name on every row; raises `UserError` if that fails or diverges."""
    resolved = resolve_settings(settings, str(BEST_PARAMS), name, params.cv)
    estimator = build_estimator(resolved, data, params.prepare)
    seed_everything(params.seed)
    y = target(data.y, resolved["wrapper"], resolved["criterion"])
    with explained(
        f"The kept setting, {name}, can't be fitted on all rows",
        lambda error: advice_on_one_row(error) or "Fix the module or its settings.",
    ):
        estimator.fit(rows(data, estimator), y)
    if net_of(estimator).diverged_:
        raise UserError(
            f"The kept setting, {name}, diverged when it was fitted on all rows: its weights are not finite. "
            + against_divergence(resolved, params.prepare)
        )
    return estimator


def save_model(path: Path, estimator: BaseEstimator, card: Card) -> None:
    """Write a fitted estimator from `build_estimator` and its card; the same numbers give the same bytes."""
    # Copy each weight: weights that layers share are one tensor under two names.
    weights = net_of(estimator).module_.state_dict()
    tensors = {f"{_NET}{name}": weight.cpu().contiguous().clone() for name, weight in weights.items()}
    if preparation := preparation_of(estimator):
        tensors |= _tensors(_PREPARE, preparation.learned())
    if isinstance(estimator, TransformedTargetRegressor):
        tensors |= _tensors(_TARGET, dict(numbers(estimator.transformer_)))
    write_bytes(path, save(tensors, metadata={"card": card.to_text()}))


def _tensors(beginning: str, arrays: dict[str, np.ndarray]) -> dict[str, torch.Tensor]:
    return {f"{beginning}{name}": torch.from_numpy(np.ascontiguousarray(values)) for name, values in arrays.items()}


def load_model(path: Path, source: str) -> tuple[BaseEstimator, Card]:
    """Read what `save_model` wrote; the net runs on the CPU, regardless of where it was trained.

    The file is data: all of it is checked, and it can name only what torch, skorch and the user's own code have.

    Parameters
    ----------
    path : Path
    source : str
        `model.source`, where the user's own code is.

    Raises
    ------
    UserError
        If the file is missing or broken, has something that is none of `save_model`'s, or its module has changed.
    """
    again = "Run `dvc repro evaluate`."
    expected = "not a model that the stage evaluate wrote"
    with reading(path, expected, again, OSError, SafetensorError, RecursionError), safe_open(path, "pt") as file:
        text = file.metadata()["card"]
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it has no __iter__)
    card = _card(path, text, again)

    try:
        settings = resolve_settings(card.settings | {"device": "cpu"}, str(path), "settings", only_from=source)
        if is_classifier(settings["wrapper"]) != bool(card.classes):
            raise UserError(f"{path}: settings.wrapper does not go with its {len(card.classes)} classes.")
        # Nothing is trained any more.
        kept = {key: value for key, value in settings.items() if not key.startswith(_OF_TRAINING)}
        estimator = build_estimator(kept, card.without_rows(), card.prepare)
    except UserError as error:
        told = (problem.replace(f"{PARAMS_FILE}:", f"{path}: its card:")[:_LONGEST] for problem in map(str, error.args))
        raise UserError(*(_ended(problem, again) for problem in told)) from error.__cause__
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
        changed = f"{path} does not fit {card.settings['module']} as it is now: {problem[:_LONGEST]}"
        raise UserError(_ended(changed, again)) from cause
    if unfit:
        raise UserError(f"{path}: {unfit[0]} has numbers that are not finite, so the model predicts nothing. {again}")
    with reading(path, expected, again):
        learned = {_PREPARE: 0, _TARGET: 0}
        if preparation := preparation_of(estimator):
            learned[_PREPARE] = len(preparation.take_over(_arrays(tensors, _PREPARE)).learned())
        if isinstance(estimator, TransformedTargetRegressor):
            estimator = _with_target(estimator, _arrays(tensors, _TARGET))
            learned[_TARGET] = len(list(numbers(estimator.transformer_)))
        if len(tensors) != len(_part(tensors, _NET)) + sum(learned.values()):
            raise ValueError("it has other tensors besides these")
    return estimator, card


def _card(path: Path, text: str, again: str) -> Card:
    try:
        return Card.from_text(text)
    except ValidationError as error:
        problems = sentences(error, {})
    except (ValueError, RecursionError) as error:
        problems = [str(error)]
    raise UserError(*(_ended(f"{path}: its card is not as evaluate writes it: {each}", again) for each in problems))


def _ended(problem: str, again: str) -> str:
    return f"{problem} {again}" if problem.endswith((".", "?")) else f"{problem}. {again}"


def _misfit(expected: dict[str, torch.Tensor], given: dict[str, torch.Tensor]) -> str | None:
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
    with explained("The saved model can't predict these rows", "Run `dvc repro evaluate`."):
        proba = estimator.predict_proba(given) if card.classes else estimator.predict(given).ravel()
        labels = np.asarray(card.classes)[estimator.predict(given)] if card.classes else proba
    finite = np.isfinite(proba).reshape(len(given), -1).all(axis=1)
    if not finite.all():
        raise UserError(
            f"The saved model has no finite prediction for row {int(np.argmin(finite)) + 1} and {(~finite).sum() - 1} "
            "others: their values are too large for it, or its weights are. Correct the values, or train a model on "
            "such rows."
        )
    if not card.classes:
        return pd.DataFrame({card.target: proba})
    first = 1 if len(card.classes) == 2 else 0
    if not np.allclose(proba.sum(axis=1), 1, atol=1e-3):  # a criterion of the user's own may leave other numbers
        return pd.DataFrame({card.target: labels})
    columns = {f"{card.target}={label}": proba[:, number] for number, label in enumerate(card.classes)}
    return pd.DataFrame({card.target: labels} | dict(list(columns.items())[first:]))
