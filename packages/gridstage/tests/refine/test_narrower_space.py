"""The space around the candidates of a random search that can't be told from the best."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from gridstage.best_params.leaderboard import read_best_set
from gridstage.commands import refine as stage
from gridstage.common import format_params
from gridstage.config import Distribution, Params, load_params
from gridstage.refine import narrow
from gridstage.results import Results, files, write
from packages.gridstage.tests.config.params_files import written
from packages.gridstage.tests.conftest import Command
from packages.gridstage.tests.project import NUMBERS, small_params, text_of
from packages.gridstage.tests.refusals import refused_with

GRID: dict[str, Any] = {
    "lr": {"loguniform": [0.0001, 1.0]},
    "module__dropout_rate": {"uniform": [0.0, 0.5]},
    "module__n_neurons": {"int": [1, 20]},
    "module__n_layers": [1, 2, 3],
    "prepare__scale": [None, "standard"],
}


def params_of(
    grid: dict[str, Any] = GRID, search: str = "random", n_candidates: int | None = 50
) -> Params:
    raw = small_params()
    mine = {
        "search": search,
        "n_candidates": n_candidates,
        "grid": grid,
        "fixed": {"optimizer": "SGD"},
    }
    raw["experiments"] = {"mine": mine}
    raw["cv"]["n_repeats"] = 1
    return Params.model_validate(raw)


def candidate(
    lr: float, rate: float, neurons: int, layers: int, scale: str | None = "standard"
) -> dict[str, Any]:
    return dict(zip(GRID, (lr, rate, neurons, layers, scale), strict=True))


def test_the_new_bounds_are_a_tenth_of_the_old_range_away_and_within_it() -> None:
    found = narrow(
        params_of(), "mine", [candidate(0.01, 0.03, 8, 1), candidate(0.1, 0.2, 10, 3)]
    )
    assert (found.search, found.n_candidates) == ("random", 50)
    assert found.grid == {
        # A tenth of four orders of magnitude is 10 ** 0.4.
        "lr": Distribution("loguniform", 0.00398, 0.251),
        "module__dropout_rate": Distribution("uniform", 0.0, 0.25),
        "module__n_neurons": Distribution("int", 5, 13),
        "module__n_layers": [1, 3],
    }
    assert found.fixed == {"optimizer": "SGD", "prepare__scale": "standard"}


def test_around_a_single_candidate_there_is_room() -> None:
    found = narrow(
        params_of(search="halving"), "mine", [candidate(0.0001, 0.5, 20, 2, None)]
    )
    assert found.search == "halving"
    assert found.grid == {
        "lr": Distribution("loguniform", 0.0001, 0.000251),
        "module__dropout_rate": Distribution("uniform", 0.45, 0.5),
        "module__n_neurons": Distribution("int", 18, 20),
    }
    assert found.fixed == {
        "optimizer": "SGD",
        "module__n_layers": 2,
        "prepare__scale": None,
    }
    Params.model_validate(
        small_params() | {"experiments": {"mine_2": found.model_dump()}}
    )


def test_no_more_candidates_are_drawn_than_there_are() -> None:
    grid = {"module__n_neurons": {"int": [1, 100]}, "module__n_layers": [1, 2]}
    found = narrow(
        params_of(grid), "mine", [{"module__n_neurons": 50, "module__n_layers": 1}]
    )
    assert found.grid == {"module__n_neurons": Distribution("int", 40, 61)}
    assert found.n_candidates == 22
    whole = narrow(
        params_of({"lr": [0.1, 0.2, 0.3]}, "halving", None),
        "mine",
        [{"lr": 0.1}, {"lr": 0.3}],
    )
    assert (whole.grid, whole.n_candidates) == ({"lr": [0.1, 0.3]}, None)


@pytest.mark.parametrize(
    ("grid", "around", "sentence"),
    [
        (
            {"lr": {"uniform": [0.1, 0.2]}, "module__n_layers": [1, 2]},
            [{"lr": 0.105, "module__n_layers": 1}, {"lr": 0.19, "module__n_layers": 2}],
            "experiments.mine.grid has nothing to refine: the candidates that can't be told from the best fill the",
        ),
        (
            {"module__n_layers": [1, 2], "batch_size": [20, 40]},
            [{"module__n_layers": 1, "batch_size": 40}],
            "experiments.mine.grid has nothing to refine: the candidates that can't be told from the best fill the",
        ),
    ],
)
def test_where_nothing_is_left_to_search_it_says_so(
    grid: dict[str, Any], around: list, sentence: str
) -> None:
    with refused_with(sentence):
        narrow(params_of(grid), "mine", around)


def write_results(params: Params, in_best_set: list[bool] | None) -> None:
    listed = [
        format_params(each)
        for each in params.experiments["mine"].candidates(params.seed)
    ]
    table = pd.DataFrame({"params": listed}).assign(
        **dict.fromkeys(files.COMPARED.needed[1:], 0.5)
    )
    in_set = (
        [i < len(in_best_set) and in_best_set[i] for i in range(len(listed))]
        if in_best_set
        else None
    )
    write(
        files.COMPARED,
        table.assign(rank_test_score=1, in_best_set=in_set, simplest=False),
        "mine",
    )
    write(files.SUMMARY, {"best_params": listed[0]} | NUMBERS, "mine")


@pytest.fixture
def searched(here: Path, monkeypatch: pytest.MonkeyPatch) -> Params:
    """Work in a folder with a random search of which candidates 0 and 2 may be the best."""
    monkeypatch.setattr(stage, "stale_stages", lambda *stages: [])
    params = params_of()
    written(here, small_params() | {"experiments": params.model_dump()["experiments"]})
    write_results(params, [True, False, True])
    return params


def test_the_stage_adds_the_narrower_search(
    searched: Params, in_process: Command
) -> None:
    shown = in_process(stage, "mine").stdout
    assert (
        "params.yaml: added experiments.mine_2, 50 candidates around the best\n"
        in shown
    )
    added = load_params().experiments["mine_2"]
    listed = searched.experiments["mine"].candidates(searched.seed)
    assert added == narrow(searched, "mine", [listed[0], listed[2]])
    assert f"  lr: {added.grid['lr']}\n" in shown
    assert (
        "# The space around the 2 candidates of mine that can't be told from the best.\n"
        in text_of("params.yaml")
    )


def test_without_a_test_it_is_the_space_around_the_best(here: Path) -> None:
    params = params_of()
    write_results(params, None)
    best = params.experiments["mine"].candidates(params.seed)[0]
    assert read_best_set(Results(), params, "mine") == [best]


@pytest.mark.usefixtures("searched")
def test_results_of_another_search_are_refused(in_process: Command) -> None:
    path, again = Path("metrics/compared/mine.csv"), "Run `dvc repro compare@mine`."
    table = pd.read_csv(path).assign(params="lr=7")
    write(files.COMPARED, table, "mine")
    said = in_process(stage, "mine").refused()
    assert (
        f"{path} has the candidate lr=7, which is not in the grid of params.yaml. {again}"
        in said
    )
    path.unlink()
    assert f"{path} is missing. {again}" in in_process(stage, "mine").stderr
