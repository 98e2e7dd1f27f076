"""The report without a browser: what it says of the run, charts that are shorter, and what a form needs."""

import json
import shutil
from argparse import Namespace
from pathlib import Path

import pytest
import vl_convert

from stages import report as stage
from stages.lib.common import UserError
from stages.lib.config import Data, Params, Prepare
from stages.lib.handover import Card
from stages.lib.report.page import facts, thinned
from stages.lib.report.templating import breakable
from stages.lib.report.trial import form_of
from stages.lib.results import Results
from tests.passengers import passengers
from tests.project import real_params
from tests.read_sample import SAMPLE


def test_long_names_break_at_underscores_alone() -> None:
    shown = breakable("<b>, module__n_neurons=5, lr=0.05, my_.Net, kaiming_uniform_")
    assert (
        shown
        == "&lt;b&gt;, module__<wbr>n_<wbr>neurons=5, lr=0.05, my_.Net, kaiming_<wbr>uniform_"
    )
    assert (
        breakable("n_layers=1, module__n_neurons=5", 16)
        == "n_layers=1, module__<wbr>n_<wbr>neurons=5"
    )


def test_facts_are_written_as_in_params_yaml() -> None:
    content = real_params()
    content["data"]["path"] = str(SAMPLE / content["data"]["path"])
    content["prepare"] |= {"impute": "median"}
    content["model"] |= {
        "callbacks": {"EarlyStopping": {"patience": 5, "load_best": True}}
    }
    found = facts(
        Results(), Params.model_validate(content), {"rows": 768, "positives": 268}
    )
    assert (
        found["Data"]
        | {"rows": "768", "class not positive": "500", "class positive": "268"}
        == found["Data"]
    )
    assert found["Data"]["sha256"] == content["data"]["sha256"]
    assert (
        found["Preparation"] | {"impute": "median", "scale": "null"}
        == found["Preparation"]
    )
    assert (
        found["Every search starts from"]["callbacks"]
        == "{EarlyStopping: {patience: 5, load_best: true}}"
    )
    content["data"]["path"] = "data/gone.csv"
    with pytest.raises(
        UserError, match=r"data/gone.csv is missing, .* Run `python -m stages.fetch`"
    ):
        facts(Results(), Params.model_validate(content), {"rows": 768})


def test_nets_that_the_kernel_did_not_train_are_told(
    report: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(
        report.parent, tmp_path / "project", ignore=shutil.ignore_patterns(".git")
    )
    monkeypatch.chdir(tmp_path / "project")
    for name, nets in {
        "search/optimizer/summary": ["optimizer=Rprop"],
        "evaluation": ["combined", *"abc"],
    }.items():
        path = Path(f"metrics/{name}.json")
        content = json.loads(path.read_bytes()) | {"not_by_kernel": {"it can't": nets}}
        path.write_text(json.dumps(content), encoding="utf-8")
    stage.main(Namespace(revision=None))
    page = Path("report.html").read_text(encoding="utf-8")
    for named in ("optimizer=Rprop", "combined; a; b and 1 more"):
        said = f"<p>The engine&#39;s kernel did not train {named}, because it can&#39;t. Last digits of these nets, "
        assert page.count(said) == 1


COLUMNS = {
    "port": {"type": "category", "missing": "allowed"},
    "age": {"unit": "years", "min": 0, "max": 120, "missing": "allowed"},
    "deck": {"type": "category"},
    "adult": {"type": "boolean"},
    "fare": {"unit": "pounds", "zero_is_missing": True},
    "survived": {"classes": ["no", "yes"], "unit": "by 1912-04-18"},
}
SPEC = Data.model_validate(
    {"path": "a.csv", "header": True, "target": "survived", "columns": COLUMNS}
)


def test_a_form_has_a_field_for_each_input() -> None:
    X = passengers().X
    card = Card.of("linear", "", Prepare(impute="median"), passengers(), "survived")
    found = json.loads(json.dumps(form_of(card, SPEC)))
    inputs = {field.pop("name"): field for field in found.pop("inputs")}
    assert found == {
        "target": "survived",
        "unit": "by 1912-04-18",
        "classes": ["no", "yes"],
        "names": ["no", "yes"],
    }
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
    port = {
        "kind": "category",
        "typical": X["port"].mode()[0],
        "categories": ["C", "Q", "S"],
        "may_lack": True,
    }
    adult = {
        "kind": "boolean",
        "typical": X["adult"].mode()[0],
        "categories": [],
        "may_lack": False,
    }
    assert (inputs["port"], inputs["adult"]) == (nothing | port, nothing | adult)
    assert (inputs["fare"]["zero_is_missing"], inputs["fare"]["unit"]) == (
        True,
        "pounds",
    )


def test_a_cell_may_be_left_empty_only_where_the_model_and_the_table_allow_it() -> None:
    card = Card.of("linear", "", Prepare(), passengers(), "survived")
    fields = {field["name"]: field for field in form_of(card, SPEC)["inputs"]}
    # Without an imputation, a column that lacks cells is taken with those that were there, and others are not.
    assert fields["port"]["may_lack"]
    assert not fields["deck"]["may_lack"]
    assert not fields["fare"]["zero_is_missing"]


# One of each template.
CHARTS = "curves/dropout diagnostics dropout evaluation importance/joint inputs leaderboard".split()


def test_the_picture_is_the_same_to_the_pixel(report: Path) -> None:
    for name in CHARTS:
        svg = (report.parent / f"metrics/charts/{name}.svg").read_text(encoding="utf-8")
        thin = thinned(svg)
        assert len(thin) < 0.85 * len(svg)
        assert vl_convert.svg_to_png(thin) == vl_convert.svg_to_png(svg)
        assert thin.count('fill="white"') == svg.count('fill="white"'), (
            "a dark page finds hollow marks by their fill"
        )
