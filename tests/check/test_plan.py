"""What a search will take of time and memory, and which nets the engine's kernel does not train.

That it trains those of the sample's params.yaml, the first test of `make check` shows."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import psutil
import pytest
from sklearn import datasets

from stages import adopt, check
from stages.lib.best_params.leaderboard import read_picks
from stages.lib.check import Plan, in_words
from stages.lib.check.memory import in_mib
from stages.lib.check.plan import few_rows, make_plan
from stages.lib.check.planner import Planner
from stages.lib.config import Params, load_params
from stages.lib.data import Columns, Dataset
from stages.lib.evaluate import nets
from stages.lib.experiment import Folds, open_experiment
from stages.lib.results import Results
from stages.lib.results.reading import WorkingTree
from tests.check.conftest import Write
from tests.conftest import Command
from tests.project import ROOT, real_params, set_at
from tests.read_sample import SAMPLE, load_real_data
from tests.tables import tables


def plan(
    data: Dataset, experiment: dict[str, Any], step: float = 0.001, **changes: Any
) -> Plan:
    params = real_params()
    params["experiments"] = {"mine": experiment}
    for place, value in changes.items():
        set_at(params, place.replace("__", "."), value)
    typed = Params.model_validate(params)
    opened = open_experiment(typed, "mine", Folds(typed, data))
    return make_plan(
        opened, Planner(typed).of(opened) if typed.engine == "lockstep" else None, step
    )


def test_counts_are_those_of_the_search(data: Dataset) -> None:
    epochs = plan(data, {"grid": {"max_epochs": [10, 50, 100], "batch_size": [10, 20]}})
    assert (epochs.n_candidates, epochs.n_fits) == (6, 180)
    halving = plan(
        data, {"search": "halving", "grid": {"lr": [0.001 * i for i in range(1, 10)]}}
    )
    assert (halving.n_candidates, halving.n_fits) == (9, (9 + 3 + 1) * 30)


def test_estimates_grow_with_the_work(data: Dataset) -> None:
    """With one net more, or a larger one, by what the engine says; by skorch, with the steps.

    The best, the simplest and the starting point are trained once more; of one candidate, the first two are the same.
    """
    one, two, large, halved = (
        plan(
            data,
            {
                "grid": {"batch_size": batches},
                "fixed": {"module__n_neurons": n, "max_epochs": epochs},
            },
        ).seconds
        for batches, n, epochs in (
            ([10], 16, 50),
            ([10, 20], 16, 50),
            ([10], 160, 50),
            ([10], 160, 25),
        )
    )
    assert one < two < large
    assert one < halved < large
    grid = {"grid": {"batch_size": [10]}, "fixed": {"max_epochs": 50}}
    alone = {
        step: plan(data, grid, step, engine="one-by-one").seconds
        for step in (0.001, 0.01)
    }
    assert alone[0.01] - alone[0.001] == pytest.approx(
        3 * 0.009 * 30 * 50 * 41, rel=0.02
    )
    grid["grid"] = {"optimizer": ["Adam", "LBFGS"]}
    mixed = {
        step: plan(data, grid | {"fixed": {"max_epochs": 50}}, step).seconds
        for step in (0.001, 0.01)
    }
    assert mixed[0.01] - mixed[0.001] == pytest.approx(
        2.5 * 0.009 * 30 * 50 * 41, rel=0.02
    )


def test_a_large_split_is_tried_on_rows_of_every_class() -> None:
    y = np.zeros(100_000)
    y[[7, 50_000, 99_999]] = 1
    data = Dataset(None, y, Columns({"x": "number"}), ("no", "yes"))  # type: ignore[arg-type]
    train, test = few_rows((np.arange(100_000), np.arange(10)), data)
    assert len(train) == 1003
    assert set(np.flatnonzero(y)) <= set(train)
    assert sorted(train) == list(train)
    assert list(test) == list(range(10))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(3, "10 s"), (44, "40 s"), (300, "5 min"), (3 * 3600, "3 h"), (400_000, "5 days")],
)
def test_times_are_rough(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


# Prints a process's peak, in KiB, as its last line.
MEASURED = "\n".join(
    [
        "import resource, runpy, sys",
        "sys.argv = ['stages.search', 'mine']",
        "runpy.run_module('stages.search', run_name='__main__')",
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)",
    ]
)


def test_a_search_that_this_machine_has_no_memory_for_is_refused(
    write: Write, in_process: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    write({}, "optimizer")
    monkeypatch.setattr(
        psutil, "virtual_memory", lambda: SimpleNamespace(available=300 * 2**20)
    )
    done = in_process(check)
    assert done.returncode == 1
    assert re.fullmatch(
        r"error: params.yaml: experiments.optimizer: takes about 4\d0 MiB of memory, and this machine has 300 MiB "
        r"left. Lower data.sample, cv.n_splits, or runtime.n_jobs. \(line \d+\)\n",
        done.stderr,
    )


def test_a_search_that_takes_more_than_its_limit_is_noted(
    write: Write, in_process: Command
) -> None:
    write({"runtime.max_memory_mb": 512}, "dropout")
    done = in_process(check)
    assert done.returncode == 0
    assert re.match(
        r"note: dropout takes about 5\d0 MiB of memory. runtime.max_memory_mb limits",
        done.stderr,
    )
    assert re.search(
        r"^dropout: 50 candidates, 1,500 fits, about \d+ s and 5\d0 MiB$",
        done.stdout,
        re.MULTILINE,
    )


def test_amounts_are_rough() -> None:
    assert [in_mib(mib * 2**20) for mib in (434, 999, 2690)] == [
        "430 MiB",
        "1000 MiB",
        "2.6 GiB",
    ]


@pytest.mark.long
@pytest.mark.parametrize(("n_rows", "n_columns"), [(500, 4), (40_000, 60)])
def test_the_estimate_is_within_a_quarter_of_the_peak(
    write: Write, in_process: Command, n_rows: int, n_columns: int
) -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(n_rows, n_columns)).round(3)).add_prefix("x")
    table.assign(
        y=np.where(table["x0"] + rng.normal(size=n_rows) > 0, "yes", "no")
    ).to_csv("mine.csv", index=False)
    write(
        {
            "experiments": {
                "mine": {"grid": {"lr": [0.01, 0.02]}, "fixed": {"max_epochs": 2}}
            }
        }
    )
    assert in_process(adopt, "mine.csv", "y", "--force").returncode == 0
    text = Path("params.yaml").read_text(encoding="utf-8")
    mine = "experiments:\n  mine:\n    grid:\n      lr: [0.01, 0.02]\n    fixed: {max_epochs: 2}\n"
    Path("params.yaml").write_text(
        text[: text.index("experiments:\n")] + mine, encoding="utf-8"
    )
    promised = re.search(r"mine: .* and ([\d.]+) (MiB|GiB)", in_process(check).stdout)
    assert promised
    mib = float(promised[1]) * (1024 if promised[2] == "GiB" else 1)
    run = subprocess.run(
        [sys.executable, "-c", MEASURED],
        capture_output=True,
        encoding="utf-8",
        env={"PYTHONPATH": str(ROOT)},
    )
    assert run.returncode == 0, run.stderr
    assert mib == pytest.approx(int(run.stdout.splitlines()[-1]) / 1024, rel=0.25)


def of_scikit_learn(name: str) -> Callable[[Path], None]:
    frame = getattr(datasets, f"load_{name}")(as_frame=True).frame
    return lambda path: frame.to_csv(path, index=False)


# Numbers and texts, missing cells, two classes and many, and numbers to predict; each with its target.
TABLES: dict[str, tuple[Callable[[Path], None], str]] = {
    "penguins": (tables.penguins, "species"),
    "sales": (tables.sales, "sold"),
    **{
        name: (of_scikit_learn(name), "target")
        for name in ("breast_cancer", "diabetes", "digits", "iris", "wine")
    },
}


def test_the_kernel_trains_what_adopt_sets(write: Write, in_process: Command) -> None:
    write({})
    planner: Planner | None = None
    for name, (written, target) in TABLES.items():
        written(Path("table.csv"))
        assert in_process(adopt, "table.csv", target, "--force").returncode == 0, name
        params = load_params()
        planner = planner or Planner(params)
        opened = open_experiment(params, "net")
        assert len(opened.candidates) == 16
        assert planner.of(opened).alone == {}, name


def test_the_kernel_trains_the_combined_setting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    params = Params.model_validate(real_params())
    alone: list[dict[str, int]] = []

    def plan(
        label: str,
        estimator: Any,
        grid: Any,
        X: Any,
        y: Any,
        *,
        splits: Any,
        scorer: Any,
        **others: Any,
    ) -> None:
        alone.append(
            Planner(params).planned(estimator, grid, X, y, splits, scorer).alone
        )
        raise InterruptedError

    monkeypatch.setattr(nets, "run_search", plan)
    settings = read_picks(Results(WorkingTree(SAMPLE)), params).settings
    with pytest.raises(InterruptedError):
        nets.score_nets(
            {"combined": settings["combined"]},
            {},
            Folds(params, load_real_data(params)).fresh,
        )
    assert alone == [{}]


def test_the_check_says_which_nets_it_does_not_train(
    write: Write, in_process: Command
) -> None:
    write({"experiments.optimizer.grid.optimizer": ["SGD", "LBFGS"]}, "optimizer")
    done = in_process(check)
    assert done.returncode == 0
    assert done.stderr == (
        "note: optimizer: LBFGS can't step stacked nets: ValueError: it asks for gradients after it has changed weights"
        ", so 1 of 2 candidates are fitted one by one. Last digits of these nets may be others on another processor\n"
    )
