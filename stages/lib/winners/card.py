"""The card of a model file: what its numbers are, and what they predict from."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from stages.lib.config import Params, Prepare
from stages.lib.config.column import Section
from stages.lib.config.training import NetSettings
from stages.lib.data import Dataset
from stages.lib.model.columns import Columns
from stages.lib.model.prepared import without_prefix


class _Columns(Section):
    """`Columns` as JSON."""

    types: dict[str, Literal["number", "category", "boolean"]]
    categories: dict[str, list[str]]
    lacking: list[str]
    zeros: list[str]


class _Content(Section):
    """A card as JSON: a model file may come from anywhere, so all of it is checked."""

    settings: NetSettings
    scale: Any
    target: str
    features: Annotated[list[str], Field(min_length=1)]
    classes: list[str]
    prepare: Prepare | None = None
    columns: _Columns | None = None

    def misfits(self) -> Iterator[str]:
        """Yield what does not go together, as sentences."""
        for key in ("features", "classes"):
            if len(set(getattr(self, key))) < len(getattr(self, key)):
                yield f"{key} has something twice"
        # Dumps leave out what is not in use, and nothing else.
        written = {key for key, field in NetSettings.model_fields.items() if not field.exclude_if}
        for key in sorted(written - self.settings.model_fields_set):
            yield f"settings.{key} is missing"
        if "source" in (self.settings.model_extra or {}):
            yield "settings.source is unknown"
        if len(self.classes) == 1:
            yield "classes has only one"
        if self.prepare and (self.prepare.scale != self.scale or (self.prepare.target and self.classes)):
            yield "prepare does not go with the rest"
        if bool(self.prepare) != bool(self.columns):
            yield "prepare and columns come together"
        if self.columns:
            categories = {name for name, kind in self.columns.types.items() if kind == "category"}
            known = set(self.features)
            if set(self.columns.types) != known or set(self.columns.categories) != categories:
                yield "columns has other names than features"
            if any(len(set(each)) < len(each) for each in self.columns.categories.values()):
                yield "columns.categories has something twice"
            if not known >= {*self.columns.lacking, *self.columns.zeros}:
                yield "columns.lacking or columns.zeros has other names than features"


@dataclass(frozen=True)
class Card:
    """The description of the numbers in a model file.

    Parameters
    ----------
    settings : dict
        The net's settings, with names unresolved, as in `model` of params.yaml.
    prepare : Prepare
        How its rows are prepared.
    target : str
        The column that is predicted.
    columns : Columns
        The columns it is predicted from, in the order of the table.
    classes : list of str
        The classes' labels; empty for a regression.
    """

    settings: dict[str, Any]
    prepare: Prepare
    target: str
    columns: Columns
    classes: list[str]

    @classmethod
    def of(cls, settings: dict[str, Any], data: Dataset, params: Params) -> "Card":
        """Describe an estimator that was built for the data."""
        prepare, columns = params.prepare.under(settings), Columns.of(data)
        if prepare.impute is None and not prepare.indicator:
            columns = replace(columns, zeros=())  # a zero is a number like others
        return cls(without_prefix(settings), prepare, params.data.target, columns, list(data.classes))

    @property
    def features(self) -> list[str]:
        """The names of the columns that it is predicted from."""
        return list(self.columns.types)

    @property
    def types(self) -> dict[str, str]:
        """The types of these columns."""
        return self.columns.types

    def to_text(self) -> str:
        """Write the card as JSON.

        A net that takes numbers as they are is described in few words, which older versions wrote as well.
        """
        content = {
            "settings": self.settings,
            "scale": self.prepare.scale,
            "target": self.target,
            "features": self.features,
            "classes": self.classes,
        }
        if self.prepare != Prepare() or self.columns != _plain(self.features):
            content |= {"prepare": self.prepare.model_dump(), "columns": self.columns.to_dict()}
        # One entry: safetensors writes several in varying order.
        return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def from_text(cls, text: str) -> "Card":
        """Read what `to_text` wrote; raises `ValueError`, pydantic's where it can, if it is something else."""
        content = json.loads(text)
        if not isinstance(content, dict):
            raise ValueError("it is no JSON object")
        if problems := list(_Content.model_validate(content).misfits()):
            raise ValueError("; ".join(problems))
        if "columns" in content:
            # Sorted keys have lost the order of the columns.
            listed = content["columns"]
            types = {name: listed["types"][name] for name in content["features"]}
            columns = Columns.from_dict(listed | {"types": types})
            prepare = Prepare.model_validate(content["prepare"])
        else:
            columns, prepare = _plain(content["features"]), Prepare(scale=content["scale"])
        return cls(content["settings"], prepare, content["target"], columns, content["classes"])

    def without_rows(self) -> Dataset:
        """Return a dataset with the columns of the card and no rows."""
        X = pd.DataFrame({name: _no_cells(self.columns.categories.get(name)) for name in self.features})
        columns = self.columns
        return Dataset(
            X,
            np.empty(0),
            tuple(self.features),
            tuple(self.classes),
            types=columns.types,
            lacking=columns.lacking,
            zeros=columns.zeros,
        )


def _plain(features: list[str]) -> Columns:
    return Columns(dict.fromkeys(features, "number"))


def _no_cells(categories: tuple[str, ...] | None) -> Any:
    return np.empty(0) if categories is None else pd.Categorical([], categories=list(categories))
