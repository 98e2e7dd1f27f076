"""A whole project in a folder of a larger repository: its commands, and those of DVC, are about this folder."""

import shutil
from pathlib import Path

import pytest

from packages.gridstage.tests.diff.test_reproduced import SAME
from packages.gridstage.tests.project import SUBFOLDER, Project

GRID = "experiments.neurons.grid.module__n_neurons=[2,3]"
CAUSE = "experiments.neurons.grid.module__n_neurons: 2, 3 added; 1, 5 removed"
ROW = "6,148,72,35,0,33.6,0.627,50\n"


@pytest.fixture
def project(reproduced: Project, tmp_path: Path) -> Project:
    """A copy of `reproduced` in a folder of a repository, committed there."""
    project = Project(tmp_path / SUBFOLDER)
    others = shutil.ignore_patterns(".git", ".venv", "tmp", "cache")
    shutil.copytree(reproduced.folder, project.folder, ignore=others)
    Project(tmp_path).commit_first()
    return project


@pytest.mark.long
def test_an_experiment_is_run_compared_and_reported(
    project: Project, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere.txt").touch()
    assert project.run("dvc", "status").stdout == "Data and pipelines are up to date.\n"
    assert project.stage("reproduced").stdout == SAME
    project.stage("refine", "dropout")
    project.git("checkout", "--quiet", ".")

    project.run("dvc", "exp", "run", "--name", "few", "--set-param", GRID)
    for sides in (["HEAD"], ["HEAD", "few"]):
        assert f"\n- {CAUSE}\n" in project.stage("diff", *sides).stdout
    compared = project.run("dvc", "metrics", "diff", "--md").stdout
    assert "| metrics/scores/evaluation.json | kept " in compared
    listed = project.stage("reproduced").stdout.splitlines()
    assert "metrics/search/neurons/candidates.csv" in listed
    project.stage("report", "HEAD")
    assert b", with uncommitted changes" in project.read("report.html")

    (project.folder / "rows.csv").write_text(ROW, encoding="utf-8")
    assert project.stage("predict", "rows.csv").stdout.startswith(("0,", "1,"))
    project.git("checkout", "--quiet", ".")
    project.stage("rerun", "2")
    assert project.stage("reproduced").stdout == SAME
    changed = Project(tmp_path).git("status", "--porcelain").splitlines()
    assert changed[0].startswith("?? ")
    assert len(changed) == 2
