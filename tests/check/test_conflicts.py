"""Conflict markers are told before anything else says that it can't read a file. Oracle: what git writes."""

import subprocess
from pathlib import Path

import pytest

from stages import check
from stages.lib.check.before_dvc import find_conflicts, what_to_do
from tests.check.conftest import Write
from tests.conftest import Command
from tests.project import IDENTITY, ROOT, Project

RESULTS = (
    "Take one side of all results: `git restore --source HEAD --staged --worktree --ignore-unmerged dvc.lock metrics "
    "models`. Then run `dvc repro`; docs/pull-requests.md says more."
)
EDIT = "Keep what is to stay of both sides, and remove all markers.\n"


def leave_conflict(name: str, base: str, ours: str, theirs: str, *options: str) -> None:
    """Write a file as git leaves it where both sides changed it."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    for side, text in {"base": base, "theirs": theirs}.items():
        Path(side).write_text(text, encoding="utf-8", newline="")
    path.write_text(ours, encoding="utf-8", newline="")
    assert subprocess.run(["git", "merge-file", "--quiet", *options, name, "base", "theirs"]).returncode == 1


@pytest.mark.parametrize("options", [(), ("--diff3",), ("-L", "HEAD", "-L", "", "-L", "")])
def test_params_yaml_is_to_be_edited(write: Write, in_process: Command, options: tuple[str, ...]) -> None:
    write({}, "neurons")
    text = Path("params.yaml").read_text(encoding="utf-8")
    sides = (text.replace("seed: 7", f"seed: {seed}") for seed in (8, 9))
    leave_conflict("params.yaml", text, *sides, *options)
    done = in_process(check)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"error: params.yaml: line 1 is a conflict marker of git. {EDIT}"


def test_dvc_yaml_is_to_be_edited_and_params_yaml_is_checked(write: Write, in_process: Command) -> None:
    write({"data.sample": 7}, "neurons")
    text = Path("dvc.yaml").read_text(encoding="utf-8")
    Path("dvc.yaml").unlink()  # the link to the real one
    leave_conflict("dvc.yaml", text, *(text.replace("stages:\n", f"stages: # {side}\n") for side in "ab"))
    first, second = in_process(check).stderr.splitlines(keepends=True)
    line = text.partition("stages:\n")[0].count("\n") + 1
    assert first == f"error: dvc.yaml: line {line} is a conflict marker of git. {EDIT}"
    assert "params.yaml: data.sample is 7: " in second


def test_results_are_to_be_taken_from_one_side_and_the_rest_is_checked(write: Write, in_process: Command) -> None:
    write({"data.sample": 7}, "neurons")
    leave_conflict("metrics/search/neurons.json", '{\n"a": 1\n}\n', '{\n"a": 2\n}\n', '{\n"a": 3\n}\n')
    told = f"metrics/search/neurons.json: line 2 is a conflict marker of git. {RESULTS}"
    assert list(what_to_do(find_conflicts())) == [told]
    leave_conflict("metrics/leaderboard.csv", "x\r\n1\r\n", "x\r\n2\r\n", "x\r\n3\r\n")
    assert "is a conflict marker of git (and 1 more file). Take" in next(what_to_do(find_conflicts()))
    leave_conflict("dvc.lock", "a: 1\n", "a: 2\n", "a: 3\n")
    first, second = in_process(check).stderr.splitlines()
    assert first == f"error: dvc.lock: line 1 is a conflict marker of git (and 2 more files). {RESULTS}"
    assert "params.yaml: data.sample is 7: " in second


@pytest.fixture
def merging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A merge that has stopped at dvc.lock, at a result, and at another file; .gitattributes is the project's own."""
    monkeypatch.chdir(tmp_path)
    project = Project(tmp_path)
    Path("metrics").mkdir()
    files = ("dvc.lock", "metrics/best_params.json", "stages.txt")
    Path(".gitattributes").write_bytes((ROOT / ".gitattributes").read_bytes())
    project.commit_first()
    for branch in ("one", "main"):
        project.git("switch", "--quiet", *(["--create"] if branch == "one" else []), branch)
        Path("metrics").mkdir(exist_ok=True)
        for file in files:
            Path(file).write_text(f"a: {branch}\n", encoding="utf-8")
        Path("models").mkdir(exist_ok=True)
        Path("models/best").touch()
        project.commit_all(branch)
    assert project.run("git", "merge", "one", ok=False, variables=IDENTITY).returncode == 1
    return project


def test_results_of_two_sides_have_no_markers_and_are_found(merging: Project) -> None:
    assert merging.read("dvc.lock") == b"a: main\n"  # one side of it, whole
    assert b"<<<<<<<" in merging.read("stages.txt")
    assert find_conflicts() == {"dvc.lock": 0, "metrics/best_params.json": 0}
    told = "dvc.lock: both sides of a merge changed it (and 1 more file). "
    assert list(what_to_do(find_conflicts())) == [f"{told}Run `make merge`; docs/pull-requests.md says more."]
    merging.git("add", "--all")
    assert find_conflicts() == {}


def test_where_no_merge_waits_one_side_is_to_be_taken(merging: Project) -> None:
    """As after `git stash pop`."""
    (merging.folder / ".git/MERGE_HEAD").unlink()
    (told,) = what_to_do(find_conflicts())
    assert told == f"dvc.lock: both sides of a merge changed it (and 1 more file). {RESULTS}"
    restored = told.partition("`")[2].partition("`")[0]
    merging.run("bash", "-c", restored)
    assert find_conflicts() == {}


@pytest.mark.parametrize("left", ["=======\n", ">>>>>>> main\n", "||||||| 1234567\n", "<<<<<<<\r\n"])
def test_one_marker_that_was_overlooked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text(f"seed: 7\n{left}cv: 1\n", encoding="utf-8", newline="")
    assert find_conflicts() == {"params.yaml": 2}


@pytest.mark.parametrize("text", ["  =======\n", "========\n", "# <<<<<<< HEAD\n", "=======,1\n", "a: >>>>>>> b\n", ""])
def test_what_is_no_marker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path("dvc.lock").write_text(text, encoding="utf-8")
    assert find_conflicts() == {}
