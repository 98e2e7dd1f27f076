"""`make merge`: what it refuses, and that it then changes nothing; and how it merges a page whose blocks are made."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from stages import merge as stage
from stages.lib.merge import merged_page
from stages.lib.repository.revisions import stopped
from tests.conftest import Command
from tests.merge.conftest import Branches
from tests.project import IDENTITY

PAGE = """# Title

{prose}

<!-- make docs: answer -->
{answer}
<!-- make docs: end -->

A sentence.

{more}
"""
BASE = {"prose": "Text.", "answer": "0.70", "more": "More."}


def state(branches: Branches) -> str:
    return branches.git(
        "status", "--porcelain", "--untracked-files=all"
    ) + branches.git("ls-files", "--stage")


def test_a_merge_of_three_sides_is_refused(
    branches: Branches, in_process: Command
) -> None:
    for name in ("mine", "theirs", "others"):
        branches.branch(name, code=BASE["prose"])
    branches.git("switch", "--quiet", "mine")
    git_folder = Path(branches.git("rev-parse", "--absolute-git-dir").strip())
    both = branches.git("rev-parse", "theirs", "others")
    (git_folder / "MERGE_HEAD").write_text(both, encoding="utf-8")
    assert in_process(stage).stderr.startswith(
        "error: This merge has more than two sides."
    )


@pytest.mark.parametrize("command", ["merge", "rebase", "cherry-pick"])
def test_conflicts_of_what_people_write_are_named_and_nothing_is_changed(
    branches: Branches, in_process: Command, command: str
) -> None:
    branches.branch("mine", code="mine\n", a={"lr": 0.3})
    branches.branch("theirs", code="theirs\n", a={"lr": 0.4})
    branches.git("switch", "--quiet", "mine")
    assert (
        branches.run("git", command, "theirs", ok=False, variables=IDENTITY).returncode
        == 1
    )
    before = state(branches)
    done = in_process(stage)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(
        "error: Both sides changed code/net.py and params.yaml, and only you know"
    )
    assert (
        "run `git add code/net.py params.yaml`, then `make merge` again. Nothing was changed."
        in done.stderr
    )
    assert state(branches) == before
    branches.git(command, "--abort")
    assert in_process(stage).stderr.startswith("error: No merge waits here.")


def test_a_merge_goes_on_without_a_list_of_conflicts_in_its_message(
    branches: Branches,
) -> None:
    branches.branch("mine", code="mine\n")
    branches.branch("theirs", code="theirs\n")
    branches.merge("mine", "theirs")
    branches.git("add", "--all")
    waiting = stopped()
    assert waiting
    branches.run(*waiting.go_on.split(), variables=IDENTITY)
    assert (
        branches.git("log", "-1", "--format=%B").strip()
        == "Merge branch 'theirs' into mine"
    )


def test_a_table_that_is_not_the_version_of_the_merge_is_told(
    branches: Branches, in_process: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DVC would take the table of this side for a new version, and train on it."""
    branches.branch("mine", a={"lr": 0.3})
    branches.branch("theirs", b={"lr": 0.4})
    branches.git("switch", "--quiet", "mine")
    branches.run("git", "merge", "theirs", ok=False, variables=IDENTITY)
    branches.write(
        "data/rows.csv.dvc", "outs:\n- {md5: 0, size: 99, hash: md5, path: rows.csv}\n"
    )
    monkeypatch.setattr(
        stage,
        "load_params",
        lambda: SimpleNamespace(data=SimpleNamespace(path="data/rows.csv")),
    )
    before = state(branches)
    done = in_process(stage)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(
        "error: data/rows.csv is not the version that data/rows.csv.dvc names. To take it"
    )
    assert state(branches) == before


def write_pages(
    branches: Branches, mine: dict[str, str], theirs: dict[str, str]
) -> None:
    """Merge two branches that have each changed README.md."""
    for branch, parts in {"main": {}, "mine": mine, "theirs": theirs}.items():
        if branch != "main":
            branches.git("switch", "--quiet", "--create", branch, "main")
        branches.write("README.md", PAGE.format(**BASE | parts))
        branches.commit_all(branch)
    branches.git("switch", "--quiet", "mine")
    branches.run("git", "merge", "theirs", ok=False, variables=IDENTITY)


def test_of_a_page_that_is_made_the_text_is_merged_and_the_blocks_are_empty(
    branches: Branches,
) -> None:
    write_pages(
        branches,
        {"answer": "0.71", "more": "Other."},
        {"answer": "0.72\n0.73", "prose": "New."},
    )
    assert b"<<<<<<<" in branches.read("README.md")
    assert merged_page("README.md") == re.sub(
        "0.70\n", "", PAGE.format(prose="New.", answer="0.70", more="Other.")
    )


def test_a_conflict_of_the_text_is_left_to_people(
    branches: Branches, in_process: Command
) -> None:
    write_pages(
        branches,
        {"prose": "Mine.", "answer": "0.71"},
        {"prose": "Theirs.", "answer": "0.72"},
    )
    assert merged_page("README.md") is None
    assert in_process(stage).stderr.startswith(
        "error: Both sides changed README.md, and only you know"
    )
    Path("README.md").write_text("Edited by people.\n", encoding="utf-8")
    assert merged_page("README.md") == "Edited by people.\n"
    branches.git("add", "README.md")
    Path("README.md").write_text(
        "<<<<<<< HEAD\n=======\n>>>>>>> theirs\n", encoding="utf-8"
    )
    assert merged_page("README.md") is None  # added with its markers


def test_a_page_that_one_side_deleted_is_left_to_people(branches: Branches) -> None:
    branches.write("README.md", "Page.\n")
    branches.commit_all("Page")
    for branch in ("mine", "theirs"):
        branches.git("switch", "--quiet", "--create", branch, "main")
        branches.write("README.md", f"{branch}\n")
        if branch == "mine":
            branches.git("rm", "--quiet", "--force", "README.md")
        branches.commit_all(branch)
    branches.merge("mine", "theirs")
    assert (
        merged_page("README.md") is None
    )  # git has left the edited one, without markers
