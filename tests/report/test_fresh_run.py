"""A fresh run of a pipeline of one stage: it gives the committed bytes, or it does not."""

from pathlib import Path

import pytest

from stages.lib.changes.revisions import stale_stages
from stages.lib.common import UserError
from stages.lib.report.changes import FreshRun, run_fresh
from tests.project import ROOT, Project
from tests.read_sample import SAMPLE

PIPELINE = """\
stages:
  copy:
    cmd: cp params.yaml metrics/copied.txt
    deps:
    - params.yaml
    outs:
    - metrics/copied.txt:
        cache: false
        persist: true
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A folder to work in with params.yaml and a pipeline of one stage, which has run."""
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc/config").write_bytes((ROOT / ".dvc/config").read_bytes())
    (tmp_path / "params.yaml").write_bytes((SAMPLE / "params.yaml").read_bytes())
    (tmp_path / "dvc.yaml").write_text(PIPELINE, encoding="utf-8")
    (tmp_path / "metrics").mkdir()
    project = Project(tmp_path)
    project.git("init", "--quiet", "--initial-branch=main")
    project.run("dvc", "repro")
    project.commit_all("Run")
    monkeypatch.chdir(tmp_path)
    return project


def test_stages_that_git_hides_from_dvc_are_not_up_to_date(project: Project) -> None:
    assert stale_stages() == []
    (project.folder / ".gitignore").write_text("dvc.yaml", encoding="utf-8")
    with pytest.raises(UserError, match=r"`dvc status --json dvc.yaml` failed: .*dvc.yaml' is git-ignored"):
        stale_stages()


def test_bytes_that_a_fresh_run_gives_and_others(project: Project) -> None:
    found = run_fresh()
    assert (found.reproduced, found.stale, found.failed, found.differing) == (True, [], False, ())

    (project.folder / "metrics/copied.txt").write_text("improved by hand", encoding="utf-8")
    (project.folder / "metrics/another.txt").write_text("left behind", encoding="utf-8")
    project.run("dvc", "commit", "--force")
    project.commit_all("Improve the numbers by hand")
    found = run_fresh()
    assert not found.reproduced
    assert found == FreshRun([], differing=("metrics/copied.txt",))

    (project.folder / "dvc.yaml").write_text(PIPELINE.replace("cp params", "cp no_params"), encoding="utf-8")
    project.run("dvc", "commit", "--force")
    project.commit_all("Break the stage")
    assert run_fresh().failed
