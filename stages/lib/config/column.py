"""One column of the CSV and its allowed values: an entry of `data.columns` in params.yaml."""

from math import isfinite
from typing import Annotated, Any, Literal
from unicodedata import normalize

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Type = Literal["number", "category", "boolean", "date"]


class Section(BaseModel):
    """A section of params.yaml; rejects unknown keys and values of the wrong type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def _label(value: Any) -> str:
    # YAML reads a bare 0 as a number with the same text, but loses the text of 1.50 or True.
    if isinstance(value, bool) or not isinstance(value, int | str) or not str(value).strip():
        raise ValueError("it should be a label as written in the CSV, in quotes")
    return str(value).strip()


def _no_twins(labels: list[str]) -> list[str]:
    if twins := [label for i, label in enumerate(labels) if label in labels[:i]]:
        raise ValueError(f"{twins[0]!r} is listed twice; each class has one label, and blanks around it do not count")
    forms = [normalize("NFC", label) for label in labels]
    if twins := [label for i, label in enumerate(labels) if forms[i] in forms[:i]]:
        raise ValueError(f"{twins[0]!a} is listed twice, in two Unicode forms; each class has one label")
    return labels


def _finite(value: float) -> float:
    if not isfinite(value):
        raise ValueError("a limit is a finite number; remove it if there is none")
    return value


Label = Annotated[str, BeforeValidator(_label)]
Limit = Annotated[float, AfterValidator(_finite)]
Labels = Annotated[list[Label], Field(min_length=2), AfterValidator(_no_twins)]


class Column(Section):
    """What a column contains, and the values that are allowed in it.

    Numbers lie between `min` and `max`, both inclusive and in `unit`. The target may list its labels instead, in the
    order of the classes 0, 1, … A column with `use: false` may contain anything, and is no feature.
    """

    use: bool = True
    type: Type = "number"
    missing: Literal["allowed"] | None = None
    unit: str = ""
    min: Limit | None = None
    max: Limit | None = None
    zero_is_missing: bool = False
    classes: Labels | None = None

    @model_validator(mode="after")
    def _limits_are_for_numbers(self) -> "Column":
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(
                f"min {self.min:g} is above max {self.max:g}, so no number is allowed; exchange or fix them"
            )
        limited = self.min is not None or self.max is not None or self.zero_is_missing
        if self.classes is not None and limited:
            raise ValueError("classes are labels, which have no min, max or zero_is_missing; remove those")
        if self.type != "number" and limited:
            raise ValueError(f"only numbers have min, max or zero_is_missing; remove those, or `type: {self.type}`")
        if self.type != "number" and self.classes is not None:
            raise ValueError(f"classes say what the column contains; remove `type: {self.type}`")
        return self
