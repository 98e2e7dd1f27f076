"""The card of a model file: what its numbers are, and what they predict from."""

import json
from collections.abc import Collection, Mapping
from operator import not_
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field, FiniteFloat, ValidationError, model_validator
from pydantic_core import ErrorDetails

from gridstage.common import UserError, net_in_words
from gridstage.config import Prepare
from gridstage.config.table import Section
from gridstage.config.training import NetSettings
from gridstage.data import Columns, Dataset
from gridstage.model.prepared import without_prefix
from gridstage.results.evaluation import AbsoluteErrors, IntervalSteps

# The kinds of a model: a net, and those without one.
ModelKind = Literal["net", "linear", "forest", "boosting", "constant"]

# What is said of a file that can't be read, and what to do.
WHAT = "not a model that the stage evaluate wrote", "Run `dvc repro evaluate`."


def left_out(default: Any) -> Any:
    """Return a field that a file does not have where it is empty, as its default is."""
    return Field(default=default, exclude_if=not_)


def refused(path: Path, problem: str) -> UserError:
    """Return the error that says why a file can't be used; the problem follows the path in a sentence."""
    return UserError(f"{path}{problem.rstrip('.')}. {WHAT[1]}")


class Input(Section):
    """A column that a model predicts from: whether cells lack, or zeros mean so, and the range of its numbers.

    `typical` is the median of its numbers, the lower one of two, or the most frequent of its categories or booleans,
    the first one of several; missing cells and zeros that mean so do not count.
    """

    name: str
    type: Literal["number", "category", "boolean"]
    categories: list[str] = left_out([])
    lacks: bool = left_out(False)
    zeros: bool = left_out(False)
    range: tuple[FiniteFloat, FiniteFloat] | None = left_out(None)
    typical: FiniteFloat | str | None = Field(
        default=None, exclude_if=lambda value: value is None
    )

    @property
    def limits(self) -> tuple[float, float] | None:
        """The numbers from which on others are far outside: beyond the range by more than its width."""
        if self.range is None:
            return None
        low, high = self.range
        return low - (high - low), high + (high - low)

    @property
    def missing(self) -> str:
        """The text that stands for a missing category: an empty one, if that is not a category."""
        return without(self.categories, "")


def without(texts: Collection[str], text: str) -> str:
    """Return the text, with question marks behind it if it is one of the others."""
    while text in texts:
        text += "?"
    return text


class SavedSettings(NetSettings):
    """The settings of a net, of which a file has all that are always in use."""

    wrapper: str
    train_split: int | None
    device: str


