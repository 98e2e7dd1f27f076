"""`make merge`: what it refuses, and that it then changes nothing; and how it merges a page whose blocks are made."""

import re
from pathlib import Path

import pytest

from stages import merge as stage
from stages.lib.merging import merged_page
from tests.conftest import Command
from tests.merging.conftest import Branches
from tests.project import IDENTITY

PAGE = """# Title

{prose}

<!-- make docs: answer -->
{answer}
<!-- make docs: end -->

A sentence.

<!-- make docs: searches -->
| {answer} |
<!-- make docs: end -->

{more}
"""
BASE = {"prose": "Text.", "answer": "0.70", "more": "More."}


def state(branches: Branches) -> str:
    return branches.git("status", "--porcelain", "--untracked-files=all") + branches.git("ls-files", "--stage")


def test_without_a_merge_it_says_so(branches: Branches, in_process: Command) -> None:
    before = state(branches)
    done = in_process(stage)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "error: No merge waits here. Run `git merge BRANCH` first; after its commit, `dvc repro` is enough.\n"
    )
    assert state(branches) == before


def test_a_rebase_that_waits_between_commits_is_no_merge(branches: Branches, in_process: Command) -> None:
    branches.git("-c", "sequence.editor=sed -i 1ibreak", "rebase", "--quiet", "--interactive", "--root")
    assert in_process(stage).stderr.startswith("error: No merge waits here.")


def test_conflicts_whose_other_side_git_does_not_say_are_no_merge(branches: Branches, in_process: Command) -> None:
    branches.branch("mine", a={"lr": 0.3})
    branches.branch("theirs", a={"lr": 0.4})
    branches.git("switch", "--quiet", "mine")
    branches.run("git", "merge", "--squash", "theirs", ok=False, variables=IDENTITY)
    assert "but git does not say which commit the other side is." in in_process(stage).stderr


def test_a_merge_of_three_sides_is_refused(branches: Branches, in_process: Command) -> None:
    for name in ("mine", "theirs", "others"):
        branches.branch(name, code=BASE["prose"])
    branches.git("switch", "--quiet", "mine")
    git_folder = Path(branches.git("rev-parse", "--absolute-git-dir").strip())
    both = branches.git("rev-parse", "theirs", "others")
    (git_folder / "MERGE_HEAD").write_text(both, encoding="utf-8")
    assert in_process(stage).stderr.startswith("error: This merge has more than two sides.")


@pytest.mark.parametrize("command", ["merge", "rebase", "cherry-pick"])
def test_conflicts_of_what_people_write_are_named_and_nothing_is_changed(
    branches: Branches, in_process: Command, command: str
) -> None:
    branches.branch("mine", code="mine\n", a={"lr": 0.3})
    branches.branch("theirs", code="theirs\n", a={"lr": 0.4})
    branches.git("switch", "--quiet", "mine")
    assert branches.run("git", command, "theirs", ok=False, variables=IDENTITY).returncode == 1
    before = state(branches)
    done = in_process(stage)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "error: Both sides changed code/net.py and params.yaml, and only you know what is to stay. Edit what git has "
        "left there, run `git add code/net.py params.yaml`, then `make merge` again. Nothing was changed.\n"
    )
    assert state(branches) == before
    branches.git(command, "--abort")
    assert in_process(stage).stderr.startswith("error: No merge waits here.")


def write_pages(branches: Branches, mine: dict[str, str], theirs: dict[str, str], base: dict[str, str] = BASE) -> None:
    """Merge two branches that have each changed README.md."""
    sides = {"main": base, "mine": base | mine, "theirs": base | theirs}
    for branch, parts in sides.items():
        if branch != "main":
            branches.git("switch", "--quiet", "--create", branch, "main")
        branches.write("README.md", PAGE.format(**parts))
        branches.commit_all(branch)
    branches.git("switch", "--quiet", "mine")
    branches.run("git", "merge", "theirs", ok=False, variables=IDENTITY)


def test_of_a_page_that_is_made_the_text_is_merged_and_the_blocks_are_empty(branches: Branches) -> None:
    write_pages(branches, {"answer": "0.71", "more": "Other."}, {"answer": "0.72\n0.73", "prose": "New."})
    assert b"<<<<<<<" in branches.read("README.md")
    merged = merged_page("README.md")
    assert merged == re.sub(r"(?m)^(\| )?0\.70( \|)?\n", "", PAGE.format(prose="New.", answer="0.70", more="Other."))


@pytest.mark.parametrize("mine", [{"prose": "Mine."}, {"prose": "Mine.", "answer": "0.71"}])
def test_a_conflict_of_the_text_is_left_to_people(
    branches: Branches, in_process: Command, mine: dict[str, str]
) -> None:
    write_pages(branches, mine, {"prose": "Theirs.", "answer": "0.72"})
    assert merged_page("README.md") is None
    assert in_process(stage).stderr.startswith(
        "error: Both sides changed README.md, and only you know what is to stay."
    )
    Path("README.md").write_text("Edited by people.\n", encoding="utf-8")
    assert merged_page("README.md") == "Edited by people.\n"


def test_a_page_that_one_side_deleted_is_left_to_people(branches: Branches) -> None:
    branches.write("README.md", PAGE.format(**BASE))
    branches.commit_all("Page")
    branches.git("switch", "--quiet", "--create", "mine")
    branches.git("rm", "--quiet", "README.md")
    branches.commit_all("Delete")
    branches.git("switch", "--quiet", "--create", "theirs", "main")
    branches.write("README.md", "Other.\n")
    branches.commit_all("Edit")
    branches.merge("mine", "theirs")
    assert merged_page("README.md") is None  # git has left the edited one
    Path("README.md").unlink()
    assert merged_page("README.md") is None
    both = "<<<<<<< HEAD\n=======\n>>>>>>> theirs\n"
    Path("README.md").write_text(both, encoding="utf-8")
    assert merged_page("README.md") is None
