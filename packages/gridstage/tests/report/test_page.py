"""The report without a browser: what it says of the run."""

import json
import shutil
from argparse import Namespace
from html import unescape
from pathlib import Path

import pytest

from gridstage.commands import report as stage
from gridstage.common import write_text
from gridstage.report.templating import breakable
from packages.gridstage.tests.project import text_of


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


def test_the_page_has_the_settings_as_they_are_in_params_yaml(report: Path) -> None:
    shown = unescape(text_of(report))
    text = text_of(report.parent / "params.yaml")
    assert f"<pre>{text}</pre>" in shown


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
        write_text(path, json.dumps(content))
    stage.main(Namespace(revision=None))
    page = text_of("report.html")
    for named in ("optimizer=Rprop", "combined; a; b and 1 more"):
        said = f"<p>The engine&#39;s kernel did not train {named}, because it can&#39;t. Last digits of these nets, "
        assert page.count(said) == 1
