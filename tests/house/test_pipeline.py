"""The real `dvc` and `git` in temporary clones, with small grids."""

import re
from copy import deepcopy

import pytest

from packages.gridstage.tests.conftest import Changed
from packages.gridstage.tests.project import OF_AN_EXPERIMENT, SEARCHED, Project, set_at

# What a run writes into metrics/, for each experiment and once.
OF_EACH = [
    *OF_AN_EXPERIMENT,
    *"charts/{}.svg charts/curves/{}.svg charts/importance/{}.svg scores/{}.json".split(),
]
ONCE = """README.md best_params.json data.json evaluation.json leaderboard.csv scores/evaluation.json charts/drawn.json
charts/answer_diagnostics.svg charts/diagnostics.svg charts/evaluation.svg charts/inputs.svg charts/leaderboard.svg
charts/thresholds.svg baselines/diagnostics.csv baselines/errors.json baselines/inputs.csv baselines/scores.csv
baselines/thresholds.csv evaluation/answer.json evaluation/answer_diagnostics.csv evaluation/contenders.csv
evaluation/diagnostics.csv evaluation/errors.json evaluation/inputs.csv evaluation/thresholds.csv""".split()


def test_repro_writes_all_metrics(reproduced: Project) -> None:
    expected = {each.format(name) for each in OF_EACH for name in SEARCHED} | {*ONCE}
    assert set(reproduced.metrics()) == {f"metrics/{name}" for name in expected}


@pytest.mark.long
def test_a_forced_run_gives_the_same_bytes(project: Project) -> None:
    before = project.metrics()
    done = project.make("repro")
    assert project.metrics() == before
    assert project.git("status", "--short") == ""
    assert (
        "Every metric and the model are byte-identical to the committed ones."
        in done.stdout
    )


def test_a_changed_grid_reruns_its_search_only(changed: Changed) -> None:
    (said,) = (
        said
        for command, said in changed.said.items()
        if command.startswith("dvc exp run")
    )
    run = re.findall(r"Running stage '(.*)'", said)
    assert run[:2] == ["search@neurons", "compare@neurons"]
    assert not {"search@dropout", "compare@dropout", "baselines"} & set(run)


# What is stale at once after an edit; a stage that follows from its outputs is not told yet.
STALE = {
    "statistics.rope": (
        0.02,
        {"compare@dropout", "compare@neurons", "best_params", "evaluate"},
    ),
    "statistics.pick": ("simplest", {"best_params", "evaluate", "results"}),
    "evaluate.keep": ("combined", {"best_params", "evaluate"}),
    "evaluate.costs": (
        {"false_positive": 1, "false_negative": 5},
        {"best_params", "evaluate"},
    ),
    "experiments.dropout.grid.module__dropout_rate": (
        [0.0, 0.3],
        {"search@dropout", "best_params", "evaluate", "results"},
    ),
    "experiments.neurons.fixed.lr": (
        0.02,
        {"search@neurons", "best_params", "evaluate", "results"},
    ),
}


def test_dvc_tells_what_an_edit_makes_stale(project: Project) -> None:
    params = project.params()
    for place, (value, expected) in STALE.items():
        edited = deepcopy(params)
        set_at(edited, place, value)
        project.write_params(edited)
        assert project.stale() == expected, place


def test_make_status_fails_where_results_are_those_of_other_files(
    project: Project,
) -> None:
    assert project.make("status").stdout == "dvc.lock fits the files.\n"
    assert project.git("status", "--short") == ""
    # As after a merge on GitHub, which takes lines from both sides.
    leaderboard = project.folder / "metrics/leaderboard.csv"
    leaderboard.write_bytes(leaderboard.read_bytes() + b"\n")
    done = project.make("status", ok=False)
    assert done.returncode == 2
    assert "dvc.lock does not fit the files. Run `dvc repro`, and commit" in done.stderr
    assert "metrics/leaderboard.csv" in done.stdout


@pytest.mark.long
def test_an_experiment_of_ones_own(project: Project) -> None:
    own = (
        "+experiments.mine={grid: {module__n_layers: [1, 2]}, fixed: {optimizer: SGD}}"
    )
    done = project.run("dvc", "exp", "run", "-S", own)
    assert "Running stage 'search@mine'" in done.stdout
    assert "Running stage 'search@dropout'" not in done.stdout
    assert b"module__n_layers=2" in project.read("metrics/search/mine/candidates.csv")
    assert b">n_layers</text>" in project.read("metrics/charts/mine.svg")
    assert b'"mine"' in project.read("metrics/best_params.json")


@pytest.mark.long
def test_a_removed_experiment_leaves_nothing_behind(project: Project) -> None:
    params = project.params()
    del params["experiments"]["dropout"]
    project.write_params(params)
    done = project.run("dvc", "repro")
    assert (
        "that no experiment of params.yaml has, such as metrics/compared/dropout.csv"
        in done.stdout
    )
    assert [name for name in project.metrics() if "dropout" in name] == []
    assert b"| dropout |" not in project.read("metrics/README.md")
    assert "up to date" in project.run("dvc", "status").stdout


def test_a_mistake_ends_dvc_with_a_sentence(project: Project) -> None:
    before = project.metrics()
    done = project.run(
        "dvc", "exp", "run", "-S", "experiments.neurons.fixed.optimizer=Adamm", ok=False
    )
    assert done.returncode != 0
    assert (
        "error: params.yaml: experiments.neurons.fixed.optimizer: 'Adamm' is not an optimizer"
        in done.stderr
    )
    assert "Traceback" not in done.stderr
    assert project.metrics() == before


# What makes each stage fail: a file, and its content.
SPOILT = {
    "fetch": ("data/pima-indians-diabetes.csv", b"1,2\n"),
    "search@dropout": ("nets/network.py", b"raise RuntimeError"),
    "compare@dropout": ("metrics/search/dropout/candidates.csv", b""),
    "best_params": ("metrics/search/dropout/summary.json", b"[]"),
    "baselines": ("data/pima-indians-diabetes.csv", b"1,2\n"),
    "evaluate": ("metrics/best_params.json", b"{}"),
    "charts": ("metrics/leaderboard.csv", b""),
    "results": ("metrics/evaluation.json", b"{}"),
}


@pytest.mark.long
@pytest.mark.parametrize("stage", SPOILT)
def test_a_stage_that_fails_leaves_git_a_clean_tree_but_for_the_mistake(
    project: Project, stage: str
) -> None:
    path, content = SPOILT[stage]
    params = project.params()
    params["data"]["url"] = None
    params["data"]["sha256"] = None
    project.write_params(params)
    project.commit_all("Accept any file")
    (project.folder / path).write_bytes(content)
    done = project.run("dvc", "repro", "--single-item", "--force", stage, ok=False)
    assert done.returncode != 0
    assert "error: " in done.stderr
    assert "Traceback" not in done.stderr
    assert project.git("status", "--short") == f" M {path}\n"
