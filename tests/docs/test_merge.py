"""Branches that change different searches are merged as docs/pull-requests.md says, with the real git and dvc."""

from pathlib import Path

import pytest

from tests.conftest import Changed
from tests.pages import DOCS, blocks
from tests.project import IDENTITY

(PAGE,) = (block.splitlines() for block in blocks(DOCS["pull-requests.md"], "sh") if "git merge" in block)
MERGE, UNITE, COMMIT = (line.partition("#")[0].strip() for line in PAGE)
NEW = "+experiments.mine={grid: {module__n_layers: [1, 2]}, fixed: {optimizer: SGD}}"


@pytest.mark.long
def test_three_branches_are_merged_and_no_search_runs_again(changed: Changed, tmp_path: Path) -> None:
    """`narrow-nets` has another grid of neurons; one branch changes the rates, and one adds an experiment.

    Oracle: a run of every stage on the merged files, which must write the same bytes.
    """
    project = changed.project
    edits = {"dropout": "experiments.dropout.grid.module__dropout_rate=[0.1,0.3]", "mine": NEW}
    results = {"neurons": project.read("metrics/search/neurons/summary.json")}
    for search, edit in edits.items():
        project.git("switch", "--quiet", "--create", f"other-{search}", "main")
        project.run("dvc", "exp", "run", "-S", edit)
        project.commit_all(search)
        results[search] = project.read(f"metrics/search/{search}/summary.json")
    project.git("switch", "--quiet", "narrow-nets")
    for search in edits:
        merged = project.run("bash", "-c", MERGE.replace("main", f"other-{search}"), ok=False, variables=IDENTITY)
        assert "CONFLICT (content): Merge conflict in dvc.lock" in merged.stdout
        assert not any(b"<<<<<<<" in content for content in (*project.metrics().values(), project.read("dvc.lock")))
        assert "Run `make merge`" in project.stage("check", ok=False).stderr
        said = project.make(*UNITE.split()[1:]).stdout
        project.run("bash", "-c", COMMIT, variables=IDENTITY)
        assert project.git("status", "--porcelain", "--untracked-files=no") == ""
        assert "up to date" in project.run("dvc", "status").stdout
        assert f": search@{search}, compare@{search}\n" in said
        assert "to be run, because neither side ran them with what is merged: best_params, evaluate, charts\n" in said
        assert "Running stage 'search@" not in said
        assert "git add dvc.lock" not in said
    assert {name: project.read(f"metrics/search/{name}/summary.json") for name in results} == results
    clone = project.clone(tmp_path / "again")
    clone.run("dvc", "repro", "--force")
    assert clone.git("status", "--porcelain", "--untracked-files=all") == ""
