"""A table that DVC tracks, from adopt to a clone: real `dvc` and `git`, and a folder as the remote."""

import contextlib
from pathlib import Path

import pytest

from gridstage.common import write_text
from gridstage.repository.staleness import stale_stages
from packages.gridstage.tests.adopt.conftest import as_text, passengers
from packages.gridstage.tests.conftest import MakeProject
from packages.gridstage.tests.project import Project
from tests.house.test_workflow import WORKFLOWS

TABLE = "data/passengers.csv"
UP_TO_DATE = "Data and pipelines are up to date.\n"


def test_ci_gets_the_table_before_it_looks_at_dvc_lock() -> None:
    (script,) = [
        step["run"]
        for step in WORKFLOWS["ci"]["jobs"]["test"]["steps"]
        if "make status" in step.get("run", "")
    ]
    assert script.splitlines() == [
        "make .venv/repro",
        ".venv/bin/dvc pull --with-deps dvc.yaml",
        "make status",
    ]


def shrink(project: Project) -> None:
    """Leave of the search that adopt has written what trains in seconds."""
    params = project.params()
    params["experiments"]["net"]["n_candidates"] = 2
    params["model"] |= {"max_epochs": 1, "callbacks": {}}
    params["cv"] |= {"n_splits": 2, "n_repeats": 2}
    project.write_params(params)


@pytest.mark.long
@pytest.mark.parametrize("by_hand", [False, True])
def test_add_push_clone_pull_and_nothing_to_do(
    make_project: MakeProject, tmp_path: Path, by_hand: bool
) -> None:
    project = make_project()
    project.commit_first()
    write_text(project.folder / TABLE, as_text(passengers()))
    if by_hand:
        project.run("dvc", "add", TABLE)
    else:
        project.commit_all("As if it were small")
        assert (
            f"output '{TABLE}' is already tracked by SCM"
            in project.stage("adopt", TABLE, "survived", "--dvc", ok=False).stderr
        )
        project.git("rm", "--quiet", "--cached", TABLE)
    said = project.stage("adopt", TABLE, "survived", *["--dvc"] * (not by_hand)).stdout
    assert ("DVC has no remote to send the table to" in said) == (not by_hand)
    shrink(project)
    project.run("dvc", "repro")
    assert project.run("dvc", "status").stdout == UP_TO_DATE
    project.run("dvc", "remote", "add", "--default", "store", str(tmp_path / "store"))
    project.commit_all("Passengers")
    in_git = project.git("ls-files", "data").split()
    assert {f"{TABLE}.dvc", "data/.gitignore"} <= {*in_git}
    assert TABLE not in in_git

    clone = project.clone(tmp_path / "clone")
    refused = clone.stage("fetch", ok=False)
    assert (
        f"error: `dvc pull {TABLE}` failed; what DVC says is above. `dvc remote list` says where it looks."
        in refused.stderr
    )
    checked = clone.stage("check", ok=False).stderr
    assert (
        f"error: {TABLE} is not here, but DVC tracks it, by {TABLE}.dvc. Run `dvc pull {TABLE}`.\n"
        in checked
    )
    assert "run `dvc pull` first." in clone.make("status", ok=False).stderr

    project.run("dvc", "push")
    assert "all checks passed" in clone.stage("fetch").stdout
    assert clone.read(TABLE) == project.read(TABLE)
    assert clone.run("dvc", "status").stdout == UP_TO_DATE
    assert "Running stage" not in clone.run("dvc", "repro").stdout
    assert clone.make("status").stdout == "dvc.lock fits the files.\n"
    assert clone.git("status", "--short") == ""

    # Another branch may have another version, which git does not bring.
    write_text(project.folder / TABLE, as_text(passengers()[:-1]))
    project.run("dvc", "add", TABLE)
    project.commit_all("One passenger less")
    project.run("dvc", "push")
    clone.git("pull", "--quiet")
    assert (
        f"{TABLE} is not the version that {TABLE}.dvc names. "
        in clone.stage("check", ok=False).stderr
    )
    clone.run("dvc", "pull", TABLE)
    assert clone.read(TABLE) == project.read(TABLE)
    with contextlib.chdir(clone.folder):
        assert {"fetch", "search@net", "baselines", "evaluate"} <= {*stale_stages()}
