"""What DVC would say in words of its own is a problem first. Oracles: what DVC does there, and what git writes."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from gridstage.check.everything import _unmerged_results
from gridstage.commands import check
from gridstage.common import write_text
from gridstage.config.yaml12 import conflict_line
from packages.gridstage.tests.check.conftest import Write
from packages.gridstage.tests.conftest import Command
from packages.gridstage.tests.pages import DOCS
from packages.gridstage.tests.project import (
    IDENTITY,
    PLACES,
    ROOT,
    Project,
    environment,
    text_of,
)
from packages.gridstage.tests.read_sample import SAMPLE


def test_all_else_is_checked_where_git_has_no_answer(
    write: Write, in_process: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    write({"cv.n_splits": 1})
    shutil.copytree(
        ROOT / ".dvc", ".dvc", ignore=shutil.ignore_patterns("tmp", "cache")
    )
    subprocess.run(["git", "init", "--quiet"], check=True)
    monkeypatch.setenv(
        "GIT_TEST_ASSUME_DIFFERENT_OWNER", "1"
    )  # as git's own tests do it
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    assert "error: params.yaml: cv.n_splits is 1" in in_process(check).stderr


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("experiments:", "searches:"),
        ("experiments:.*", "experiments:"),
        ("  batch_epochs:", "  ../x y:"),
        ("  n_repeats: 10", ""),
    ],
    ids=["no_experiments", "empty_experiments", "name", "key"],
)
def test_the_page_of_problems_has_dvcs_words(
    tmp_path: Path, old: str, new: str
) -> None:
    text = re.sub(
        old,
        new,
        text_of(SAMPLE / "params.yaml"),
        count=1,
        flags=re.DOTALL,
    )
    write_text(tmp_path / "params.yaml", text)
    (tmp_path / "dvc.yaml").symlink_to(ROOT / "dvc.yaml")
    (tmp_path / ".dvc").mkdir()
    write_text(
        tmp_path / ".dvc/config", "[core]\n    no_scm = true\n    analytics = false\n"
    )
    done = subprocess.run(
        ["dvc", "repro", "--dry"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode
    listed = re.findall(r"`([^`]+)`", DOCS["problems.md"].partition("DVC's words")[2])
    known = [
        re.escape(words).replace("…", ".*")
        for words in listed
        if " " in words and "make" not in words
    ]
    assert any(re.search(words, done.stderr) for words in known), done.stderr


@pytest.mark.parametrize(
    "left", ["=======\n", ">>>>>>> main\n", "||||||| 1234567\n", "<<<<<<<\r\n"]
)
def test_one_marker_that_was_overlooked(
    here: Path, in_process: Command, left: str
) -> None:
    Path("params.yaml").write_text(
        f"seed: 7\n{left}cv: 1\n", encoding="utf-8", newline=""
    )
    assert (
        "error: params.yaml: line 2 is a conflict marker of git. Keep"
        in in_process(check).stderr
    )


@pytest.mark.parametrize(
    "text",
    [
        "  =======\n",
        "========\n",
        "# <<<<<<< HEAD\n",
        "=======,1\n",
        "a: >>>>>>> b\n",
        "",
    ],
)
def test_what_is_no_marker(text: str) -> None:
    assert conflict_line(text.encode()) == 0


@pytest.mark.parametrize("within", PLACES)
def test_results_of_two_sides_have_no_markers_and_are_found(
    here: Path, within: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Oracle: git, with the project's own .gitattributes."""
    project = Project(here / within)
    Path(within, "metrics").mkdir(parents=True)
    monkeypatch.chdir(project.folder)
    Path(".gitattributes").write_bytes((ROOT / ".gitattributes").read_bytes())
    Project(here).commit_first()
    for branch in ("one", "main"):
        project.git(
            "switch", "--quiet", *(["--create"] if branch == "one" else []), branch
        )
        Path("metrics").mkdir(exist_ok=True)
        for file in ("dvc.lock", "metrics/best_params.json", "stages.txt"):
            write_text(file, f"a: {branch}\n")
        project.commit_all(branch)
    assert (
        project.run("git", "merge", "one", ok=False, variables=IDENTITY).returncode == 1
    )
    assert b"<<<<<<<" in project.read("stages.txt")
    found = list(_unmerged_results())  # dvc.lock is one side of it, whole
    assert [(problem.file, problem.finding) for problem in found] == [
        ("dvc.lock", ": both sides of a merge changed it, and 1 more")
    ]
    assert found[0].remedy.startswith("Take those of one side")
    project.git("add", "--all")
    assert not list(_unmerged_results())
