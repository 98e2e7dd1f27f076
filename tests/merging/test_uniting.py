"""Which side each result is taken from. Oracle: what a run of all stages on the merged files would write."""

from pathlib import Path

import pytest
import yaml

from stages.lib.changes.results import Results
from stages.lib.changes.snapshot import Snapshot
from stages.lib.common import UserError
from tests.merging.conftest import Branches

OTHER = {"lr": 0.5}


def test_each_search_is_taken_from_the_side_that_ran_it(branches: Branches) -> None:
    branches.branch("mine", a=OTHER)
    branches.branch("theirs", b=OTHER)
    branches.merge("mine", "theirs")
    united, said = branches.unite("theirs")
    assert {stage: side.snapshot.name for stage, side in united.taken.items()} == {
        "search@a": "HEAD",
        "compare@a": "HEAD",
        "search@b": "theirs",
        "compare@b": "theirs",
    }
    assert united.lacking == ["best_params"]
    lock, results = branches.lock(), branches.metrics()
    mine, theirs = (branches.git("rev-parse", "--short=7", each).strip() for each in ("HEAD", "theirs"))
    assert said == [
        f"from HEAD ({mine}): search@a, compare@a",
        f"from theirs ({theirs}): search@b, compare@b",
        "to be run, because neither side ran them with what is merged: best_params",
    ]
    fresh = branches.fresh()
    del fresh["best_params"]
    assert lock == fresh
    assert {path: each for path, each in branches.metrics().items() if path in results} | {
        "metrics/best_params.json": results["metrics/best_params.json"]
    } == results


def test_what_both_changed_otherwise_is_run_again(branches: Branches) -> None:
    branches.branch("mine", a={"lr": 0.5, "fixed": 1})
    branches.branch("theirs", a=OTHER)
    branches.merge("mine", "theirs")
    settings = branches.settings
    settings["experiments"]["a"] = {"lr": 0.7}  # what people made of it
    branches.write_params(settings)
    united, said = branches.unite("theirs")
    assert (united.lacking, united.waiting) == (["search@a", "best_params"], ["compare@a"])
    assert set(branches.lock()) == {"search@b", "compare@b", "compare@a"}
    assert said[-1] == "to be run after them, if they read something else then: compare@a"


def test_code_of_one_side_makes_the_other_sides_results_old(branches: Branches) -> None:
    branches.branch("mine", a=OTHER)
    branches.branch("theirs", code="2\n")
    branches.merge("mine", "theirs")
    united, _ = branches.unite("theirs")
    assert {stage: side.snapshot.name for stage, side in united.taken.items()} == {
        "search@b": "theirs",
        "compare@b": "theirs",
    }
    assert (united.lacking, united.waiting) == (["search@a", "best_params"], ["compare@a"])
    assert (
        branches.metrics()["metrics/search/b.json"]
        == branches.run("git", "show", "theirs:metrics/search/b.json").stdout.encode()
    )


def test_where_both_sides_are_the_same_nothing_is_to_be_run(branches: Branches) -> None:
    branches.branch("mine", a=OTHER)
    branches.branch("theirs", a=OTHER)
    branches.git("switch", "--quiet", "mine")
    branches.write("docs.md", "prose\n")
    branches.commit_all("Prose")
    branches.git("switch", "--quiet", "theirs")
    branches.write("more.md", "prose\n")
    branches.commit_all("More prose")
    branches.git("switch", "--quiet", "mine")
    branches.git("merge", "--quiet", "--no-commit", "theirs")
    before = branches.read("dvc.lock")
    united, said = branches.unite("theirs")
    assert said == ["the same on both sides: search@a, search@b, compare@a, compare@b, best_params"]
    assert (united.lacking, branches.read("dvc.lock")) == ([], before)


def test_an_experiment_that_one_side_removed_is_gone_and_an_added_one_is_there(branches: Branches) -> None:
    branches.branch("mine", a=None, c=OTHER)
    branches.branch("theirs", b=OTHER)
    branches.merge("mine", "theirs")
    united, _ = branches.unite("theirs")
    assert set(branches.lock()) == {"search@b", "compare@b", "search@c", "compare@c"}
    assert united.lacking == ["best_params"]
    lock = branches.lock()
    fresh = branches.fresh()
    assert lock == {stage: fresh[stage] for stage in lock}


def test_three_branches_are_two_merges(branches: Branches) -> None:
    branches.branch("one", a=OTHER)
    branches.branch("two", b=OTHER)
    branches.branch("three", c=OTHER)
    for other in ("two", "three"):
        branches.merge("one", other)
        assert branches.unite(other)[0].lacking == ["best_params"]
        branches.fresh()
        branches.commit_all(f"Merge {other}")
    assert set(branches.lock()) == {f"{stage}@{name}" for stage in ("search", "compare") for name in "abc"} | {
        "best_params"
    }


def test_results_that_are_not_as_they_were_written_are_not_taken(branches: Branches) -> None:
    branches.branch("mine", a=OTHER)
    branches.branch("theirs", b=OTHER)
    branches.write("metrics/search/b.json", "edited\n")
    branches.commit_all("Edit")
    branches.merge("mine", "theirs")
    assert branches.unite("theirs")[0].lacking == ["search@b", "compare@b", "best_params"]


def test_what_was_run_since_stays(branches: Branches) -> None:
    """A second call, after a run that was interrupted or failed."""
    branches.branch("mine", a=OTHER)
    branches.branch("theirs", a={"lr": 0.9})
    branches.merge("mine", "theirs")
    branches.settings["experiments"]["a"] = {"lr": 0.7}
    branches.write_params(branches.settings)
    fresh = branches.fresh()
    united, said = branches.unite("theirs", Results(Snapshot.of(None)))
    assert united.lacking == []
    assert branches.lock() == fresh
    assert said == [
        "from the working tree (with uncommitted changes): search@a, compare@a, best_params",
        "the same on both sides: search@b, compare@b",
    ]


def test_without_any_stage_there_is_no_lock(branches: Branches) -> None:
    branches.branch("mine", a=OTHER)
    branches.branch("theirs", b=OTHER)
    branches.merge("mine", "theirs")
    branches.write_params(branches.params() | {"seed": 8})
    united, said = branches.unite("theirs")
    assert (united.taken, len(said)) == ({}, 1)
    assert not Path("dvc.lock").exists()


def test_a_lock_in_another_form_is_refused(branches: Branches) -> None:
    branches.branch("mine", a=OTHER)
    lock = branches.lock()
    (branches.folder / "dvc.lock").write_text(
        yaml.safe_dump({"stages": lock}, default_flow_style=True), encoding="utf-8"
    )
    branches.commit_all("Flow")
    branches.branch("theirs", b=OTHER)
    branches.merge("theirs", "mine")
    with pytest.raises(
        UserError, match=r"^dvc.lock of mine is not in the form in which DVC writes it: it has no stages"
    ):
        branches.unite("mine")
