"""The card of a model file: what its numbers are, and what they predict from."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
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

# The kinds of a model: a net, those without one, and one that is too large, of which there is the card alone.
NET: Literal["net"] = "net"
LEFT_OUT: Literal["left_out"] = "left_out"
Kind = Literal["net", "linear", "forest", "boosting", "constant", "left_out"]


class _Columns(Section):
    """`Columns` as JSON."""

    types: dict[str, Literal["number", "category", "boolean"]]
    categories: dict[str, list[str]]
    lacking: list[str]
    zeros: list[str]


class _Content(Section):
    """A card as JSON: a model file may come from anywhere, so all of it is checked."""

    settings: NetSettings | None = None
    kind: Kind = NET
    name: str = ""
    n_bytes: Annotated[int, Field(ge=0)] = 0
    digest: str = ""
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
        if bool(self.settings) != (self.kind == NET):
            yield "settings is missing" if self.kind == NET else f"settings has no place beside the kind {self.kind}"
        if self.kind != NET and not self.name:
            yield "name is missing"
        if self.settings:
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
        The net's settings, with names unresolved, as in `model` of params.yaml; empty for a model without a net.
    prepare : Prepare
        How its rows are prepared.
    target : str
        The column that is predicted.
    columns : Columns
        The columns it is predicted from, in the order of the table.
    classes : list of str
        The classes' labels; empty for a regression.
    kind : str
        `net`, `linear`, `forest`, `boosting`, `constant`, or `left_out` for one that is too large for a file.
    name : str
        The contender of the evaluation; empty in the file of the kept net.
    n_bytes : int
        How large a file with a model would be that is left out.
    digest : str
        A hash of the numbers; empty in files that older versions have written.
    """

    settings: dict[str, Any]
    prepare: Prepare
    target: str
    columns: Columns
    classes: list[str]
    kind: str = NET
    name: str = ""
    n_bytes: int = 0
    digest: str = field(default="", compare=False)

    @classmethod
    def of(cls, settings: dict[str, Any], data: Dataset, params: Params) -> "Card":
        """Describe a net that was built for the data."""
        prepare = params.prepare.under(settings)
        return cls(
            without_prefix(settings), prepare, params.data.target, _known_columns(data, prepare), list(data.classes)
        )

    @classmethod
    def of_plain(cls, kind: str, name: str, prepare: Prepare, data: Dataset, target: str) -> "Card":
        """Describe a model without a net that was fitted on the data."""
        return cls({}, prepare, target, _known_columns(data, prepare), list(data.classes), kind, name)

    @property
    def features(self) -> list[str]:
        """The names of the columns that it is predicted from."""
        return list(self.columns.types)

    @property
    def types(self) -> dict[str, str]:
        """The types of these columns."""
        return self.columns.types

    @property
    def takes_missing(self) -> bool:
        """Whether the model takes missing cells as they are, in any column."""
        return self.kind in {"boosting", "constant"}

    @property
    def called(self) -> str:
        """What the model is called in sentences."""
        return self.name if self.kind != NET else f"the net {self.name}" if self.name else "the kept net"

    def to_text(self) -> str:
        """Write the card as JSON.

        A net that takes numbers as they are is described in few words, which older versions wrote as well, and so is
        the kept net, without its kind and its name.
        """
        content: dict[str, Any] = {
            "scale": self.prepare.scale,
            "target": self.target,
            "features": self.features,
            "classes": self.classes,
        }
        if self.prepare != Prepare() or self.columns != _plain(self.features):
            content |= {"prepare": self.prepare.model_dump(), "columns": self.columns.to_dict()}
        content |= {"settings": self.settings} if self.kind == NET else {}
        content |= {"kind": self.kind, "name": self.name} if self.name else {}
        content |= {"n_bytes": self.n_bytes} if self.n_bytes else {}
        content |= {"digest": self.digest} if self.digest else {}
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
        told = {key: content[key] for key in ("kind", "name", "n_bytes", "digest") if key in content}
        return cls(content.get("settings", {}), prepare, content["target"], columns, content["classes"], **told)

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


def _known_columns(data: Dataset, prepare: Prepare) -> Columns:
    columns = Columns.of(data)
    if prepare.impute is None and not prepare.indicator:
        columns = replace(columns, zeros=())  # a zero is a number like others
    return columns


def _plain(features: list[str]) -> Columns:
    return Columns(dict.fromkeys(features, "number"))


def _no_cells(categories: tuple[str, ...] | None) -> Any:
    return np.empty(0) if categories is None else pd.Categorical([], categories=list(categories))
