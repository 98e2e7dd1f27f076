"""Whether results are those that are committed: what differs is listed, and what can't be compared is an error."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from gridstage.commands import reproduced
from gridstage.common import write_text
from packages.gridstage.tests.conftest import Command
from packages.gridstage.tests.diff.commits import evaluation_of
from packages.gridstage.tests.project import NUMBERS, PLACES, Project

Fault = Callable[[Project, pytest.MonkeyPatch], None]

SAME = "Every metric and the model are byte-identical to the committed ones.\n"


@pytest.fixture
def project(
    here: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Project:
    """A repository to work in with a metric and a model; a param is the folder of the project there."""
    folder = here / getattr(request, "param", "")
    for name in ("metrics/a.json", "models/answer.onnx"):
        write_text(folder / name, "1")
    write_text(folder / ".gitignore", "*.csv\n*.tmp\n")
    Project(here).commit_first()
    monkeypatch.chdir(folder)
    return Project(folder)


@pytest.mark.parametrize("project", PLACES, indirect=True)
def test_what_differs_is_listed(project: Project, in_process: Command) -> None:
    (project.folder / "metrics/left.json.tmp").touch()  # by an interrupted write
    (project.folder / "README.md").touch()
    assert in_process(reproduced).stdout == SAME
    write_text(project.folder / "metrics/a.json", "2")
    (project.folder / "metrics/new.json").touch()
    (project.folder / "metrics/ignored.csv").touch()
    project.git("mv", "models/answer.onnx", "models/other.onnx")
    done = in_process(reproduced)
    *listed, by_kernel, advice = done.stdout.splitlines()
    assert listed == [
        "These files differ from the committed ones:",
        *("metrics/a.json", "metrics/ignored.csv", "metrics/new.json"),
        *("models/answer.onnx", "models/other.onnx"),
    ]
    assert by_kernel.startswith(
        "The engine's kernel trained every net, so another processor can change only "
    )
    assert advice.startswith(
        "All other differences come from other settings, code, data or packages: `dvc status` "
    )
    # What is not there would keep git from restoring the others.
    assert advice.endswith("`git restore metrics models` takes this run back.")
    project.git("restore", "metrics", "models")
    assert project.read("metrics/a.json") == b"1"
    assert done.returncode == 0


def test_other_packages_are_told_where_files_differ(
    project: Project, in_process: Command
) -> None:
    write_text(project.folder / "requirements.txt", "numpy==1.0\n")
    assert in_process(reproduced).stdout == SAME
    write_text(project.folder / "metrics/a.json", "2")
    said = in_process(reproduced).stdout
    assert "\nnote: other packages are installed than requirements.txt names" in said


def test_nets_that_the_kernel_did_not_train_are_told_where_files_differ(
    project: Project, in_process: Command
) -> None:
    written = {
        "search/a/summary": NUMBERS
        | {"best_params": "", "not_by_kernel": {"why": ["lr=1", "lr=2"]}},
        "search/b/summary": NUMBERS | {"best_params": ""},
        "evaluation": evaluation_of(kept="a")
        | {"not_by_kernel": {"another": ["combined"]}},
    }
    for name, content in written.items():
        path = project.folder / f"metrics/{name}.json"
        write_text(path, json.dumps(content))
        (path.parent / "candidates.csv").touch()
    told = [
        line
        for line in in_process(reproduced).stdout.splitlines()
        if line.startswith("The engine's kernel")
    ]
    assert [line.partition(". ")[0] for line in told] == [
        "The engine's kernel did not train lr=1; lr=2, because why",
        "The engine's kernel did not train combined, because another",
    ]


def no_repository(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    (project.folder / ".git").rename(project.folder / "git")


def broken(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    write_text(project.folder / ".git/index", "broken")


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (
            no_repository,
            "This folder is not a git repository, or has no commit yet. Run in a project that git has",
        ),
        (broken, "`git status --porcelain "),
    ],
)
def test_what_cannot_be_compared_is_not_the_same(
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    in_process: Command,
    fault: Fault,
    why: str,
) -> None:
    fault(project, monkeypatch)
    done = in_process(reproduced)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error: {why}")
