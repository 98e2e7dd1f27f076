"""What a form needs that a model predicts from: a field for each input, filled with its typical value."""

from typing import Literal

from pydantic import BaseModel

from stages.lib.config import Data
from stages.lib.handover import Card
from stages.lib.told.costs import class_names


class Field(BaseModel):
    """An input: its `range` in training, the limits of what is `far` outside of that, and those of params.yaml.

    `typical` is a number, a category, 0 or 1 of a boolean, or nothing where a whole column is missing. `may_lack` says
    whether a prediction may go without it, and `zero_is_missing` whether 0 means that it does.
    """

    name: str
    kind: Literal["number", "category", "boolean"]
    unit: str
    typical: float | str | None
    range: tuple[float, float] | None
    far: tuple[float, float] | None
    least: float | None
    most: float | None
    categories: list[str]
    may_lack: bool
    zero_is_missing: bool


class Form(BaseModel):
    """The inputs of a model in the order of the table, and its target: its unit, its labels and their names, if any."""

    target: str
    unit: str
    classes: list[str]
    names: list[str]
    inputs: list[Field]


def form_of(card: Card, spec: Data) -> Form:
    """Return the form of a model, whose columns `spec` describes; `model_dump_json` makes JSON of it."""
    inputs = []
    for each in card.inputs:
        column = spec.column(each.name)
        field = Field(
            name=each.name,
            kind=each.type,
            unit=column.unit,
            typical=each.typical,
            range=each.range,
            far=each.limits,
            least=column.min,
            most=column.max,
            categories=each.categories,
            may_lack=column.missing is not None and each.name in card.may_lack,
            zero_is_missing=each.zeros,
        )
        inputs.append(field)
    unit, names = spec.column(card.target).unit, class_names(card.classes)
    return Form(target=card.target, unit=unit, classes=card.classes, names=names, inputs=inputs)
