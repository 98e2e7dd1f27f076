"""A fresh run of a pipeline of one stage: it gives the committed bytes, or it does not."""

from pathlib import Path

import pytest

from stages.lib.report.changes import FreshRun, run_fresh
from stages.lib.repository.staleness import stale_stages
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
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # has stages.rerun
    return project


def test_stages_that_git_hides_from_dvc_are_not_reproduced(project: Project) -> None:
    assert stale_stages() == []
    (project.folder / ".gitignore").write_text("dvc.yaml", encoding="utf-8")
    project.commit_all("Hide the stages")
    assert run_fresh() == FreshRun([], failed=True)


def test_bytes_that_a_fresh_run_gives_and_others(
    project: Project, capfd: pytest.CaptureFixture[str]
) -> None:
    found = run_fresh()
    assert found == FreshRun([])

    (project.folder / "metrics/copied.txt").write_text(
        "improved by hand", encoding="utf-8"
    )
    (project.folder / "metrics/another.txt").write_text("left behind", encoding="utf-8")
    project.run("dvc", "commit", "--force")
    project.commit_all("Improve the numbers by hand")
    found = run_fresh()
    assert found == FreshRun([], differing=("metrics/copied.txt",))
    told = capfd.readouterr().err
    assert "Updating lock file 'dvc.lock'" in told
    assert "git add" not in told

    (project.folder / "dvc.yaml").write_text(
        PIPELINE.replace("cp params", "cp no_params"), encoding="utf-8"
    )
    project.run("dvc", "commit", "--force")
    project.commit_all("Break the stage")
    assert run_fresh().failed


@pytest.mark.long
def test_a_fresh_run_gets_the_table_that_dvc_tracks(
    project: Project, capfd: pytest.CaptureFixture[str]
) -> None:
    """From the cache of this machine or from the remote, which may be one of this machine alone."""
    (project.folder / "table.csv").write_text("1,2\n", encoding="utf-8")
    (project.folder / "unused.csv").write_text("3,4\n", encoding="utf-8")
    project.run("dvc", "add", "table.csv", "unused.csv")
    pipeline = PIPELINE.replace("deps:\n", "deps:\n    - table.csv\n").replace(
        "cp params.yaml", "cp table.csv"
    )
    (project.folder / "dvc.yaml").write_text(pipeline, encoding="utf-8")
    project.run("dvc", "repro")
    project.commit_all("Read a table")
    assert run_fresh() == FreshRun([])

    project.run(
        "dvc",
        "remote",
        "add",
        "--local",
        "--default",
        "store",
        str(project.folder / ".git/store"),
    )
    project.run("dvc", "push", "table.csv")
    project.run("rm", "-rf", ".dvc/cache")
    assert run_fresh() == FreshRun([])
    assert "table.csv" in capfd.readouterr().err

    project.run("rm", "-rf", ".dvc/cache", ".git/store")
    assert run_fresh() == FreshRun([], failed=True)
    assert (
        "`dvc pull --with-deps dvc.yaml` failed; what DVC says is above. Its remote store"
        in capfd.readouterr().err
    )
