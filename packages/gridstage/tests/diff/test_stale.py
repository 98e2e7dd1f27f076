"""A side whose code, data or params are not those that its results are from says so first, and names them."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from gridstage.commands import diff
from gridstage.common import write_text
from gridstage.repository.recorded import LockedResults
from gridstage.repository.snapshot import Snapshot
from gridstage.repository.staleness import Stale, stale_stages, staleness
from packages.gridstage.tests.conftest import Command
from packages.gridstage.tests.diff.commits import AGAINST, UNCHANGED, Commits
from packages.gridstage.tests.project import PLACES, Project, set_at, text_of

LIBRARY = "packages/gridstage/src/gridstage"

FRESH = Stale([], [])
SAME = f"{UNCHANGED} Unchanged: all scores are the same. {AGAINST}."
# What is said in place of `SAME` where something was not rerun.
UNTIL = "Until then, nothing can be said of what these change. Use linear, as before."
PIPELINE = {
    "evaluate": {"cmd": "true"},
    "search": {"foreach": "${experiments}", "do": {"cmd": "true"}},
}


def of(revision: str | None = None) -> Stale:
    return staleness(LockedResults(Snapshot.of(revision)))


def write(commits: Commits, path: str, content: Any) -> None:
    """Write a file of the repository; what is not a text, as YAML."""
    text = content if isinstance(content, str) else yaml.safe_dump(content)
    write_text(commits.project.folder / path, text)


def nested(params: dict[str, Any]) -> dict[str, Any]:
    """Return the params of dvc.lock as params.yaml has them: `data.path` inside of `data`."""
    found: dict[str, Any] = {}
    for key, value in params.items():
        section, _, name = key.partition(".")
        if name:
            found.setdefault(section, {})[name] = value
        else:
            found[section] = value
    return found


def add_stages(commits: Commits, **stages: Any) -> None:
    """Add to what dvc.lock says of `evaluate` what it says of other stages."""
    added = {name.replace("__", "@"): stage for name, stage in stages.items()}
    write(commits, "dvc.lock", {"stages": commits.project.lock() | added})


@pytest.mark.parametrize("commits", PLACES, indirect=True)
def test_what_was_edited_and_not_run_is_named_first(
    commits: Commits, said: Any
) -> None:
    assert said()[0] == SAME
    write(commits, f"{LIBRARY}/model", "n_neurons = 3\n")
    write(commits, "data/rows.csv", "a flipped label")
    write(
        commits, "params.yaml", nested(commits.params | {"seed": 8, "data.target": "z"})
    )
    assert said()[0] == (
        f"Not rerun in the working tree: data/rows.csv, {LIBRARY}/model, data.target, seed; run `dvc repro`. {UNTIL}"
    )


def test_params_of_every_stage_are_compared_with_params_yaml(commits: Commits) -> None:
    write(
        commits,
        "params.yaml",
        nested(commits.params)
        | {"engine": "skorch", "experiments": {"lr": {"grid": 1}}},
    )
    recorded = {"engine": "lockstep", "experiments.lr": {"grid": 1, "fixed": 2}}
    add_stages(commits, search__lr={"params": {"params.yaml": recorded}})
    assert of() == FRESH._replace(changed=["engine", "experiments.lr.fixed"])


@pytest.mark.parametrize(
    ("recorded", "written", "told"),
    [
        ("lr: 1e-05", "lr: 0.00001", []),
        (
            "callbacks: {}",
            "callbacks: {EarlyStopping: {}}",
            ["model.callbacks.EarlyStopping"],
        ),
        ("grid: {lr: [0.1]}", "grid: {lr: [0.1, 0.2]}", ["model.grid.lr"]),
        ("grid: {lr: [0.1]}", "other: 1", ["model.grid.lr", "model.other"]),
    ],
)
def test_values_are_compared_and_not_how_they_are_written(
    commits: Commits, recorded: str, written: str, told: list[str]
) -> None:
    write(
        commits,
        "dvc.lock",
        f"stages: {{evaluate: {{params: {{params.yaml: {{model: {{{recorded}}}}}}}}}}}",
    )
    write(commits, "params.yaml", f"# A comment.\nmodel:\n  {written}\n")
    assert of() == FRESH._replace(changed=told)


def test_stages_that_dvc_yaml_does_not_have_are_not_read(
    commits: Commits, said: Any
) -> None:
    """Neither what is stale nor what differs: a leftover has the params of long ago."""
    write(commits, "dvc.yaml", {"stages": PIPELINE})
    write(
        commits,
        "params.yaml",
        nested(commits.params) | {"experiments": {"lr": {"grid": 1}}},
    )
    gone = {
        "deps": [{"path": "gone.py", "md5": "1"}],
        "params": {"params.yaml": {"seed": 1, "cv.n_repeats": 3}},
    }
    add_stages(commits, search__gone=gone, search__lr={"cmd": "true"})
    assert of() == FRESH
    commits.project.commit_all("Leftovers")
    commits.params |= {"cv": commits.params["cv"] | {"n_repeats": 5}}
    commits.write()
    add_stages(commits, search__gone=gone, search__lr={"cmd": "true"})
    assert said()[-1] == "- cv.n_repeats: 10 → 5"
    write(
        commits,
        "params.yaml",
        nested(commits.params) | {"experiments": {"gone": {"grid": 1}}},
    )
    assert of() == FRESH._replace(changed=["gone.py", "cv.n_repeats", "seed"])


def test_stages_that_did_not_run_are_named(commits: Commits, said: Any) -> None:
    write(commits, "dvc.yaml", {"stages": PIPELINE})
    write(commits, "params.yaml", {"experiments": {"lr": 1, "width": 2}})
    assert of().changed[-2:] == ["search@lr", "search@width"]
    # `evaluate` has read what the search wrote before it ran again.
    lr = {"path": "metrics/search/lr/candidates.csv", "md5": "1"}
    md5 = md5_of(commits, "metrics/search/lr/candidates.csv")
    read = {"deps": [lr], "params": {"params.yaml": {}}}
    add_stages(
        commits,
        evaluate=read,
        search__lr={"outs": [lr | {"md5": md5}]},
        search__width={"cmd": 1},
    )
    assert of() == FRESH._replace(changed=["evaluate"])
    assert (
        "Not rerun in the working tree: evaluate; run `dvc repro`." in said("before")[0]
    )


def md5_of(commits: Commits, path: str) -> str:
    """Return the hash of a file, by a tool that is not ours."""
    return commits.project.run("md5sum", path).stdout.split()[0]


@pytest.mark.parametrize("commits", PLACES, indirect=True)
def test_results_that_were_edited_by_hand_are_named(
    commits: Commits, said: Any
) -> None:
    path, table = (
        "metrics/search/lr/candidates.csv",
        commits.project.folder / "metrics/search/lr/candidates.csv",
    )
    add_stages(
        commits, search__lr={"outs": [{"path": path, "md5": md5_of(commits, path)}]}
    )
    assert of() == FRESH
    write(
        commits, path, text_of(table).replace("lr=0.1", '"lr=0.1"')
    )  # which reads the same
    assert of() == FRESH._replace(edited=[path])
    edited = "Edited or deleted since their stages wrote them"
    assert said()[0].startswith(
        f"{edited}, in the working tree: {path}; run `dvc repro`. {UNTIL}"
    )
    commits.git("commit", "--quiet", "--all", "--message", "Edited")
    assert said("before", "HEAD")[0].startswith(
        f"{edited}, or not committed with dvc.lock, in HEAD: {path}; run `dvc repro` there, and commit. {UNTIL}"
    )


def test_a_param_that_a_stage_no_longer_reads_is_no_cause(
    commits: Commits, said: Any
) -> None:
    """Another stage of the same side still reads the same value."""
    add_stages(
        commits, other={"params": {"params.yaml": {"seed": 7, "cv.n_splits": 3}}}
    )
    commits.project.commit_all("Two stages read it")
    add_stages(commits, other={"params": {"params.yaml": {"seed": 7}}})
    assert not any("cv.n_splits" in line for line in said())
    add_stages(commits, other={"params": {"params.yaml": {"seed": 8}}})
    assert "- seed: 7 → 8" in said()


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        (
            "params.yaml",
            "seed: [",
            "is not a mapping in YAML, so nothing can be compared with it.",
        ),
        (
            "params.yaml",
            "<<<<<<< HEAD\nseed: 7\n=======\nseed: 8\n>>>>>>> b\n",
            "has conflict markers",
        ),
        (
            "dvc.lock",
            "- a",
            "is not what DVC writes, so nothing can be compared with it.",
        ),
    ],
)
def test_a_file_that_cannot_be_read_is_named(
    commits: Commits, in_process: Command, file: str, text: str, told: str
) -> None:
    write(commits, file, text)
    said = in_process(diff).refused()
    assert said.startswith(f"error: {file} of the working tree {told}")
    commits.project.commit_all("Broken")
    assert in_process(diff, "before", "HEAD").stderr == said.replace(
        "the working tree", "HEAD"
    )


# A change of one file or key in `reproduced`, and what is named then.
EDITS = {
    f"{LIBRARY}/compare/table.py": FRESH._replace(changed=[f"{LIBRARY}/compare"]),
    "packages/resampled/src/resampled/means/ttest.py": FRESH._replace(
        changed=["packages/resampled/src/resampled"]
    ),
    "nets/network.py": FRESH._replace(changed=["nets"]),
    "requirements.txt": FRESH._replace(changed=["requirements.txt"]),
    f"{LIBRARY}/common/aside/errors.py": FRESH,  # .dvcignore names it
    "data/pima-indians-diabetes.csv": FRESH._replace(
        changed=["data/pima-indians-diabetes.csv"]
    ),
    "metrics/search/dropout/draws.csv": FRESH._replace(
        edited=["metrics/search/dropout"]
    ),
    "metrics/scores/dropout.json": FRESH._replace(edited=["metrics/scores"]),
    "models/best.onnx": FRESH._replace(edited=["models"]),
    "metrics/README.md": FRESH._replace(edited=["metrics/README.md"]),
    f"{LIBRARY}/told/answer.py": FRESH._replace(changed=[f"{LIBRARY}/told"]),
}


def test_of_a_whole_project_each_edit_is_named_as_dvc_status_does(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.folder)
    (project.folder / "metrics/scores/lr.json.tmp").touch()  # which DVC ignores
    assert of() == of("HEAD") == FRESH
    for path, expected in EDITS.items():
        content = project.read(path)
        Path(path).write_bytes(content + b"\n# 1\n")
        assert of() == expected, path
        project.commit_all("Edit")
        assert of("HEAD") == expected, path
        Path(path).write_bytes(content)
    params = project.params()
    set_at(params, "prepare.scale", "standard")
    project.write_params(params)
    write_text(f"{LIBRARY}/search/halving.py", "# nothing\n")
    assert of() == FRESH._replace(changed=[f"{LIBRARY}/search", "prepare.scale"])
    status = json.loads(project.run("dvc", "status", "--json").stdout)
    assert stale_stages() == sorted(status)
    assert stale_stages("search@neurons", "fetch") == ["search@neurons"]
    changed = [
        each.get("changed deps", {}) for stage in status.values() for each in stage
    ]
    named = {path for each in changed for path in each if path.startswith(LIBRARY)}
    keys = {
        key
        for each in changed
        for key in each.get("params.yaml", {})
        if isinstance(each.get("params.yaml"), dict)
    }
    assert (named, keys) == ({f"{LIBRARY}/search"}, {"prepare"})
