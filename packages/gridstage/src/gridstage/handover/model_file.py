"""Saves a model as an ONNX file, checked against the fitted one; reads it, and predicts."""

import hashlib
from collections.abc import Collection
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
from google.protobuf.message import DecodeError
from onnx import ModelProto
from sklearn.base import BaseEstimator

from gridstage.common import UserError, as_user_error, reading, write_bytes
from gridstage.export.card import WHAT, Card, refused
from gridstage.export.exported import as_onnx
from gridstage.export.graph import Graph, NotExportableError
from gridstage.handover.fitted import TOLERANCE, largest_difference, odd_rows
from gridstage.handover.net_file import DAMAGED, NetModel, load_net, net_content
from gridstage.handover.runtime import OnnxModel

# The most bytes of a model that is committed with every change; git keeps all versions.
MOST_BYTES = 5_000_000
_CARD, _OTHER = "card", ".safetensors"
# So many rows are predicted at once, because a graph holds what each of its layers has made of all of them.
_ROWS_AT_ONCE = 20_000

Model = OnnxModel | NetModel


def save_model(
    path: Path, estimator: BaseEstimator, card: Card, X: pd.DataFrame
) -> str:
    """Write a fitted model and its card, and remove what another one has left there; the same model, the same bytes.

    `X` are rows of the table, on which, and on odd ones, the file must predict what the fitted model does. A net that
    ONNX can't express, or not exactly, is a safetensors file. Returns a sentence on what is not as usual, or "".
    """
    net_path, large_path = path.with_suffix(_OTHER), large_file(path)
    large_files = large_path, large_path.with_name(f"{large_path.name}.dvc")
    try:
        model, card = exported(estimator, card, X)
    except NotExportableError as error:
        if card.kind != "net":
            raise UserError(
                f"{path} can't be written: {error}. Set evaluate.use to another model."
            ) from error
        write_bytes(net_path, net_content(estimator, card))
        _remove(path, *large_files)
        return f"{net_path} can be read by this project only, because the net has no ONNX file: {error}"
    content = with_card(model, card)
    if len(content) <= MOST_BYTES:
        write_bytes(path, content)
        _remove(net_path, *large_files)
        return ""
    write_bytes(large_path, content)
    card = card.model_copy(update={"n_bytes": len(content)})
    sentence = f"{path} has the card alone, because the model takes {card.size}: it is {large_path}, which DVC tracks"
    about = f"This file has no model, but a card: {sentence}."
    write_bytes(path, with_card(Graph().model({}, {}, about), card))
    _remove(net_path)
    return sentence


def exported(
    estimator: BaseEstimator, card: Card, X: pd.DataFrame
) -> tuple[ModelProto, Card]:
    """Return the graph of a fitted model, and its card with the hash of the graph.

    Raises `NotExportableError` if ONNX can't express it, or it predicts otherwise on the rows or on odd ones.
    """
    model = as_onnx(estimator, card)
    session = OnnxModel(model.SerializeToString())
    for which, rows in {
        "rows of the table": X,
        "rows with odd cells": odd_rows(card, X),
    }.items():
        found = session.outputs(card, rows)
        off = largest_difference(estimator, card, rows, found) * TOLERANCE
        if off > TOLERANCE:
            finding = (
                f"on {which}, its ONNX file differs from the fitted model by {off:.1g}"
            )
            raise NotExportableError(finding)
    return model, card.model_copy(update={"digest": _digest(model)})


def with_card(model: ModelProto, card: Card) -> bytes:
    """Return the bytes of a model with its card as metadata."""
    del model.metadata_props[:]
    model.metadata_props.add(key=_CARD, value=card.text)
    return model.SerializeToString(deterministic=True)


def _digest(model: ModelProto) -> str:
    content = model.graph.SerializeToString(deterministic=True)
    return hashlib.sha256(content).hexdigest()[:16]


