"""How charts are drawn, called and kept, by the stage and by the real `dvc`."""

import json
import re
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
import vl_convert

from gridstage.common import write_text
from gridstage.report import charts
from gridstage.report.charts import render, stand_alone
from gridstage.report.specs import chart_name, compared_specs, read_specs
from gridstage.results import WorkingTree
from packages.gridstage.tests.conftest import Command
from packages.gridstage.tests.project import Project, real_params, text_of
from packages.gridstage.tests.refusals import refused
from packages.gridstage.tests.report.charts.svg import SVG, candidates, fill, texts
from stages import charts as stage

pytestmark = pytest.mark.filterwarnings(
    "ignore:_NoneStep:DeprecationWarning"
)  # DVC's own


def test_a_chart_is_called_by_its_experiment_and_what_it_shows() -> None:
    paths = (
        "metrics/compared/dropout.csv",
        "metrics/evaluation/contenders.csv",
        "metrics/curves/dropout.csv",
    )
    assert [chart_name(path) for path in paths] == [
        "dropout",
        "evaluation",
        "curves/dropout",
    ]
    assert chart_name("metrics/leaderboard.csv") == "leaderboard"


def test_the_svg_is_for_any_page() -> None:
    drawn = render(fill("candidates", candidates({"lr=1": 0.5, "lr=2": 0.7})))
    assert "currentColor" in drawn
    assert "<style>" not in drawn
    page = stand_alone(drawn)
    assert page.count("prefers-color-scheme:dark") == 1
    assert ET.fromstring(page).find(f"{SVG}style") is not None
    assert texts(page) == texts(drawn)


