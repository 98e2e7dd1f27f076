"""A search that was stopped goes on with the nets it has kept. Oracle: the same search in one go, to the last bit."""

import importlib
import re
import sys
from collections import defaultdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from joblib import parallel_config
from sklearn.metrics import make_scorer
from sklearn.model_selection import GridSearchCV
from skorch.callbacks import EarlyStopping

import lockstep.search
from lockstep.checkpoints import folder, keys
from lockstep.checkpoints.code import of_modules
from lockstep.grouping import sizes
from lockstep.stacks.nets import Job
from packages.lockstep.tests.cases import EXACT
from packages.lockstep.tests.cases.base import LABELS, RATES, Case, case, classifier
from packages.lockstep.tests.cases.nets import noise
from packages.lockstep.tests.cases.rows import PLAIN
from packages.lockstep.tests.searches import ROWS, SEED, compare, run_case, search

# torch refuses to pickle a parametrised layer; the others have functions of a module that there is not.
UNWRITTEN = {"weight_norm", "functions of the same code", "steps of the same code"}
# The seconds of an epoch.
LAST_NUMBER = re.compile(r" [\d.]+$", re.MULTILINE)

STOPPED = case(callbacks=[EarlyStopping(patience=2, load_best=True)], max_epochs=6)


pytestmark = pytest.mark.usefixtures("kept_at_once")


def halve(kept: Path) -> int:
    """Forget every second net of a folder; returns how many are left."""
    found = {
        key: at for path in folder.files(kept) for key, at in folder.index(path).items()
    }
    left = set(list(found)[::2])
    entries: dict[folder.Entry, list[str]] = defaultdict(list)
    for key, (entry, place) in found.items():
        entries[entry].append(key if key in left else f"forgotten {place}")
    made = [(keys, entry.read()) for entry, keys in entries.items()]
    for path in folder.files(kept):
        path.unlink()
    folder.write(kept, made)
    return len(left)


def same(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> None:
    for nets in zip(
        ours, theirs, strict=True
    ):  # but for gradients, which no pickle of torch has
        one, other = (
            {k: v for k, v in net.items() if not k.startswith("gradient of")}
            for net in nets
        )
        compare(one, other, tolerance=0.0)


def check(searched: Case, kept: Path, n_jobs: int = 1) -> None:
    in_one_go, _, printed = run_case(searched)
    first, _, _ = run_case(searched, checkpoint=kept, n_jobs=n_jobs)
    same(first, in_one_go)
    assert halve(kept)
    counts: list[tuple[int, int]] = []
    again, _, _ = run_case(
        searched,
        checkpoint=kept,
        n_jobs=n_jobs,
        on_kept=lambda *count: counts.append(count),
    )
    same(again, in_one_go)
    assert counts[0][0] > 0
    assert counts[-1] == (len(in_one_go), len(in_one_go))
    whole, _, printed_again = run_case(searched, checkpoint=kept)
    same(whole, in_one_go)
    assert re.sub(LAST_NUMBER, "", printed_again) == re.sub(LAST_NUMBER, "", printed)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize(
    ("searched", "n_jobs"),
    [(PLAIN, 1), (STOPPED, 1), pytest.param(STOPPED, 2, marks=pytest.mark.long)],
)
def test_what_goes_on_gives_the_numbers_of_a_search_in_one_go(
    searched: Case, n_jobs: int, tmp_path: Path
) -> None:
    check(searched, tmp_path / "kept", n_jobs)


@pytest.mark.long
@pytest.mark.usefixtures("float64")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("make", "name"),
    [
        pytest.param(make, name, id=f"{make.__name__}: {name}")
        for make in [*EXACT, noise]
        for name in make()
    ],
)
def test_every_net_that_goes_in_lockstep_is_kept(
    make: Any, name: str, tmp_path: Path
) -> None:
    made = make()[name]
    if made.alone or name in UNWRITTEN:
        pytest.skip("fitted one by one, or pickle can't write it")
    check(made, tmp_path)


def test_what_is_kept_is_not_trained_again(tmp_path: Path, trained: list[int]) -> None:
    counts: list[int] = []
    first = search(tmp_path, counts)
    assert sum(trained) == 6
    assert search(tmp_path, counts) == first
    # Scores are made anew, so another scorer finds the nets as well.
    search(tmp_path, counts, scoring="f1")
    assert sum(trained) == 6
    assert counts == [0, 6, 6]


@pytest.mark.parametrize("n_jobs", [1, pytest.param(2, marks=pytest.mark.long)])
def test_the_results_of_nets_that_are_fitted_one_by_one_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n_jobs: int
) -> None:
    counts: list[int] = []
    how: dict[str, Any] = {"stack": False, "n_jobs": n_jobs}
    first = search(tmp_path, counts, **how)
    assert halve(tmp_path) == 3
    assert search(tmp_path, counts, **how) == first
    monkeypatch.setattr("lockstep.fits.tasks.outcome_of", None)
    assert search(tmp_path, counts, **how) == first
    monkeypatch.undo()
    scorer = make_scorer(lambda y, predicted: 0.0)
    search(tmp_path, counts, scoring=scorer, **how)  # which is part of the result
    assert counts == [0, 3, 6, 0]


