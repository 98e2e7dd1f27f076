"""Saves a model in a safetensors file, its numbers and as text what is needed to use them; reads it, and predicts."""

import hashlib
import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from sklearn.base import BaseEstimator, clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyRegressor

from stages.lib.common import RAISED, Output, UserError, explained, own_place, reading, write_bytes
from stages.lib.engine import net_of, replaced
from stages.lib.handover.batches import Slices
from stages.lib.handover.card import Card
from stages.lib.handover.plain import PlainModel, Tensors, named
from stages.lib.model import build_estimator, is_classifier, resolve_settings
from stages.lib.model.names import HOMES, now_in_nets
from stages.lib.model.preparation import learned, take_over
from stages.lib.model.prepared import preparation_of
from stages.lib.results.files import ANSWER_FILE

# The most bytes of an answer without a net. It is committed with every change, and git keeps all versions.
MOST_BYTES = 4_000_000
# The prefix of weights' names, so that a module can give its parts any names.
_NET = "net."
# Keys of a net that begin so are of no use to one that predicts.
_OF_TRAINING = ("callbacks", "compile", "iterator", "optimizer")


def save_model(path: Path, estimator: BaseEstimator | PlainModel, card: Card) -> None:
    """Write a fitted net or a model without one, and its card; the same numbers give the same bytes."""
    write_bytes(path, _content(_tensors(estimator), card))


def save_answer(estimator: BaseEstimator | PlainModel, card: Card) -> str:
    """Write `ANSWER_FILE`, without the numbers of a too large model without a net; return a sentence then, else ""."""
    content, problem = _content(_tensors(estimator), card), ""
    if isinstance(estimator, PlainModel) and len(content) > MOST_BYTES:
        card = card.model_copy(update={"kind": "left_out", "n_bytes": len(content)})
        content, problem = _content({}, card), _too_large(card)
    write_bytes(ANSWER_FILE, content)
    return problem


def _too_large(card: Card) -> str:
    return (
        f"{ANSWER_FILE} is left empty: {card.name} takes {card.n_bytes / 1e6:.1f} MB, more than the "
        f"{MOST_BYTES / 1e6:.0f} MB that are committed. Set evaluate.use to a smaller model, or predict with "
        "`--model net`"
    )


def _tensors(estimator: BaseEstimator | PlainModel) -> Tensors:
    """Return all numbers of a model by name."""
    if isinstance(estimator, PlainModel):
        return estimator.tensors()
    # Copy each weight: weights that layers share are one tensor under two names.
    weights = net_of(estimator).module_.state_dict()
    tensors = {f"{_NET}{name}": weight.cpu().contiguous().clone() for name, weight in weights.items()}
    return tensors | named(learned(preparation_of(estimator), getattr(estimator, "transformer_", None)))


def _content(tensors: Tensors, card: Card) -> bytes:
    # One entry in the metadata: safetensors writes several in varying order.
    described = card.model_copy(update={"digest": digest_of(tensors)}).model_dump()
    text = json.dumps(described, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return save(tensors, metadata={"card": text})


def digest_of(tensors: Tensors) -> str:
    """Return a hash of the numbers of a model, by name."""
    return hashlib.sha256(save(tensors)).hexdigest()[:16]


def load_model(path: Path, packages: Collection[str] = ()) -> tuple[BaseEstimator | PlainModel, Card]:
    """Read what `save_model` wrote; a net runs on the CPU, regardless of where it was trained.

    The file is data: it can name only what torch, skorch, `nets` and the packages have, those that params.yaml names.
    Raises `UserError` if the file can't be used, its module has changed, or its numbers were too many.
    """
    output = Output(path, "a model that the stage evaluate wrote", "evaluate")
    with reading(path, f"not {output.what}", output.again, OSError, SafetensorError), safe_open(path, "pt") as file:
        text = file.metadata()["card"]
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it has no __iter__)
    try:
        card = Card.model_validate_json(text)
    except ValidationError as error:
        errors = error.errors(include_url=False)
        problem = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in errors)
        raise output.refused(f": its card is not as evaluate writes it: {problem}") from None
    if card.digest != digest_of(tensors):
        raise output.refused(": its numbers are not those that were saved, so the file is damaged")
    if card.kind == "left_out":
        raise UserError(f"{_too_large(card)}.")
    try:
        is_net = card.kind == "net"
        model = _net(output, card, tensors, packages) if is_net else PlainModel.from_tensors(card, tensors)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        problem = f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
        raise output.refused(f" does not fit its card: {problem}") from None
    return model, card


