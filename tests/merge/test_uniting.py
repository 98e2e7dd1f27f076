"""Which side each result is taken from. Oracle: what a run of all stages on the merged files would write."""

from stages.lib.repository.recorded import Recorded
from stages.lib.repository.snapshot import Snapshot
from tests.merge.conftest import Branches

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
    mine, theirs = (
        branches.git("rev-parse", "--short=7", each).strip()
        for each in ("HEAD", "theirs")
    )
    assert said == [
        f"from HEAD ({mine}): search@a, compare@a",
        f"from theirs ({theirs}): search@b, compare@b",
        "to be run, because neither side ran them with what is merged: best_params",
    ]
    fresh = branches.fresh()
    assert lock == {stage: fresh[stage] for stage in lock}
    written = branches.metrics()
    assert {path for path, each in results.items() if each != written[path]} <= {
        "metrics/best_params.json"
    }


def test_what_both_changed_otherwise_is_run_again(branches: Branches) -> None:
    branches.branch("mine", a={"lr": 0.5, "fixed": 1})
    branches.branch("theirs", a=OTHER)
    branches.merge("mine", "theirs")
    settings = branches.settings
    settings["experiments"]["a"] = {"lr": 0.7}  # what people made of it
    branches.write_params(settings)
    united, said = branches.unite("theirs")
    assert united.lacking == ["search@a", "compare@a", "best_params"]
    assert set(branches.lock()) == {"search@b", "compare@b"}
    assert (
        said[-1]
        == "to be run, because neither side ran them with what is merged: search@a, compare@a, best_params"
    )
    # A second call, after a run that was interrupted or failed, keeps what was run.
    fresh = branches.fresh()
    united, said = branches.unite("theirs", Recorded(Snapshot.of(None)))
    assert (united.lacking, branches.lock()) == ([], fresh)
    assert (
        "from the working tree (with uncommitted changes): search@a, compare@a, best_params"
        in said
    )


def test_code_of_one_side_makes_the_other_sides_results_old(branches: Branches) -> None:
    branches.branch("mine", a=OTHER)
    branches.branch("theirs", code="2\n")
    branches.merge("mine", "theirs")
    united, _ = branches.unite("theirs")
    assert {stage: side.snapshot.name for stage, side in united.taken.items()} == {
        "search@b": "theirs",
        "compare@b": "theirs",
    }
    assert united.lacking == ["search@a", "compare@a", "best_params"]
    assert branches.metrics()["metrics/search/b.json"].decode() == branches.git(
        "show", "theirs:metrics/search/b.json"
    )


def test_where_both_sides_are_the_same_nothing_is_to_be_run(branches: Branches) -> None:
    for name in ("mine", "theirs"):
        branches.branch(name, a=OTHER)
        branches.write(f"{name}.md", "prose\n")
        branches.commit_all("Prose")
    branches.git("switch", "--quiet", "mine")
    branches.git("merge", "--quiet", "--no-commit", "theirs")
    before = branches.read("dvc.lock")
    united, _ = branches.unite("theirs")
    assert united.taken.keys() == {
        "search@a",
        "search@b",
        "compare@a",
        "compare@b",
        "best_params",
    }
    assert (united.lacking, branches.read("dvc.lock")) == ([], before)


def test_an_experiment_that_one_side_removed_is_gone_and_an_added_one_is_there(
    branches: Branches,
) -> None:
    branches.branch("mine", a=None, c=OTHER)
    branches.branch("theirs", b=OTHER)
    branches.merge("mine", "theirs")
    united, _ = branches.unite("theirs")
    assert set(branches.lock()) == {"search@b", "compare@b", "search@c", "compare@c"}
    assert united.lacking == ["best_params"]
    lock = branches.lock()
    fresh = branches.fresh()
    assert lock == {stage: fresh[stage] for stage in lock}


def test_results_that_are_not_as_they_were_written_are_not_taken(
    branches: Branches,
) -> None:
    branches.branch("mine", a=OTHER)
    branches.branch("theirs", b=OTHER)
    branches.write("metrics/search/b.json", "edited\n")
    branches.commit_all("Edit")
    branches.merge("mine", "theirs")
    assert branches.unite("theirs")[0].lacking == [
        "search@b",
        "compare@b",
        "best_params",
    ]
