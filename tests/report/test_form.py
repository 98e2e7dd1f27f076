"""What a form for a model's inputs needs."""

import json

from stages.lib.config import Data, Prepare
from stages.lib.handover import Card
from stages.lib.report.trial import form_of
from tests.passengers import passengers

COLUMNS = {
    "port": {"type": "category", "missing": "allowed"},
    "age": {"unit": "years", "min": 0, "max": 120, "missing": "allowed"},
    "deck": {"type": "category"},
    "adult": {"type": "boolean"},
    "fare": {"unit": "pounds", "zero_is_missing": True},
    "survived": {"classes": ["no", "yes"], "unit": "by 1912-04-18"},
}
SPEC = Data.model_validate({"path": "a.csv", "header": True, "target": "survived", "columns": COLUMNS})


def test_a_form_has_a_field_for_each_input() -> None:
    X = passengers().X
    card = Card.of("linear", "", Prepare(impute="median"), passengers(), "survived")
    found = json.loads(json.dumps(form_of(card, SPEC)))
    inputs = {field.pop("name"): field for field in found.pop("inputs")}
    assert found == {"target": "survived", "unit": "by 1912-04-18", "classes": ["no", "yes"], "names": ["no", "yes"]}
    assert list(inputs) == list(X)
    low, high = X["age"].min(), X["age"].max()
    assert inputs["age"] == {
        "missing": "",
        "kind": "number",
        "unit": "years",
        "typical": X["age"].quantile(interpolation="lower"),
        "range": [low, high],
        "far": [2 * low - high, 2 * high - low],
        "least": 0,
        "most": 120,
        "categories": [],
        "may_lack": True,
        "zero_is_missing": False,
    }
    nothing = {
        "range": None,
        "far": None,
        "least": None,
        "most": None,
        "unit": "",
        "zero_is_missing": False,
        "missing": "",
    }
    port = {"kind": "category", "typical": X["port"].mode()[0], "categories": ["C", "Q", "S"], "may_lack": True}
    adult = {"kind": "boolean", "typical": X["adult"].mode()[0], "categories": [], "may_lack": False}
    assert (inputs["port"], inputs["adult"]) == (nothing | port, nothing | adult)
    assert (inputs["fare"]["zero_is_missing"], inputs["fare"]["unit"]) == (True, "pounds")


def test_a_cell_may_be_left_empty_only_where_the_model_and_the_table_allow_it() -> None:
    card = Card.of("linear", "", Prepare(), passengers(), "survived")
    fields = {field["name"]: field for field in form_of(card, SPEC)["inputs"]}
    # Without an imputation, a column that lacks cells is taken with those that were there, and others are not.
    assert fields["port"]["may_lack"]
    assert not fields["deck"]["may_lack"]
    assert not fields["fare"]["zero_is_missing"]
