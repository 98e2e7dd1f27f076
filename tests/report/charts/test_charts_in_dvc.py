"""The real `dvc` draws what the stage draws, and a mistake is a sentence."""

import json
import re

import pytest

from stages import charts
from stages.lib.common import UserError
from stages.lib.report.charts import chart_name, read_specs
from tests.conftest import Command
from tests.project import SEARCHED, Project

pytestmark = pytest.mark.filterwarnings("ignore:_NoneStep:DeprecationWarning")  # DVC's own


def test_dvc_shows_what_is_drawn(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = json.loads(project.run("dvc", "plots", "show", "--json").stdout)
    monkeypatch.chdir(project.folder)
    specs = read_specs()
    assert "errors" not in shown
    assert {chart_name(path): plot["content"] for path, (plot,) in shown["data"].items()} == specs
    of_each = {f"{kind}{name}" for kind in ("", "curves/", "importance/") for name in SEARCHED}
    of_all = {"leaderboard", "evaluation", "diagnostics", "answer_diagnostics", "thresholds", "inputs"}
    assert set(specs) == of_each | of_all
    assert "<DVC_METRIC_" not in json.dumps(specs)


def test_the_committed_charts_are_those_of_the_committed_tables(
    project: Project, monkeypatch: pytest.MonkeyPatch, in_process: Command
) -> None:
    before = project.metrics()
    # Without this machine's fonts, so that it is like any other.
    nothing = project.folder / ".dvc/tmp/fonts.conf"
    nothing.parent.mkdir(exist_ok=True)
    nothing.write_text('<?xml version="1.0"?><fontconfig></fontconfig>', encoding="utf-8")
    project.run("rm", "-r", "metrics/charts")
    project.stage("charts", variables={"FONTCONFIG_FILE": str(nothing)})
    assert project.metrics() == before
    monkeypatch.chdir(project.folder)
    assert in_process(charts).returncode == 0
    assert project.metrics() == before


@pytest.mark.parametrize(
    ("path", "content", "sentence"),
    [
        ("metrics/compared/neurons.csv", None, "metrics/compared/neurons.csv is not the table that"),
        ("metrics/leaderboard.csv", "a,b\n1,2\n", "metrics/leaderboard.csv is not the table that"),
        (".dvc/plots/candidates.json", "{", "A template in .dvc/plots is missing, or is not JSON: "),
        ("dvc.yaml", "stages: [", "DVC finds no plot in dvc.yaml"),
    ],
)
def test_what_is_missing_is_named(
    project: Project, monkeypatch: pytest.MonkeyPatch, path: str, content: str | None, sentence: str
) -> None:
    (project.folder / path).unlink()
    if content is not None:
        (project.folder / path).write_text(content, encoding="utf-8")
    monkeypatch.chdir(project.folder)
    with pytest.raises(UserError, match=re.escape(sentence)):
        read_specs()


def test_a_table_without_rows_has_no_chart(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    header = project.read("metrics/evaluation/diagnostics.csv").splitlines()[0] + b"\n"
    (project.folder / "metrics/evaluation/diagnostics.csv").write_bytes(header)
    monkeypatch.chdir(project.folder)
    assert "diagnostics" not in read_specs()
