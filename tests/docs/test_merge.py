"""Branches that change different searches are merged as docs/pull-requests.md says, with the real git and dvc.

Oracle: a run of every stage on the merged files, which must write the same bytes.
"""

from pathlib import Path

import pytest

from tests.conftest import Changed
from tests.pages import DOCS, blocks
from tests.project import IDENTITY, Project

(PAGE,) = (block.splitlines() for block in blocks(DOCS["pull-requests.md"], "sh") if "git merge" in block)
MERGE, UNITE, COMMIT = (line.partition("#")[0].strip() for line in PAGE)
NEW = "+experiments.mine={grid: {module__n_layers: [1, 2]}, fixed: {optimizer: SGD}}"


def is_reproduced(project: Project, folder: Path) -> bool:
    """Whether a run of every stage in a clone writes the committed bytes."""
    clone = project.clone(folder)
    clone.run("dvc", "repro", "--force")
    return clone.git("status", "--porcelain", "--untracked-files=all") == ""


def unite(project: Project, other: str) -> str:
    """Merge another branch as the page says, and return what `make merge` prints."""
    merged = project.run("bash", "-c", MERGE.replace("main", other), ok=False, variables=IDENTITY)
    assert "CONFLICT (content): Merge conflict in dvc.lock" in merged.stdout
    assert not any(b"<<<<<<<" in content for content in (*project.metrics().values(), project.read("dvc.lock")))
    checked = project.stage("check", ok=False).stderr
    assert f"error: dvc.lock: both sides of a merge changed it (and {checked.partition('(and ')[2][0]}" in checked
    assert "Run `make merge`" in checked
    said = project.make(*UNITE.split()[1:]).stdout
    project.run("bash", "-c", COMMIT, variables=IDENTITY)
    assert project.git("status", "--porcelain", "--untracked-files=no") == ""
    assert "up to date" in project.run("dvc", "status").stdout
    return said


@pytest.mark.long
def test_three_branches_are_merged_and_no_search_runs_again(changed: Changed, tmp_path: Path) -> None:
    """`narrow-nets` has another grid of neurons; one branch changes the rates, and one adds an experiment."""
    project = changed.project
    results = {"neurons": project.read("metrics/search/neurons.json")}
    for branch, search, edit in (
        ("rates", "dropout", "experiments.dropout.grid.module__dropout_rate=[0.1,0.3]"),
        ("layers", "mine", NEW),
    ):
        project.git("switch", "--quiet", "--create", branch, "main")
        project.run("dvc", "exp", "run", "-S", edit)
        project.commit_all(branch)
        results[search] = project.read(f"metrics/search/{search}.json")
    project.git("switch", "--quiet", "narrow-nets")
    for other, search in (("rates", "dropout"), ("layers", "mine")):
        said = unite(project, other)
        commit = project.git("rev-parse", "--short=7", other).strip()
        assert f"from {other} ({commit}): search@{search}, compare@{search}\n" in said
        assert "to be run, because neither side ran them with what is merged: best_params, evaluate, charts\n" in said
        assert "Running stage 'search@" not in said
        assert "Running stage 'evaluate'" in said
    assert {name: project.read(f"metrics/search/{name}.json") for name in results} == results
    assert project.git("rev-list", "--merges", "HEAD").count("\n") == 2
    assert is_reproduced(project, tmp_path / "again")


@pytest.mark.long
def test_what_both_sides_changed_runs_again_and_what_one_removed_is_gone(changed: Changed, tmp_path: Path) -> None:
    """`main` has removed `dropout` and given `neurons` other settings than `narrow-nets` has."""
    project = changed.project
    project.git("switch", "--quiet", "main")
    params = project.params()
    del params["experiments"]["dropout"]
    params["experiments"]["neurons"]["fixed"]["lr"] = 0.02
    project.write_params(params)
    project.run("dvc", "repro")
    project.commit_all("Remove the rates")
    assert b"@dropout" not in project.read("dvc.lock")
    project.git("switch", "--quiet", "narrow-nets")

    said = unite(project, "main")
    assert "the same on both sides: fetch, baselines\n" in said
    assert "Running stage 'search@neurons'" in said
    assert project.params()["experiments"]["neurons"]["fixed"]["lr"] == 0.02
    assert [name for name in project.metrics() if "dropout" in name] == []
    assert is_reproduced(project, tmp_path / "again")


@pytest.mark.long
def test_a_run_that_was_interrupted_goes_on_where_it_stopped(changed: Changed) -> None:
    project = changed.project
    project.git("switch", "--quiet", "main")
    project.run("dvc", "exp", "run", "-S", "+experiments.neurons.fixed.lr=0.02")
    project.git("commit", "--quiet", "--all", "--message", "Another rate")
    project.run("bash", "-c", "git rebase narrow-nets", ok=False, variables=IDENTITY)
    # As if it had ended after the search.
    (project.folder / "stages/evaluate.py").rename(project.folder / "evaluate.py")
    failed = project.stage("merge", ok=False)
    assert "Running stage 'search@neurons'" in failed.stdout
    assert failed.stderr.endswith(
        "error: `dvc repro` failed, as it says above. Fix that, then run `make merge` again.\n"
    )
    (project.folder / "evaluate.py").rename(project.folder / "stages/evaluate.py")
    said = project.stage("merge").stdout
    assert "from the working tree (with uncommitted changes): search@neurons, compare@neurons, best_params" in said
    assert "Running stage 'search@neurons'" not in said
    assert said.endswith("Look at `git status`, then run `git rebase --continue`.\n")
    project.run("git", "-c", "core.editor=true", "rebase", "--continue", variables=IDENTITY)
    assert project.stage("merge", ok=False).stderr.startswith("error: No merge waits here.")
    assert "up to date" in project.run("dvc", "status").stdout
