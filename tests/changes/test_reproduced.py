"""Whether results are those that are committed: what differs is listed, and what can't be compared is an error."""

from collections.abc import Callable
from pathlib import Path

import pytest

from stages import reproduced
from tests.conftest import Command
from tests.project import Project

Fault = Callable[[Project, pytest.MonkeyPatch], None]

SAME = "Every metric and the model are byte-identical to the committed ones.\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A repository to work in with a metric and a model."""
    monkeypatch.chdir(tmp_path)
    for name in ("metrics/search/a.json", "models/answer.onnx"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("1", encoding="utf-8")
    (tmp_path / ".gitignore").write_text("*.csv\n*.tmp\n", encoding="utf-8")
    project = Project(tmp_path)
    project.commit_first()
    return project


def test_what_differs_is_listed(project: Project, in_process: Command) -> None:
    (project.folder / "metrics/left.json.tmp").touch()  # by an interrupted write
    (project.folder / "README.md").touch()
    assert in_process(reproduced).stdout == SAME
    (project.folder / "metrics/search/a.json").write_text("2", encoding="utf-8")
    (project.folder / "metrics/new.json").touch()
    (project.folder / "metrics/ignored.csv").touch()
    project.git("mv", "models/answer.onnx", "models/other.onnx")
    done = in_process(reproduced)
    *listed, advice = done.stdout.splitlines()
    assert listed == [
        "These files differ from the committed ones:",
        *("metrics/ignored.csv", "metrics/new.json", "metrics/search/a.json"),
        *("models/answer.onnx", "models/other.onnx"),
    ]
    assert advice.startswith("If another processor made those, files may differ of a search whose nets TorchScript")
    assert done.returncode == 0


def no_repository(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    (project.folder / ".git").rename(project.folder / "git")


def broken(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    (project.folder / ".git/index").write_text("broken", encoding="utf-8")


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (no_repository, "This folder is not a git repository, or has no commit yet. Run in a clone of the project"),
        (broken, "`git status` failed: "),
    ],
)
def test_what_cannot_be_compared_is_not_the_same(
    project: Project, monkeypatch: pytest.MonkeyPatch, in_process: Command, fault: Fault, why: str
) -> None:
    fault(project, monkeypatch)
    done = in_process(reproduced)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error: The results could not be compared with the committed ones: {why}")
