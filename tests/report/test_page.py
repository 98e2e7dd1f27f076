"""The report without a browser: what it says of the run, and charts that are shorter."""

import json
import shutil
from argparse import Namespace
from pathlib import Path

import pytest
import vl_convert

from stages import report as stage
from stages.lib.common import UserError
from stages.lib.config import Params
from stages.lib.report.page import facts, thinned
from stages.lib.report.templating import breakable
from stages.lib.results import Results
from stages.lib.results.record import TableCounts
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
        Results(),
        Params.model_validate(content),
        TableCounts(rows=768, classes={"0": 500, "1": 268}),
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
        facts(Results(), Params.model_validate(content), TableCounts(rows=768))


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


# One of each template.
CHARTS = "curves/dropout diagnostics dropout evaluation importance/joint inputs leaderboard parallel/joint".split()


def test_the_picture_is_the_same_to_the_pixel(report: Path) -> None:
    for name in CHARTS:
        svg = (report.parent / f"metrics/charts/{name}.svg").read_text(encoding="utf-8")
        thin = thinned(svg)
        assert len(thin) < 0.85 * len(svg)
        assert vl_convert.svg_to_png(thin) == vl_convert.svg_to_png(svg)
        assert thin.count('fill="white"') == svg.count('fill="white"'), (
            "a dark page finds hollow marks by their fill"
        )