class Card(Section):
    """The description of the model in a file, which is JSON there.

    `name` is the contender of the evaluation, and empty in the file of the kept net; `classes` are the labels, none for
    a regression; `inputs` are in the order of the table. A net has `settings`, names unresolved. `threshold` is the
    probability of the second of two classes from which on it is predicted, 0.5 if not set. `sets` has, by level from
    "0.50" to "0.99", the probability from which on a class is in the set of labels that holds the true one with this
    probability; the likeliest class always is. `errors` and `interval` are as in `PredictionErrors`. `n_bytes` is how
    large the model is if it is in a file of its own, and `digest` a hash of the numbers.
    """

    kind: ModelKind
    name: str = left_out("")
    target: str
    classes: list[str]
    inputs: Annotated[list[Input], Field(min_length=1)]
    prepare: Prepare
    settings: SavedSettings | None = left_out(None)
    threshold: Annotated[float, Field(gt=0, lt=1)] | None = left_out(None)
    errors: AbsoluteErrors | None = left_out(None)
    interval: IntervalSteps | None = left_out(None)
    sets: dict[str, Annotated[float, Field(ge=0, le=1)]] = left_out({})
    n_bytes: Annotated[int, Field(ge=0)] = left_out(0)
    digest: str = ""

    @classmethod
    def of(
        cls,
        kind: ModelKind,
        name: str,
        prepare: Prepare,
        data: Dataset,
        target: str,
        settings: dict | None = None,
    ) -> "Card":
        """Describe a model that was fitted on the data; a net has `settings`, those of `prepare` aside."""
        if settings:
            settings = without_prefix(settings)
        inputs = [_input(key, data, prepare) for key in data.features]
        return cls.model_validate(
            {
                "kind": kind,
                "name": name,
                "target": target,
                "classes": list(data.classes),
                "inputs": inputs,
                "prepare": prepare,
                "settings": settings,
            }
        )

    @classmethod
    def read(cls, text: str, path: Path) -> "Card":
        """Return the card of a file; raises `UserError` if it is not one."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            problem = "; ".join(map(_in_words, error.errors(include_url=False)))
            finding = f": its card is not as evaluate writes it: {problem}"
            raise refused(path, finding) from None

    @property
    def text(self) -> str:
        """The card as JSON, in the same bytes on every run."""
        return json.dumps(
            self.model_dump(), sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )

    @property
    def size(self) -> str:
        """How large a model is that is in a file of its own, in words."""
        return f"{self.n_bytes / 1e6:.1f} MB"

    def knowing(self, known: Mapping[str, Any]) -> "Card":
        """Return the card with further fields, such as its interval."""
        return Card.model_validate(self.model_dump() | dict(known))

    @property
    def columns(self) -> Columns:
        """The columns that it is predicted from, as a preparation takes them."""
        types: dict[str, str] = {}
        categories: dict[str, tuple[str, ...]] = {}
        for each in self.inputs:
            types[each.name] = each.type
            if each.type == "category":
                categories[each.name] = tuple(each.categories)
        lacking = tuple(each.name for each in self.inputs if each.lacks)
        zeros = tuple(each.name for each in self.inputs if each.zeros)
        return Columns(types, categories, lacking=lacking, zeros=zeros)

    @property
    def called(self) -> str:
        """What the model is called in sentences."""
        if self.kind != "net":
            return self.name
        return net_in_words(self.name) if self.name else "the kept net"

    @model_validator(mode="after")
    def _of_its_kind(self) -> "Card":
        if bool(self.settings) != (self.kind == "net"):
            raise ValueError(f"settings don't go with the kind {self.kind}")
        if self.threshold is not None and len(self.classes) != 2:
            raise ValueError(
                f"a threshold does not go with {len(self.classes)} classes"
            )
        return self

    @property
    def may_lack(self) -> set[str]:
        """The features in which cells may be missing: the model takes, imputes, or knows them as a category."""
        if self.kind in {"boosting", "constant"}:
            return {each.name for each in self.inputs}
        types = {"number", "boolean"} if self.prepare.impute else set()
        if self.prepare.impute == "most_frequent":
            types.add("category")
        return {each.name for each in self.inputs if each.lacks or each.type in types}

    def without_rows(self) -> Dataset:
        """Return a dataset with the columns of the card and no rows."""
        columns = self.columns
        X = pd.DataFrame(columns=list(columns.types))
        return Dataset(X, np.empty(0), columns, tuple(self.classes))


def _in_words(error: ErrorDetails) -> str:
    return f"{'.'.join(map(str, error['loc']))}: {error['msg']}"


def _input(name: str, data: Dataset, prepare: Prepare) -> dict[str, Any]:
    """Return what a card says of an input."""
    columns, cells = data.columns, data.X[name].dropna()
    kind, has_zeros = columns.types[name], name in columns.zeros
    # Where nothing replaces zeros, they are numbers like others.
    is_replaced = prepare.impute is not None or prepare.indicator
    content = {
        "name": name,
        "type": kind,
        "categories": list(columns.categories.get(name, ())),
        "lacks": name in columns.lacking,
        "zeros": has_zeros and is_replaced,
        "typical": _typical(cells, kind, has_zeros),
    }
    if kind == "number" and len(cells):
        content["range"] = float(cells.min()), float(cells.max())
    return content


def _typical(cells: pd.Series, kind: str, zero_is_missing: bool) -> float | str | None:
    if kind == "number":
        if zero_is_missing:
            cells = cells[cells != 0]
        median = cells.quantile(interpolation="lower")
        return None if np.isnan(median) else float(median)
    most_frequent = cells.mode()  # sorted
    return None if most_frequent.empty else most_frequent.iloc[0]
