"""Saves a fitted model in a safetensors file: all its numbers, and as text everything needed to use them."""

import hashlib
from collections.abc import Collection
from pathlib import Path

from pydantic import ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from sklearn.base import BaseEstimator

from stages.lib.common import Output, UserError, reading, write_bytes
from stages.lib.handover.arrays import Tensors
from stages.lib.handover.card import Card
from stages.lib.handover.net_file import load_net, net_tensors
from stages.lib.handover.plain import PlainModel
from stages.lib.results.files import ANSWER_FILE

# The most bytes of an answer without a net. It is committed with every change, and git keeps all versions.
MOST_BYTES = 4_000_000


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
    return estimator.tensors() if isinstance(estimator, PlainModel) else net_tensors(estimator)


def _content(tensors: Tensors, card: Card) -> bytes:
    # One entry in the metadata: safetensors writes several in varying order.
    text = card.model_copy(update={"digest": digest_of(tensors)}).to_text()
    return save(tensors, metadata={"card": text})


def digest_of(tensors: Tensors) -> str:
    """Return a hash of the numbers of a model, by name."""
    return hashlib.sha256(save(tensors)).hexdigest()[:16]


def load_model(path: Path, packages: Collection[str] = ()) -> tuple[BaseEstimator | PlainModel, Card]:
    """Read what `save_model` wrote.

    The file is data: it can name only what torch, skorch, `nets` and the packages have, those that params.yaml names.
    Raises `UserError` if the file is missing, damaged or of another form, if its module has changed, or if its numbers
    were too many.
    """
    output = Output(path, "a model that the stage evaluate wrote", "evaluate")
    with reading(path, f"not {output.what}", output.again, OSError, SafetensorError), safe_open(path, "pt") as file:
        text = file.metadata()["card"]
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it has no __iter__)
    card = _card(output, text)
    if card.digest != digest_of(tensors):
        raise output.refused(": its numbers are not those that were saved, so the file is damaged")
    if card.kind == "left_out":
        raise UserError(f"{_too_large(card)}.")
    try:
        if card.kind == "net":
            estimator = load_net(output, card, tensors, packages)
        else:
            estimator = PlainModel.from_tensors(card, tensors)
        if others := sorted(set(tensors) - set(_tensors(estimator))):
            raise ValueError(f"it has other numbers too, such as {others[0]}")
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        problem = f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
        raise output.refused(f" does not fit its card: {problem}") from None
    return estimator, card


def _card(output: Output, text: str) -> Card:
    try:
        return Card.from_text(text)
    except ValidationError as error:
        errors = error.errors(include_url=False)
        problem = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in errors)
    except (ValueError, RecursionError) as error:
        problem = str(error)
    raise output.refused(f": its card is not as evaluate writes it: {problem}")
