"""What `gridstage diff` says of two commits whose results are written by hand, in a real repository."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gridstage.commands import diff
from gridstage.common import write_text
from packages.gridstage.tests.conftest import Command
from packages.gridstage.tests.diff.commits import AGAINST, UNCHANGED, Commits, scores
from packages.gridstage.tests.project import PLACES, SUBFOLDER, Project


@pytest.mark.parametrize("commits", PLACES, indirect=True)
def test_nothing_changed(commits: Commits, said: Any) -> None:
    first, _, sides, _, same = said()
    assert first == f"{UNCHANGED} Unchanged: all scores are the same. {AGAINST}."
    assert sides == f"HEAD ({commits.git('rev-parse', 'HEAD')[:7]}) → the working tree"
    assert same == "2 searches unchanged: lr, width."


@pytest.mark.parametrize("commits", PLACES, indirect=True)
def test_another_pick_is_judged_on_the_same_fresh_splits(
    commits: Commits, said: Any
) -> None:
    commits.params["experiments"] = {"lr": {"grid": {"lr": [0.1, 0.2]}}}
    commits.commit("one")
    commits.searches["lr"] = {
        "lr=0.3": scores(0.76, 8),
        "lr=0.1": commits.searches["lr"]["lr=0.1"],
    }
    commits.fresh["lr"] = ("lr=0.3", scores(0.76, 9), "")
    commits.params["experiments"]["lr"]["grid"]["lr"] = [0.3, 0.1]
    commits.commit("after")
    first, _, sides, _, listed, *rest = said("one", "after")
    assert first == (
        "Use linear, as before; the kept net, width, is unchanged. Better (p < 0.0001): lr, lr=0.1 → 0.3, +0.0600 ± "
        "0.0269 on the same 30 fresh splits. Cause: experiments.lr.grid.lr: 0.3 added; 0.2 removed."
    )
    assert sides.startswith("one (")
    assert " → after (" in sides
    assert (
        listed
        == "- lr, lr=0.1 → 0.3, +0.0600 ± 0.0269 on the same 30 fresh splits: better"
    )
    assert rest == [
        "  p < 0.0001; a chance of over 99 % that it is better by more than 0.01.",
        "1 search unchanged: width.",
        "",
        "What the runs differ in, by dvc.lock:",
        "- experiments.lr.grid.lr: 0.3 added; 0.2 removed",
    ]


def test_the_kept_net_and_the_answer_come_first(commits: Commits, said: Any) -> None:
    commits.kept, commits.use = "lr", "lr"
    commits.fresh["lr"] = ("lr=0.1", scores(0.65, 9), "")
    commits.commit("after")
    first = said("before", "after")[0]
    assert first.startswith(
        "Use lr, before linear; the kept net, width → lr: worse (p < 0.0001), −0.0700 ± "
    )


def test_stuck_fits_are_told(commits: Commits, said: Any) -> None:
    """As in the README's example: three fits at the share of a class hide that nothing changed."""
    old = commits.fresh["lr"][1]
    new = old + np.random.default_rng(1).normal(scale=0.004, size=30)
    new[[4, 11, 25]] = 0.35
    commits.fresh["lr"] = ("lr=0.2", new, "4 11 25")
    commits.commit("after")
    first = said("before", "after")[0]
    assert first.startswith(f"{UNCHANGED} Undecided: lr, lr=0.1 → 0.2, −0.03")
    assert (
        "; 3 of 30 fits are stuck, before 0 (p = 0.2500), without these splits "
        in first
    )


def test_with_more_repeats_the_first_ones_are_compared(
    commits: Commits, said: Any
) -> None:
    commits.params["cv"]["n_repeats"] = 20
    more = {
        name: (params, np.tile(each, 2), stuck)
        for name, (params, each, stuck) in commits.fresh.items()
    }
    more["lr"] = ("lr=0.2", np.concatenate([scores(0.76, 9), scores(0.1, 9)]), "")
    commits.fresh, commits.searches = more, {}
    commits.commit("after")
    first, *rest = said("before", "after")
    assert first.startswith(UNCHANGED)
    assert "Removed: lr, width." in rest


def test_in_time_order_nothing_is_tested(commits: Commits, said: Any) -> None:
    commits.params["cv"]["splitter"] = "time"
    commits.commit("ordered")
    commits.fresh["lr"] = ("lr=0.2", scores(0.76, 9), "")
    commits.commit("after")
    assert (
        said("ordered", "after")[0]
        == f"{UNCHANGED} Not tested: lr, lr=0.1 → 0.2, +0.0600 on the splits."
    )


def test_a_net_that_diverged_is_told(commits: Commits, said: Any) -> None:
    commits.fresh["lr"] = ("lr=0.2", np.where(np.arange(30) == 3, np.nan, 0.7), "")
    commits.commit("after")
    told = "Not tested: lr, lr=0.1 → 0.2, a net diverged on some of the splits."
    assert said("before", "after")[0] == f"{UNCHANGED} {told}"


