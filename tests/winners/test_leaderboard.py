"""The leaderboard, and the combination of the winners."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from stages import best_params
from stages.lib.common import UserError, write_json, write_text
from stages.lib.config import Params
from stages.lib.winners.leaderboard import combine, read_searches, remove_strays, summarise, to_csv
from tests.conftest import Command
from tests.project import set_at, small_params


def searches(**bests: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        name: {"best_params": best, "best_score": score / 10, "best_std": 0.1, "n_candidates": 2, "n_fits": 6}
        for score, (name, best) in enumerate(bests.items(), start=1)
    }


def test_the_combination_takes_the_bests_in_turn() -> None:
    params = Params.model_validate(small_params())
    found = searches(
        batch_epochs={"batch_size": 100, "max_epochs": 1},
        optimizer={"optimizer": "Adamax"},
        lr_momentum={"optimizer__lr": 0.01, "optimizer__momentum": 0.9},
        weight_init={"module__weight_init": "zeros_"},
    )
    combined, left_out = combine(params, found)
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
    combined, left_out = combine(params, found | {"optimizer": {"best_params": {"optimizer": "SGD"}}})
    assert (combined["optimizer__lr"], combined["optimizer__momentum"], left_out) == (0.01, 0.9, [])


def test_the_combination_leaves_out_what_was_found_of_another_module() -> None:
    raw = small_params()
    raw["experiments"]["neurons"]["fixed"] = {"module": "Linear"}
    found = searches(neurons={"module__n_neurons": 5}, dropout={"module__dropout_rate": 0.5})
    combined, left_out = combine(Params.model_validate(raw), found)
    assert combined["module__dropout_rate"] == 0.5
    assert "module__n_neurons" not in combined
    assert left_out == ["neurons: module__n_neurons (found under Linear)"]


def test_the_combination_leaves_out_what_was_found_of_callbacks_that_it_lacks() -> None:
    raw = small_params()
    raw["experiments"]["neurons"]["fixed"] = {"callbacks": {"EarlyStopping": {"patience": 5}}}
    key = "callbacks__EarlyStopping__patience"
    found = searches(neurons={key: 10}, dropout={"prepare__scale": None, "iterator_train__shuffle": True})
    combined, left_out = combine(Params.model_validate(raw), found)
    assert combined["prepare__scale"] is None
    assert combined["iterator_train__shuffle"] is True
    assert key not in combined
    assert left_out == [f"neurons: {key} (found under {{EarlyStopping: {{patience: 5}}}})"]
    raw["model"]["callbacks"] = {"EarlyStopping": {"patience": 5}}
    combined, left_out = combine(Params.model_validate(raw), found)
    assert (combined[key], left_out) == (10, [])


def test_the_summary_names_the_winner() -> None:
    params = Params.model_validate(small_params())
    found = searches(optimizer={"optimizer": "Adamax"}, neurons={"module__n_neurons": 5})
    summary = summarise(params, found)
    assert (summary["winner"], summary["winner_params"]) == ("neurons", "module__n_neurons=5")
    assert (summary["best_score"], summary["n_candidates"], summary["n_fits"]) == (0.2, 4, 12)
    assert summary["combined_params"] == "optimizer=Adamax, module__n_neurons=5"
    assert isinstance(summary["details"], list)
    assert summary["details"][0]["experiments"]["neurons"]["best_params"] == {"module__n_neurons": 5}


def test_the_leaderboard_is_a_table_in_the_order_of_params_yaml() -> None:
    found = searches(
        dropout={"module__dropout_rate": 0.1, "module__weight_constraint": None}, optimizer={"optimizer": "SGD"}
    )
    for search in found.values():
        search |= {"best_ci95": 0.03553, "n_tied": 1, "not_shown": 0}
    assert to_csv(found) == (
        "experiment,best_params,best_score,best_std,best_ci95,n_candidates,n_fits,n_tied\n"
        'dropout,"module__dropout_rate=0.1, module__weight_constraint=null",0.1,0.1,0.03553,2,6,1\n'
        "optimizer,optimizer=SGD,0.2,0.1,0.03553,2,6,1\n"
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "metrics/search/neurons.json is missing. Run `dvc repro search@neurons`."),
        ("{", "metrics/search/neurons.json is not the result of a search."),
        ("[]", "metrics/search/neurons.json is not the result of a search."),
        (
            json.dumps({"best_params": "module__n_neurons=99"}),
            "its best, module__n_neurons=99, is not in the grid of params.yaml",
        ),
    ],
)
def test_a_bad_search_file_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    raw = small_params()
    set_at(raw, "experiments", {"neurons": raw["experiments"]["neurons"]})
    if content is not None:
        write_text("metrics/search/neurons.json", content)
    with pytest.raises(UserError) as caught:
        read_searches(Params.model_validate(raw))
    assert sentence in str(caught.value)


def test_outputs_of_removed_experiments_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("search/neurons.json", "search/gone.json", "candidates/gone.csv", "candidates/neurons.csv"):
        write_text(f"metrics/{name}", "x")
    removed = remove_strays(Params.model_validate(small_params()))
    assert [str(path) for path in removed] == ["metrics/candidates/gone.csv", "metrics/search/gone.json"]
    assert sorted(path.name for path in Path("metrics").rglob("*.*")) == ["neurons.csv", "neurons.json"]


def test_the_leaderboard_of_splits_in_time_order_has_no_interval(
    tmp_path: Path, in_process: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = small_params()
    raw["experiments"] = {name: raw["experiments"][name] for name in ("neurons", "optimizer")}
    write_text(tmp_path / "params.yaml", yaml.safe_dump(raw))
    monkeypatch.chdir(tmp_path)
    for name, best, score in (("neurons", "module__n_neurons=5", -1.2e6), ("optimizer", "optimizer=SGD", -2.2e6)):
        metrics = {"best_params": best, "best_score": score, "best_std": 0.1, "n_candidates": 2, "n_fits": 6}
        write_json(f"metrics/search/{name}.json", metrics)
    done = in_process(best_params)
    assert (done.returncode, done.stderr) == (0, "")
    assert "leaderboard, by accuracy" in done.stdout
    assert re.search(r"\* *neurons *-1,200,000 *n_neurons=5", done.stdout)
    assert "±" not in done.stdout
    assert (tmp_path / "metrics/leaderboard.csv").read_text(encoding="utf-8").splitlines()[1:] == [
        "neurons,module__n_neurons=5,-1200000.0,0.1,,2,6,",
        "optimizer,optimizer=SGD,-2200000.0,0.1,,2,6,",
    ]
