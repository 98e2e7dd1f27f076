"""The leaderboard, and the combination of the winners."""

from typing import Any

import pandas as pd

from gridstage.best_params.leaderboard import (
    combine,
    leaderboard,
    over_all,
    picks_of,
    read_best_set,
    read_searches,
    ties,
)
from gridstage.config import Params
from gridstage.results import Results, files
from gridstage.results.search import RankedSearch
from gridstage.results.writing import as_csv
from packages.gridstage.tests.project import NUMBERS, small_params
from packages.gridstage.tests.refusals import refused
from packages.gridstage.tests.results.records import ranked_search
from packages.gridstage.tests.results.texts import Texts
from resampled.means.corrected import Corrected


def searches(**bests: dict[str, Any]) -> dict[str, RankedSearch]:
    return {
        name: ranked_search(best, best_score=score / 10)
        for score, (name, best) in enumerate(bests.items(), start=1)
    }


def changed(found: dict[str, RankedSearch], **fields: Any) -> dict[str, RankedSearch]:
    return {name: search.model_copy(update=fields) for name, search in found.items()}


def combined_of(
    params: Params, found: dict[str, RankedSearch]
) -> tuple[dict[str, Any], list[str]]:
    return combine(params, picks_of(params, found))


def test_the_combination_takes_the_bests_in_turn() -> None:
    params = Params.model_validate(small_params())
    found = searches(
        batch_epochs={"batch_size": 100, "max_epochs": 1},
        optimizer={"optimizer": "Adamax"},
        lr_momentum={"optimizer__lr": 0.01, "optimizer__momentum": 0.9},
        weight_init={"module__weight_init": "zeros_"},
    )
    combined, left_out = combined_of(params, found)
    assert combined == params.model.model_dump() | {
        "batch_size": 100,
        "max_epochs": 1,
        "optimizer": "Adamax",
        "module__weight_init": "zeros_",
    }
    assert left_out == [
        "lr_momentum: optimizer__lr (found under SGD)",
        "lr_momentum: optimizer__momentum (found under SGD)",
    ]
    combined, left_out = combined_of(
        params, found | searches(optimizer={"optimizer": "SGD"})
    )
    assert (combined["optimizer__lr"], combined["optimizer__momentum"], left_out) == (
        0.01,
        0.9,
        [],
    )


def test_the_summary_names_the_winner() -> None:
    params = Params.model_validate(small_params())
    found = searches(
        optimizer={"optimizer": "Adamax"}, neurons={"module__n_neurons": 5}
    )
    summary = over_all(params, found)
    assert (summary.winner, summary.winner_params) == (
        "neurons",
        "module__n_neurons=5",
    )
    assert (summary.best_score, summary.n_candidates, summary.n_fits) == (
        0.2,
        4,
        12,
    )
    assert summary.combined_params == "optimizer=Adamax, module__n_neurons=5"
    (details,) = summary.details
    assert details.experiments["neurons"].best_params == {"module__n_neurons": 5}
    assert details.winner == "neurons"
    # Where corrected scores are known, the best of them wins.
    ends = {"best_score_corrected_low": 0.1, "best_score_corrected_high": 0.2}
    first, second = (
        changed({name: found[name]}, best_score_corrected=score, **ends)
        for name, score in (("optimizer", 0.15), ("neurons", 0.14))
    )
    summary = over_all(params, first | second)
    assert summary.winner == "optimizer"
    assert (summary.best_score, summary.best_score_corrected) == (0.1, 0.15)