def _remove(*paths: Path) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def large_file(path: Path) -> Path:
    """Return the file of a model that is too large for the one at this path, which then has its card alone.

    It is in a folder beside that of the other, which is one output of a stage: what DVC caches can't be inside.
    """
    return path.parent.parent / "large" / path.name


def file_of(path: Path) -> Path:
    """Return the file of the model that is saved at this path: another one for a net that ONNX can't express."""
    net_path = path.with_suffix(_OTHER)
    return net_path if net_path.exists() and not path.exists() else path


def load_model(path: Path, packages: Collection[str] = ()) -> tuple[Model, Card]:
    """Read what `save_model` wrote at this path; raises `UserError` if it can't be used.

    A net that is no ONNX file may name what torch, skorch, `nets` and the packages have, those that params.yaml names.
    """
    path = file_of(path)
    if path.suffix == _OTHER:
        return load_net(path, packages)
    model, card = _opened(path)
    if card.n_bytes:
        small, path = card, large_file(path)
        remedy = f"Run `dvc checkout {path}`, or where DVC does not have it, `python -m stages.evaluate`."
        if not path.exists():
            finding = f"{path} is missing: it takes {small.size}, so it is not in git"
            raise UserError(f"{finding}. {remedy}")
        model, card = _opened(path)
        if card.digest != small.digest:
            raise UserError(f"{path} is of another run. {remedy}")
    try:
        session = OnnxModel(model.SerializeToString())
    except Exception as error:  # its errors have no other class in common
        text = " ".join(str(error).split())[:300]
        raise refused(path, f" can't be run: {text}") from None
    return session, card


def _opened(path: Path) -> tuple[ModelProto, Card]:
    with reading(path, *WHAT, OSError, DecodeError):
        model = onnx.load_from_string(path.read_bytes())
        text = {each.key: each.value for each in model.metadata_props}[_CARD]
    card = Card.read(text, path)
    if not card.n_bytes and card.digest != _digest(model):
        raise refused(path, DAMAGED)
    return model, card


def predict(model: Model, card: Card, X: pd.DataFrame) -> pd.DataFrame:
    """Predict rows, which have the columns of the card, with a model as `load_model` returns it.

    The table has the predicted number or label in a column with the target's name, and for classes their probabilities:
    `target=label` of the second of two, or of each of several; for numbers `low` and `high`, if the card has an
    interval. Raises `UserError` if a prediction is not finite, with the row.
    """
    with as_user_error(
        "The saved model can't predict these rows", "Run `dvc repro evaluate`."
    ):
        predicted, *others = _outputs(model, card, X)
        numbers = others[0] if card.classes else np.stack([predicted, *others], axis=1)
    finite = np.isfinite(numbers).all(axis=1)
    if not finite.all():
        first, n_others = int(np.argmin(finite)) + 1, (~finite).sum() - 1
        strays = f"row {first} and {n_others} others"
        remedy = "their values are too large for it, or its weights are. Correct the values, or train on such rows."
        raise UserError(
            f"The saved model has no finite prediction for {strays}: {remedy}"
        )
    table = pd.DataFrame({card.target: predicted})
    if not card.classes:
        for end, column in zip(("low", "high"), others, strict=False):
            name = end if end != card.target else f"{end}_"
            table[name] = column
        return table
    # A criterion of the user's own may leave other numbers than probabilities.
    if np.allclose(numbers.sum(axis=1), 1, atol=1e-3) and numbers.min() >= 0:
        for number, label in enumerate(card.classes):
            if number or len(card.classes) > 2:
                table[f"{card.target}={label}"] = numbers[:, number]
    return table


def _outputs(model: Model, card: Card, X: pd.DataFrame) -> list[np.ndarray]:
    starts = range(0, max(len(X), 1), _ROWS_AT_ONCE)
    parts = [model.outputs(card, X[start : start + _ROWS_AT_ONCE]) for start in starts]
    return [np.concatenate(each) for each in zip(*parts, strict=True)]