def test_charts_that_share_a_compiled_spec_are_as_if_each_was_compiled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With other rows, a title with quotation marks, and none."""
    first = fill("candidates", candidates({"lr=1": 0.5, "lr=2": 0.7}))
    second = fill("candidates", candidates({"lr=1": 0.9, "lr=2": 0.7, "lr=3": 0.71}))
    specs = [first, second, second | {"title": second["title"] | {"text": 'a "title"'}}]
    specs += [{key: value for key, value in second.items() if key != "title"}]
    monkeypatch.setenv(
        "FONTCONFIG_FILE", str(Path(charts.__file__).with_name("fonts.conf"))
    )
    for spec in specs:
        assert render(spec) == vl_convert.vegalite_to_svg(
            spec, vl_version=charts.VEGA_LITE, config=charts.THEME
        )


def test_a_template_that_is_no_vega_lite_is_a_sentence() -> None:
    with refused("is not Vega-Lite: Error: Invalid specification"):
        render({"data": {"values": []}})


def test_dvc_shows_what_is_drawn(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = json.loads(project.run("dvc", "plots", "show", "--json").stdout)
    monkeypatch.chdir(project.folder)
    specs = read_specs()
    assert "errors" not in shown
    # Of a search of two keys, the table of parallel axes has no rows, and DVC shows nothing of it.
    contents = {
        chart_name(path): plot["content"]
        for path, plots in shown["data"].items()
        for plot in plots
    }
    for content in contents.values():
        for row in content["data"]["values"]:
            del row["filename"], row["field"]  # which no template reads
    assert specs == contents
    assert "<DVC_METRIC_" not in json.dumps(specs)


def test_the_committed_charts_are_those_of_the_committed_tables(
    project: Project, monkeypatch: pytest.MonkeyPatch, in_process: Command
) -> None:
    before = project.metrics()
    # Without this machine's fonts, so that it is like any other.
    nothing = project.folder / ".dvc/tmp/fonts.conf"
    nothing.parent.mkdir(exist_ok=True)
    write_text(nothing, '<?xml version="1.0"?><fontconfig></fontconfig>')
    project.run("rm", "-r", "metrics/charts")
    project.stage("charts", variables={"FONTCONFIG_FILE": str(nothing)})
    assert project.metrics() == before
    monkeypatch.chdir(project.folder)
    monkeypatch.setenv("DRAW_ANEW", "yes")
    assert in_process(stage).returncode == 0
    assert project.metrics() == before


@pytest.mark.parametrize(
    ("path", "content", "sentence"),
    [
        (
            "metrics/compared/neurons.csv",
            None,
            "metrics/compared/neurons.csv is not the table that",
        ),
        (
            "metrics/leaderboard.csv",
            "a,b\n1,2\n",
            "metrics/leaderboard.csv is not the table that",
        ),
        (
            ".dvc/plots/candidates.json",
            "{",
            "A template in .dvc/plots is missing, or is not JSON: ",
        ),
        ("dvc.yaml", "stages: [", "dvc.yaml: line 1, `stages: [`: "),
        ("dvc.yaml", "stages: 1", "The plots of dvc.yaml can't be read, because of "),
    ],
)
def test_what_is_missing_is_named(
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    content: str | None,
    sentence: str,
) -> None:
    (project.folder / path).unlink()
    if content is not None:
        write_text(project.folder / path, content)
    monkeypatch.chdir(project.folder)
    with refused(re.escape(sentence)):
        read_specs()


def test_a_chart_is_drawn_again_if_anything_of_it_has_changed(
    here: Path, monkeypatch: pytest.MonkeyPatch, in_process: Command
) -> None:
    params = real_params()
    params["experiments"] = {"neurons": params["experiments"]["neurons"]}
    Project.copied(here, params)
    drawn = list[str]()

    def draw(spec: dict[str, Any]) -> str:
        drawn.append(spec["title"]["text"])
        return "<svg></svg>"

    monkeypatch.setattr("gridstage.report.drawn.render", draw)

    def redrawn() -> list[str]:
        drawn.clear()
        assert in_process(stage).returncode == 0
        return [*drawn]

    every = redrawn()
    assert len(every) == len([*Path("metrics/charts").rglob("*.svg")]) > 5
    assert redrawn() == []
    chart = Path("metrics/charts/curves/neurons.svg")
    before = chart.read_bytes()
    chart.write_bytes(before.replace(b"</svg>", b"by hand</svg>"))
    assert (redrawn(), chart.read_bytes()) == (["neurons"], before)
    chart.unlink()
    assert (redrawn(), chart.read_bytes()) == (["neurons"], before)
    for path, old, new in (
        ("metrics/leaderboard.csv", "neurons,", "nets,"),
        (".dvc/plots/leaderboard.json", '"anchor": "start"', '"anchor": "end"'),
        ("dvc.yaml", "The best of each", "The best of every"),
    ):
        write_text(path, text_of(path).replace(old, new, 1))
        assert len(redrawn()) == 1, path
    every = [title.replace("The best of each", "The best of every") for title in every]
    write_text("metrics/charts/drawn.json", "[")
    assert redrawn() == every
    monkeypatch.setattr(charts, "version", lambda _: "0")
    assert redrawn() == every
    monkeypatch.setattr(charts, "_VERSION", charts._VERSION + 1)
    assert redrawn() == every
    Path("metrics/charts/drawn.json").unlink()
    assert redrawn() == every


def test_the_files_of_a_commit_are_drawn_as_well(here: Path) -> None:
    params = real_params()
    params["experiments"] = {"neurons": params["experiments"]["neurons"]}
    Project.copied(here, params)
    table = Path("metrics/leaderboard.csv")
    (Path("old") / table).parent.mkdir(parents=True)
    shutil.copy(table, Path("old") / table)
    revisions = {
        name: {row["rev"] for row in spec["data"]["values"]}
        for name, spec in compared_specs(WorkingTree("old"), "0123456").items()
    }
    assert revisions.pop("leaderboard") == {"0123456", "workspace"}
    assert revisions.keys() == read_specs().keys() - {"leaderboard"}
    assert set().union(*revisions.values()) == {"workspace"}


def test_a_table_without_rows_has_no_chart(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = project.read("metrics/evaluation/diagnostics.csv").splitlines()[0] + b"\n"
    (project.folder / "metrics/evaluation/diagnostics.csv").write_bytes(header)
    monkeypatch.chdir(project.folder)
    assert "diagnostics" not in read_specs()