def test_grid_searches_are_combined_if_there_are_two() -> None:
    raw = small_params()
    raw["experiments"] = {
        "neurons": raw["experiments"]["neurons"],
        "dropout": raw["experiments"]["dropout"],
        "joint": {
            "search": "random",
            "n_candidates": 2,
            "grid": {"lr": {"loguniform": [0.001, 0.1]}},
        },
    }
    found = searches(
        neurons={"module__n_neurons": 5},
        dropout={"module__dropout_rate": 0.5},
        joint={"lr": 0.02},
    )
    summary = over_all(Params.model_validate(raw), found)
    assert summary.winner == "joint"
    assert summary.combined_params == "module__n_neurons=5, module__dropout_rate=0.5"
    del raw["experiments"]["neurons"], found["neurons"]
    summary = over_all(Params.model_validate(raw), found)
    assert summary.combined_params is None
    assert set(summary.details[0].content()) == {"experiments", "winner"}


def test_the_leaderboard_is_a_table_in_the_order_of_params_yaml() -> None:
    params = Params.model_validate(small_params())
    found = searches(
        dropout={"module__dropout_rate": 0.1, "module__weight_constraint": None},
        optimizer={"optimizer": "SGD"},
    )
    found = changed(
        found,
        best_ci95=0.03553,
        best_score_corrected=0.1,
        best_score_corrected_low=0.05,
        best_score_corrected_high=0.15,
        best_n_stuck=3,
    )
    assert as_csv(
        leaderboard(params, found, {"dropout": True, "optimizer": False}, "dropout")
    ) == (
        "experiment,best_params,best_score,best_std,best_ci95,best_score_corrected,best_score_corrected_low,"
        "best_score_corrected_high,n_candidates,n_fits,n_in_best_set,best_n_stuck,tied_with_above,kept\n"
        'dropout,"module__dropout_rate=0.1, module__weight_constraint=null",0.1,0.1,0.03553,0.1,0.05,0.15,2,6,1,3,'
        "true,false\n"
        "optimizer,optimizer=SGD,0.2,0.1,0.03553,0.1,0.05,0.15,2,6,1,3,false,false\n"
    )


def test_scores_within_the_noise_of_the_draws_are_ties() -> None:
    corrected = {
        name: Corrected(score, 0.6, 0.8, "splits", 0.0001)
        for name, score in {"a": 0.7, "b": 0.7002, "c": 0.71}.items()
    }
    assert ties({**corrected, "d": None}) == {
        "a": True,
        "b": False,
        "c": False,
        "d": False,
    }


def written_search(
    best: str, simplest: str | None = None, score: float = 0.7, in_best_set: Any = True
) -> Texts:
    """Return the files of a search that has found this."""
    texts = Texts()
    texts.put(
        files.SUMMARY, NUMBERS | {"best_params": best, "best_score": score}, "neurons"
    )
    cells: dict[str, Any] = dict.fromkeys(files.COMPARED.needed, 0.5)
    cells |= {
        "params": simplest or best,
        "rank_test_score": 1,
        "in_best_set": in_best_set,
        "simplest": True,
    }
    texts.put(files.COMPARED, pd.DataFrame([cells]), "neurons")
    return texts


def test_what_is_read_has_the_types_of_the_grid_and_stands_in_it() -> None:
    raw, five = small_params(), "module__n_neurons=5"
    params = Params.model_validate(
        raw | {"experiments": {"neurons": raw["experiments"]["neurons"]}}
    )
    found = read_searches(Results(written_search(five)), params)["neurons"]
    assert found.best_params == found.simplest_params == {"module__n_neurons": 5}
    assert (found.n_in_best_set, found.best_n_stuck) == (1, 0)
    for texts, sentence in (
        (
            written_search("module__n_neurons=99", five),
            "neurons/summary.json has the best module__n_neurons=99, which",
        ),
        (
            written_search(five, "module__n_neurons=99"),
            "neurons.csv has the simplest module__n_neurons=99, which is",
        ),
    ):
        with refused(sentence):
            read_searches(Results(texts), params)
    untested = Results(written_search(five, in_best_set=None))
    assert read_searches(untested, params)["neurons"].n_in_best_set is None
    assert read_best_set(untested, params, "neurons") == [
        {"module__n_neurons": 5}
    ]  # the best alone
