import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from stages.lib.errors import UserError
from stages.lib.formatting import format_params, short_params
from stages.lib.leaderboard import combine, read_searches, remove_strays, summarise
from stages.lib.leaderboard import to_csv as leaderboard_csv
from stages.lib.outputs import write_json, write_text
from stages.lib.params import Params
from stages.lib.results import candidate_table, print_table, to_csv
from stages.lib.results import summarise as summarise_search
from tests.conftest import ROOT, real_params, set_at, small_params

GRID: dict[str, list[Any]] = {"lr": [1e-05, 0.1], "module__weight_constraint": [None, 2.0]}


def cv_results(scores: list[list[float]]) -> dict[str, Any]:
    """Return what GridSearchCV gives for these split scores, one row a candidate."""
    table = np.array(scores)
    means = table.mean(axis=1)
    ranks = (-np.nan_to_num(means, nan=-np.inf)).argsort().argsort() + 1
    columns = {f"split{i}_test_score": table[:, i] for i in range(table.shape[1])}
    return columns | {"mean_test_score": means, "std_test_score": table.std(axis=1), "rank_test_score": ranks}


def test_settings_are_written_as_in_params_yaml() -> None:
    settings = {"a": 1e-05, "b": None, "c": True, "d": "Adamax", "e": 2.0, "f": 10}
    assert format_params(settings) == "a=1e-05, b=null, c=true, d=Adamax, e=2.0, f=10"


def test_the_csv_has_the_contracts_columns_and_bytes() -> None:
    table = candidate_table(GRID, cv_results([[0.5, 2 / 3], [0.6, 0.7], [np.nan, 0.5], [0.1, 0.2]]), 0.5)
    assert to_csv(table) == (
        "params,lr,module__weight_constraint,mean_test_score,std_test_score,rank_test_score,"
        "ci95,p_value,tied_with_best,split0_test_score,split1_test_score\n"
        '"lr=1e-05, module__weight_constraint=null",1e-05,null,0.583333,0.083333,2,1.497441,0.391827,true,'
        "0.5,0.666667\n"
        '"lr=1e-05, module__weight_constraint=2.0",1e-05,2.0,0.65,0.05,1,0.898464,1.0,true,0.6,0.7\n'
        '"lr=0.1, module__weight_constraint=null",0.1,null,nan,nan,4,nan,nan,false,nan,0.5\n'
        '"lr=0.1, module__weight_constraint=2.0",0.1,2.0,0.15,0.05,3,0.898464,0.0,false,0.1,0.2\n'
    )


def test_the_summary_is_flat_and_of_the_best() -> None:
    table = candidate_table(GRID, cv_results([[0.5, 0.5], [0.6, 0.7], [0.1, 0.5], [0.1, 0.2]]), 0.5)
    assert summarise_search(table) == {
        "best_params": "lr=1e-05, module__weight_constraint=2.0",
        "best_score": pytest.approx(0.65),
        "best_std": pytest.approx(0.05),
        # Two splits: t(0.975, 1) · sqrt((1/2 + 1/2) · 0.005)
        "best_ci95": pytest.approx(12.706205 * 0.005**0.5),
        "n_tied": 3,
        "n_candidates": 4,
        "n_fits": 8,
    }


def test_a_search_without_a_score_has_no_best() -> None:
    results = cv_results([[np.nan, np.nan]] * 4) | {"rank_test_score": np.ones(4)}
    with pytest.raises(UserError, match="Every candidate of the grid diverged"):
        summarise_search(candidate_table(GRID, results, 0.5))


def test_the_table_shows_every_candidate_and_marks_the_best(capsys: pytest.CaptureFixture[str]) -> None:
    table = candidate_table(GRID, cv_results([[0.5, 0.5], [0.6, 0.7], [np.nan, 0.5], [0.1, 0.2]]), 0.5)
    print_table(table, "lr: accuracy")
    title, heading, *rows, legend = capsys.readouterr().out.splitlines()
    assert title == "lr: accuracy"
    assert heading.split() == ["mean", "±", "95", "%", "std", "p", "params"]
    assert [row.split()[0] for row in rows] == ["=", "*", "diverged", "0.1500"]
    assert rows[1].split()[1:] == ["0.6500", "0.8985", "0.0500", "1.0000", "lr=1e-05,", "weight_constraint=2.0"]
    assert legend == "* the best; = not told apart from it (p of 0.05 or more)"


def test_settings_are_shown_without_the_part_of_the_net() -> None:
    written = "lr=0.1, module__weight_init=kaiming_uniform_, optimizer__betas=[0.9, 0.99], module=my__nets.Deep"
    assert short_params(written) == "lr=0.1, weight_init=kaiming_uniform_, betas=[0.9, 0.99], module=my__nets.Deep"


def test_files_are_whole_or_untouched(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file.json"
    write_json(path, {"b": 1 / 3, "a": [{"lr": 1e-08}], "c": None})
    assert path.read_bytes() == (
        b'{\n  "a": [\n    {\n      "lr": 1e-08\n    }\n  ],\n  "b": 0.333333,\n  "c": null\n}\n'
    )
    before = path.read_bytes()
    with pytest.raises(ValueError, match="Out of range float"):
        write_json(path, {"a": float("nan")})
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "\ud800")
    assert path.read_bytes() == before


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
    assert leaderboard_csv(found) == (
        "experiment,best_params,best_score,best_std,best_ci95,n_candidates,n_fits,n_tied\n"
        'dropout,"module__dropout_rate=0.1, module__weight_constraint=null",0.1,0.1,0.03553,2,6,1\n'
        "optimizer,optimizer=SGD,0.2,0.1,0.03553,2,6,1\n"
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "metrics/search/neurons.json is missing. Run `dvc repro search@neurons`."),
        ("{", "metrics/search/neurons.json is no result of a search."),
        ("[]", "metrics/search/neurons.json is no result of a search."),
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


def test_the_committed_tables_have_129_rows() -> None:
    tables = [pd.read_csv(ROOT / f"metrics/candidates/{name}.csv") for name in real_params()["experiments"]]
    assert sum(map(len, tables)) == 129
