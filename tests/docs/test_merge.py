"""Two branches that change different searches are merged as docs/pull-requests.md says."""

from pathlib import Path

import pytest

from tests.conftest import Changed
from tests.pages import DOCS, blocks
from tests.project import IDENTITY, Project

(PAGE,) = (block.splitlines() for block in blocks(DOCS["pull-requests.md"], "sh") if "git merge" in block)
MERGE, RESTORE, *REST = (line for line in PAGE if not line.startswith("#"))


def test_one_side_is_taken_of_each_kind_of_conflict(tmp_path: Path) -> None:
    project = Project(tmp_path)
    both, mine, theirs = "metrics/leaderboard.csv", "metrics/search/mine.json", "metrics/search/theirs.json"

    def write(text: str, *names: str) -> None:
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text, encoding="utf-8")

    write("old\n", "dvc.lock", "models/best", both, "metrics/gone_here", "metrics/gone_there")
    project.commit_first()
    project.git("switch", "--quiet", "--create", "branch")
    project.git("rm", "--quiet", "metrics/gone_here")
    write("mine\n", "dvc.lock", "models/best", both, mine, "metrics/gone_there")
    project.commit_all("Mine")
    project.git("switch", "--quiet", "main")
    project.git("rm", "--quiet", "metrics/gone_there")
    write("theirs\n", "dvc.lock", "models/best", both, theirs, "metrics/gone_here")
    project.commit_all("Theirs")
    project.git("switch", "--quiet", "branch")

    assert project.run("bash", "-c", MERGE, ok=False, variables=IDENTITY).returncode == 1
    states = {line[:2] for line in project.git("status", "--porcelain").splitlines()}
    assert {"UU", "DU", "UD", "A "} <= states
    project.run("bash", "-c", RESTORE)
    # What the branch has deleted stays until `dvc repro`, which deletes the results of experiments that are gone.
    assert project.git("status", "--porcelain") == "?? metrics/gone_here\n"
    assert {project.read(name) for name in ("dvc.lock", "models/best", both, mine)} == {b"mine\n"}


@pytest.mark.long
def test_two_branches_are_merged_and_only_what_changed_runs(changed: Changed) -> None:
    project = changed.project
    neurons = project.read("metrics/search/neurons.json")
    project.git("switch", "--quiet", "main")
    project.run("dvc", "exp", "run", "-S", "experiments.dropout.grid.module__dropout_rate=[0.1,0.3]")
    project.git("commit", "--quiet", "--all", "--message", "Search other rates")
    dropout = project.read("metrics/search/dropout.json")
    project.git("switch", "--quiet", "narrow-nets")

    merged = project.run("bash", "-c", MERGE, ok=False, variables=IDENTITY)
    assert "CONFLICT (content): Merge conflict in dvc.lock" in merged.stdout
    checked = project.stage("check", ok=False)
    assert checked.stderr.startswith("error: dvc.lock: line ")
    assert RESTORE in checked.stderr
    said = [project.run("bash", "-c", line, variables=IDENTITY).stdout for line in (RESTORE, *REST)]
    (ran,) = (text for text in said if "Stage 'fetch'" in text)
    assert "Running stage 'search@dropout'" in ran
    assert "Stage 'search@neurons' didn't change, skipping" in ran
    assert (project.read("metrics/search/neurons.json"), project.read("metrics/search/dropout.json")) == (
        neurons,
        dropout,
    )
    assert project.git("status", "--porcelain", "--untracked-files=no") == ""
    assert project.git("rev-list", "--merges", "HEAD").count("\n") == 1
    assert "up to date" in project.run("dvc", "status").stdout