def test_searches_without_an_evaluation_are_compared_as_far_as_they_go(
    commits: Commits, said: Any
) -> None:
    """As in a commit after a run that ended early: there is no evaluation, and there are no sets."""
    commits.git(
        "rm",
        "--quiet",
        "-r",
        "metrics/evaluation/contenders.csv",
        "metrics/evaluation.json",
        "metrics/compared",
    )
    commits.record("older")
    commits.searches["lr"]["lr=0.1"] = commits.searches["lr"]["lr=0.1"] + 0.01
    commits.commit("after")
    first, *rest = said("older", "after")
    assert (
        first
        == "There is no answer to what to use in older. 2 searches changed: 2 not compared."
    )
    assert (
        "  Of 2 candidates that both have, 1 score otherwise: +0.0050 ± 0.0181 on average over all."
        in rest
    )


@pytest.mark.parametrize("commits", PLACES, indirect=True)
def test_a_dvc_experiment_is_a_revision(commits: Commits, said: Any) -> None:
    commits.commit("after")
    commit = commits.git("rev-parse", "after").strip()
    commits.git("update-ref", "refs/exps/ab/cdef/tangy-skin", commit)
    assert f" → tangy-skin ({commit[:7]})" in said("before", "tangy-skin")[2]
    commits.git("checkout", "--quiet", "--detach", "before")
    assert said("tangy-skin")[0] == f"{UNCHANGED} Unchanged: all scores are the same."


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nonsuch",), "git has no revision 'nonsuch', and DVC no experiment: "),
        (("before..HEAD",), "git has no revision 'before..HEAD', "),
        (
            ("twice",),
            "git has no revision 'twice', and DVC no experiment: ambiguous Git revision 'twice'.",
        ),
        (
            ("empty",),
            "empty has no results in metrics/search/. Run `dvc repro`, or name a commit that has them. ",
        ),
        (
            ("broken",),
            "metrics/search/lr/candidates.csv of broken is not the candidates of a search. Compare with",
        ),
        (
            ("lockless", "before"),
            "dvc.lock of lockless is not what DVC writes, so nothing can be compared with it.",
        ),
    ],
)
def test_mistakes_end_with_a_sentence(
    commits: Commits, in_process: Command, arguments: tuple[str, ...], told: str
) -> None:
    commits.git("update-ref", "refs/exps/ab/cdef/tangy-skin", "HEAD")
    for number, folder in enumerate(("ab/cdef", "12/3456")):
        commits.git("commit", "--quiet", "--allow-empty", "--message", str(number))
        commits.git("update-ref", f"refs/exps/{folder}/twice", "HEAD")
    for tag, file, text in (
        (
            "broken",
            "metrics/search/lr/candidates.csv",
            "params,split0_test_score\nlr=0.1,many\n",
        ),
        ("lockless", "dvc.lock", "stages: ["),
    ):
        (commits.project.folder / file).write_text(text, encoding="utf-8")
        commits.record(tag)
        commits.git("checkout", "--quiet", "before")
    commits.git("rm", "--quiet", "-r", "metrics")
    commits.record("empty")
    commits.git("checkout", "--quiet", "main")
    done = in_process(diff, *arguments)
    assert done.returncode == 1
    assert told in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("commits", [SUBFOLDER], indirect=True)
def test_in_a_larger_repository_changes_elsewhere_are_not_the_projects(
    commits: Commits, said: Any
) -> None:
    write_text("../../other.txt", "")
    assert said()[2].endswith(" → the working tree")
    write_text("another.txt", "")
    assert said()[2].endswith(" → the working tree (with uncommitted changes)")


@pytest.mark.parametrize("commits", [SUBFOLDER], indirect=True)
def test_a_commit_that_has_the_project_elsewhere_says_so(
    commits: Commits, in_process: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = commits.project.folder.parents[1]
    Project(top).git("mv", SUBFOLDER, "moved")
    commits.project.folder = top / "moved"
    monkeypatch.chdir(top / "moved")
    commits.record("after")
    assert in_process(diff, "before", "after").refused() == (
        "error: before has no file in moved/: the project is not committed there, or was in another folder. Commit it, "
        "or name a commit that has it there.\n"
    )


def test_outside_of_a_repository_a_sentence_says_so(
    here: Path, in_process: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(here.parent))
    done = in_process(diff)
    assert done.stderr == (
        "error: This folder is not a git repository, or has no commit yet. Run in a project that git has, or commit.\n"
    )


def test_a_shallow_clone_is_told_how_to_get_what_it_lacks(
    commits: Commits, in_process: Command, said: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a workflow checks out a branch."""
    commits.git("switch", "--quiet", "--create", "topic")
    commits.commit("after")
    source = f"file://{commits.project.folder}"
    commits.git(
        "clone",
        "--quiet",
        "--depth=1",
        "--branch=topic",
        "--no-tags",
        source,
        "../shallow",
    )
    monkeypatch.chdir(commits.project.folder.parent / "shallow")
    assert (
        "In a shallow clone, `git fetch --unshallow origin NAME:NAME` gets"
        in in_process(diff, "main").stderr
    )
    commits.project.run(
        "bash", "-c", "cd ../shallow && git fetch --quiet --unshallow origin main:main"
    )
    assert said("main")[0].startswith(f"{UNCHANGED} Unchanged")


def test_a_branch_of_the_remote_needs_no_other_name(
    commits: Commits, said: Any, monkeypatch: Any
) -> None:
    commits.git("switch", "--quiet", "--create", "topic")
    commits.git("clone", "--quiet", ".", "../clone")
    monkeypatch.chdir(commits.project.folder.parent / "clone")
    assert said("main")[0].startswith(f"{UNCHANGED} Unchanged")