def _net(output: Output, card: Card, tensors: Tensors, packages: Collection[str]) -> BaseEstimator:
    """Return the net of a file; raises `UserError` if the module has changed, `KeyError` if numbers are missing."""
    assert card.settings  # a card of a net has some
    estimator = _built(output, card, card.settings.model_dump(), packages)
    weights = {name.removeprefix(_NET): tensor for name, tensor in tensors.items() if name.startswith(_NET)}
    net_of(estimator).set_params(iterator_valid=Slices)
    try:
        net_of(estimator).initialize().module_.load_state_dict(weights)
    except RAISED as error:  # the module may be the user's own
        place = own_place(error)
        problem = " ".join(str(error).split()) + (f", at {place}" if place else "")
        raise output.refused(f" does not fit {card.settings.module} as it is now: {problem}") from error
    scaler = None
    if isinstance(estimator, TransformedTargetRegressor):
        # The fit of any rows sets what scikit-learn keeps besides the numbers.
        some, regressor = np.zeros((2, 1), dtype=np.float32), estimator.regressor
        estimator = clone(estimator).set_params(regressor=DummyRegressor()).fit(some, some)
        estimator.regressor = estimator.regressor_ = regressor
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


def predict(estimator: BaseEstimator | PlainModel, card: Card, X: pd.DataFrame, n_before: int = 0) -> pd.DataFrame:
    """Predict rows, which have the columns of the card, with a model as `load_model` returns it.

    The table has the predicted number or label in a column with the target's name, and for classes their probabilities:
    `target=label` of the second of two, or of each of several. Raises `UserError` if a prediction is not finite, with
    the number of the row, which `n_before` others come before. Cells may be missing in the columns of `card.may_lack`
    alone; `read_features` refuses others. `Notices` tells of categories that the card does not have.
    """
    rows = card.columns.as_array(X, unseen={})
    if not isinstance(estimator, PlainModel) and preparation_of(estimator) is None:
        rows = rows.astype(np.float32)
    with explained("The saved model can't predict these rows", "Run `dvc repro evaluate`."):
        if card.classes:
            numbers, classes = _classes_of(estimator, rows)
            labels = np.asarray(card.classes)[classes]
        else:
            labels = numbers = estimator.predict(rows).ravel()
    finite = np.isfinite(numbers).reshape(len(rows), -1).all(axis=1)
    if not finite.all():
        strays = f"row {n_before + int(np.argmin(finite)) + 1} and {(~finite).sum() - 1} others"
        remedy = "their values are too large for it, or its weights are. Correct the values, or train on such rows."
        raise UserError(f"The saved model has no finite prediction for {strays}: {remedy}")
    table = pd.DataFrame({card.target: labels})
    # A criterion of the user's own may leave other numbers than probabilities.
    if card.classes and np.allclose(numbers.sum(axis=1), 1, atol=1e-3):
        for number, label in list(enumerate(card.classes))[1 if len(card.classes) == 2 else 0 :]:
            table[f"{card.target}={label}"] = numbers[:, number]
    return table


def _classes_of(estimator: BaseEstimator | PlainModel, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the probabilities of classes, and the number of each row's class, of one run of the model."""
    if isinstance(estimator, PlainModel):
        return estimator.classes_of(rows)
    numbers = estimator.predict_proba(rows)
    with replaced(net_of(estimator), {"predict_proba": lambda X: numbers}):  # skorch finds the classes by them
        return numbers, estimator.predict(rows)
