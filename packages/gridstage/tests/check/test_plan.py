"""What the engine says of a search, and which nets its kernel does not train.

That it trains those of the sample's params.yaml, the first test of `gridstage check` shows."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from joblib import parallel_config
from sklearn import datasets
from sklearn.model_selection import GridSearchCV

from gridstage.best_params.leaderboard import read_picks
from gridstage.check.plan import Planner, in_words
from gridstage.commands import adopt, check
from gridstage.config import Params, load_params
from gridstage.evaluate import nets
from gridstage.experiment import Folds, open_experiment
from gridstage.results import Results
from gridstage.results.reading import WorkingTree
from gridstage.search import Fits
from lockstep import plan
from packages.gridstage.tests.check.conftest import Write
from packages.gridstage.tests.conftest import Command
from packages.gridstage.tests.project import real_params
from packages.gridstage.tests.read_sample import SAMPLE, load_real_data
from tests.tables import tables


def test_a_search_by_halving_takes_less_than_its_plan(
    write: Write, in_process: Command
) -> None:
    grid = {"lr": [0.001 * i for i in range(1, 10)]}
    write({"experiments": {"mine": {"search": "halving", "grid": grid}}})
    (_, line) = in_process(check).stdout.splitlines()
    assert line.startswith("mine: 9 candidates on 30 splits, about ")
    assert line.endswith(" MiB, less by halving")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "1 s"),
        (44, "44 s"),
        (300, "5 min"),
        (3 * 3600, "3 h"),
        (400_000, "5 days"),
    ],
)
def test_times_are_rough(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


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

    def planned(label: str, fits: Fits, *rest: Any, **options: Any) -> None:
        search = GridSearchCV(
            fits.estimator, fits.candidates, cv=fits.splits[:1], scoring=fits.scorer
        )
        with parallel_config(backend="lockstep"):
            alone.append(plan(search, fits.X, fits.y).alone)
        raise InterruptedError

    monkeypatch.setattr(nets, "run_search", planned)
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