def test_what_differs_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts: list[int] = []
    run = partial(search, tmp_path, counts)
    run()
    run(rows=ROWS + np.float32(1))
    run(net=classifier(max_epochs=5))
    run(scoring=lambda net, X, y: 0.0)  # which looks at the net, so its history counts
    monkeypatch.setattr(keys, "of_the_engine", lambda: "another version")
    run()
    assert counts == [0] * 5


MODULE = """
from torch import nn
from packages.lockstep.tests.cases.modules import MLP

class Own(MLP):
    def forward(self, X):
        return super().forward(X) * {factor}
"""


def test_a_net_of_other_code_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    source, counts = tmp_path / "own_net_of_a_test.py", list[int]()
    source.write_text(MODULE.format(factor=1.0), encoding="utf-8")
    module: Any = importlib.import_module(source.stem)
    run = partial(search, tmp_path / "kept", counts)
    run(net=classifier(module.Own))
    # The code that trains is that which was imported.
    source.write_text(MODULE.format(factor=0.5), encoding="utf-8")
    run(net=classifier(module.Own))
    importlib.reload(module)
    run(net=classifier(module.Own))
    assert counts == [0, 6, 0]
    assert of_modules([source.stem]) == of_modules([source.stem, "torch.nn"])
    del sys.modules[source.stem]


def test_the_order_of_a_set_changes_no_key() -> None:
    one, other = (
        {0, 8},
        {8, 0},
    )  # numbers of the same place in memory, so the first one is first
    assert list(one) != list(other)
    assert keys.described({"a": one}).hash == keys.described({"a": other}).hash
    assert keys.described(frozenset(one)).hash == keys.described(frozenset(other)).hash
    assert (
        len(
            {
                keys.described(each).hash
                for each in ({0, 8}, {0, 9}, frozenset({0, 8}), [0, 8])
            }
        )
        == 4
    )


@pytest.mark.usefixtures("kept_at_last")
@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, ValueError])
def test_what_ends_a_search_early_loses_no_net(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    train, stacks = lockstep.search._train, list[Any]()

    def ended(job: Any, advance: Any) -> Any:
        stacks.append(job)
        if len(stacks) > 1:
            raise error
        return train(job, advance)

    monkeypatch.setattr(lockstep.search, "_train", ended)
    grid = {"lr": [0.01, 0.1], "batch_size": [16, 32]}
    counts: list[tuple[int, int]] = []

    def run(kept: Path | None) -> bytes:
        options = {"checkpoint": kept, "on_kept": lambda *count: counts.append(count)}
        with parallel_config(backend="lockstep", random_state=SEED, **options):
            found = (
                GridSearchCV(classifier(), grid, cv=3, refit=False)
                .fit(ROWS, LABELS)
                .cv_results_
            )
        return found["split0_test_score"].tobytes()

    with pytest.raises(error) as raised:
        run(tmp_path)
    notes = [f"6 of 12 nets are kept in {tmp_path} for the next run"] * (
        error is KeyboardInterrupt
    )
    assert getattr(raised.value, "__notes__", []) == notes
    assert counts == [(0, 12), (6, 12)]
    monkeypatch.setattr(lockstep.search, "_train", train)
    assert run(tmp_path) == run(None)
    assert counts[2] == (6, 12)


def test_parts_of_a_stack_are_kept_as_one_record_each_and_change_no_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trained: list[int]
) -> None:
    monkeypatch.setattr(sizes, "_PART", 1e-9)
    monkeypatch.setitem(RATES, "lr", np.linspace(0.01, 0.1, 20).tolist())
    first = search(tmp_path)
    assert trained == [16, 16, 16, 12]
    records = [folder.index(path).values() for path in tmp_path.iterdir()]
    assert sorted(map(len, records)) == sorted(trained)
    assert all(len({entry for entry, _ in record}) == 1 for record in records)
    assert first == search(None)
    assert trained[4:] == [60]
    assert first == search(tmp_path)


def test_parts_take_five_seconds_by_the_time_of_those_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lockstep.grouping.sizes.time.process_time", lambda: now[0])
    now: list[float] = [0.0]

    def cut(
        n_nets: int, expected: float, taken: float, n_threads: int = 1
    ) -> list[int]:
        job, made = Job([object()] * n_nets, True, n_threads=n_threads), list[int]()  # type: ignore[list-item]
        for part in sizes.parts(job, {id(job.programs): expected}):
            made.append(len(part.members))
            now[0] += taken * len(part.members)
        return made

    assert cut(100, expected=0.07, taken=0.07) == [100]
    assert cut(100, expected=0.1, taken=0.1) == [64, 36]
    assert cut(100, expected=1.0, taken=0.1) == [16, 48, 36]
    assert cut(100, expected=0.1, taken=1.0) == [64, 16, 16, 4]
    assert cut(100, expected=10.0, taken=10.0, n_threads=3) == [48, 48, 4]
