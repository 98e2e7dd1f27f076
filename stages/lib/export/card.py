"""The card of a model file: what its numbers are, and what they predict from."""

import json
from collections.abc import Collection, Iterator, Mapping
from operator import not_
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field, FiniteFloat, ValidationError, model_validator

from stages.lib.common import UserError, net_in_words
from stages.lib.config import Prepare
from stages.lib.config.table import Section
from stages.lib.config.training import NetSettings
from stages.lib.data import Columns, Dataset
from stages.lib.model.prepared import without_prefix

# The kinds of a model: a net, and those without one.
ModelKind = Literal["net", "linear", "forest", "boosting", "constant"]

# What is said of a file that can't be read, and what to do.
WHAT = "not a model that the stage evaluate wrote", "Run `dvc repro evaluate`."


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
    categories: list[str] = Field(default=[], exclude_if=not_)
    lacks: bool = Field(default=False, exclude_if=not_)
    zeros: bool = Field(default=False, exclude_if=not_)
    range: tuple[FiniteFloat, FiniteFloat] | None = Field(default=None, exclude_if=not_)
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


class Interval(Section):
    """The half width of the interval around a predicted number: a step function of the number.

    `half_widths[i]` goes with predictions up to `edges[i]`, and the last one with those above all of them.
    """

    level: Annotated[float, Field(gt=0, lt=1)]
    edges: list[FiniteFloat]
    half_widths: list[Annotated[FiniteFloat, Field(ge=0)]]

    @model_validator(mode="after")
    def _of_one_length(self) -> "Interval":
        if (
            len(self.half_widths) != len(self.edges) + 1
            or sorted(self.edges) != self.edges
        ):
            raise ValueError(
                "half_widths should have one number more than edges, which should rise"
            )
        return self


class Errors(Section):
    """The absolute errors of a predicted number on fresh splits: their median, and what nine in ten do not exceed."""

    median: Annotated[FiniteFloat, Field(ge=0)]
    most: Annotated[FiniteFloat, Field(ge=0)]


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
    probability; the likeliest class always is. `n_bytes` is how large the model is if it is in a file of its own, and
    `digest` a hash of the numbers.
    """

    kind: ModelKind
    name: str = Field(default="", exclude_if=not_)
    target: str
    classes: list[str]
    inputs: Annotated[list[Input], Field(min_length=1)]
    prepare: Prepare
    settings: SavedSettings | None = Field(default=None, exclude_if=not_)
    threshold: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        default=None, exclude_if=not_
    )
    errors: Errors | None = Field(default=None, exclude_if=not_)
    interval: Interval | None = Field(default=None, exclude_if=not_)
    sets: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(
        default={}, exclude_if=not_
    )
    n_bytes: Annotated[int, Field(ge=0)] = Field(default=0, exclude_if=not_)
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
        own = (
            SavedSettings.model_validate(without_prefix(settings)) if settings else None
        )
        classes, inputs = list(data.classes), list(_inputs(data, prepare))
        return cls(
            kind=kind,
            name=name,
            target=target,
            classes=classes,
            inputs=inputs,
            prepare=prepare,
            settings=own,
        )

    @classmethod
    def read(cls, text: str, path: Path) -> "Card":
        """Return the card of a file; raises `UserError` if it is not one."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            errors = error.errors(include_url=False)
            problem = "; ".join(
                f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in errors
            )
            raise refused(
                path, f": its card is not as evaluate writes it: {problem}"
            ) from None

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
        return Columns(
            types={each.name: each.type for each in self.inputs},
            categories={
                each.name: tuple(each.categories)
                for each in self.inputs
                if each.type == "category"
            },
            lacking=tuple(each.name for each in self.inputs if each.lacks),
            zeros=tuple(each.name for each in self.inputs if each.zeros),
        )

    @property
    def called(self) -> str:
        """What the model is called in sentences."""
        return (
            self.name
            if self.kind != "net"
            else net_in_words(self.name)
            if self.name
            else "the kept net"
        )

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
        takes_all, impute = self.kind in {"boosting", "constant"}, self.prepare.impute
        imputed = {"number", "boolean"} if impute else set()
        imputed |= {"category"} if impute == "most_frequent" else set()
        return {
            each.name
            for each in self.inputs
            if takes_all or each.lacks or each.type in imputed
        }

    def without_rows(self) -> Dataset:
        """Return a dataset with the columns of the card and no rows."""
        columns = self.columns
        return Dataset(
            pd.DataFrame(columns=list(columns.types)),
            np.empty(0),
            columns,
            tuple(self.classes),
        )


def _inputs(data: Dataset, prepare: Prepare) -> Iterator[Input]:
    columns = data.columns
    replaced = (
        prepare.impute is not None or prepare.indicator
    )  # otherwise a zero is a number like others
    for name, kind in columns.types.items():
        numbers = data.X[name].dropna() if kind == "number" else pd.Series()
        content = {
            "name": name,
            "type": kind,
            "categories": list(columns.categories.get(name, ())),
            "lacks": name in columns.lacking,
            "zeros": replaced and name in columns.zeros,
            "range": (float(numbers.min()), float(numbers.max()))
            if len(numbers)
            else None,
            "typical": _typical(data.X[name].dropna(), kind, name in columns.zeros),
        }
        yield Input.model_validate(content)


def _typical(cells: pd.Series, kind: str, zero_is_missing: bool) -> float | str | None:
    if kind == "number":
        median = cells[cells != 0 if zero_is_missing else slice(None)].quantile(
            interpolation="lower"
        )
        return None if np.isnan(median) else float(median)
    most_frequent = cells.mode()  # sorted
    return None if most_frequent.empty else most_frequent.iloc[0]
