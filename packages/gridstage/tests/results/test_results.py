"""The files under metrics/: what is written comes back with its types, and what is broken is named."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gridstage.common import UserError, write_text
from gridstage.results import (
    Results,
    column_of,
    files,
    remove_strays,
    split_columns,
    write,
    write_folder,
    written,
)
from gridstage.results.files import File
from gridstage.results.reading import typed
from gridstage.results.writing import as_csv
from packages.gridstage.tests.project import text_of
from packages.gridstage.tests.refusals import refused
from packages.gridstage.tests.results.records import best_params, ranked_search
from packages.gridstage.tests.results.texts import Texts

TABLE = pd.DataFrame(
    {
        "setting": ["a", "b, c"],
        "mean_test_score": [1 / 3, np.nan],
        "ci95": [1 / 3, np.inf],
        "train_loss": [1 / 3, 1e-9 / 3],
        "n_stuck": [1.0, np.nan],
        "in_best_set": [True, None],
        "kept": [True, False],
        "stuck_splits": ["", "0 2"],
        "module__n_neurons": ["5", "null"],
    }
)


def test_a_table_comes_back_with_its_types_and_digits() -> None:
    """All digits of a score, twelve of what is computed with distributions, and six of what is drawn."""
    text = as_csv(TABLE)
    assert text == (
        "setting,mean_test_score,ci95,train_loss,n_stuck,in_best_set,kept,stuck_splits,module__n_neurons\n"
        "a,0.3333333333333333,0.333333333333,0.333333,1,true,true,,5\n"
        '"b, c",nan,inf,3.33333e-10,nan,nan,false,0 2,null\n'
    )
    found = typed(text)
    pd.testing.assert_frame_equal(found, written(TABLE))
    assert as_csv(found) == text
    assert [str(kind) for kind in found.dtypes[1:7]] == ["float64"] * 3 + [
        "Int64",
        "boolean",
        "bool",
    ]
    assert found["mean_test_score"][0] == 1 / 3
    assert found["module__n_neurons"].tolist() == ["5", "null"]


def test_columns_have_one_meaning_wherever_they_stand() -> None:
    names = [
        "split10_test_score",
        "split0_test_neg_brier_score",
        "split0_stuck",
        "std_test_r2",
        "lr",
        "kept",
    ]
    assert [column_of(name).type for name in names] == [
        float,
        float,
        int,
        float,
        str,
        bool,
    ]
    assert split_columns([*names, "split2_test_score"]) == [
        "split10_test_score",
        "split2_test_score",
    ]


def test_an_object_comes_back(here: Path) -> None:
    search = ranked_search({"lr": 0.1 + 0.2})
    written = best_params({"a": search}, "a")
    written = written.model_copy(update={"best_score": 0.1 + 0.2})
    write(files.BEST_PARAMS, written)
    found = Results().read(files.BEST_PARAMS)
    assert found == written.model_copy(update={"best_score": 0.3})
    assert found.details[0].experiments["a"].best_params == {"lr": 0.1 + 0.2}
    assert list(json.loads(text_of("metrics/best_params.json"))) == sorted(
        written.content()
    )
    with pytest.raises(ValueError, match="Out of range"):
        write(files.BEST_PARAMS, {"best_score": float("nan")})


GOOD = "key,importance,importance_std,p_value\nlr,0.1,0.2,nan\n"


@pytest.mark.parametrize(
    ("file", "text", "problem"),
    [
        (files.IMPORTANCE, None, "is missing"),
        (files.IMPORTANCE, "", "is not a table of importances"),
        (
            files.IMPORTANCE,
            GOOD.replace("p_value", "p"),
            "is not a table of importances",
        ),
        (
            files.IMPORTANCE,
            GOOD[:-1],
            "is not a table of importances",
        ),  # cut off in its last number
        (files.IMPORTANCE, f"{GOOD}batch_size,0.1\n", "is not a table of importances"),
        (
            files.IMPORTANCE,
            GOOD.replace("0.1", "much"),
            "is not a table of importances",
        ),
        (
            files.IMPORTANCE,
            GOOD.replace("nan", "nan,1"),
            "is not a table of importances",
        ),
        (
            files.LEADERBOARD,
            "experiment,best_params,best_score,kept\na,b,1,yes\n",
            "is not the leaderboard of the se",
        ),
        (files.DATA, None, "is missing"),
        (files.DATA, "{", "is not what the stage fetch writes"),
        (files.DATA, "[]", "is not what the stage fetch writes"),
        (files.DATA, '{"positives": 2}', "is not what the stage fetch writes"),
        (files.DATA, '{"rows": NaN}', "is not what the stage fetch writes"),
    ],
)
def test_what_is_missing_or_broken_is_named(
    file: Any, text: str | None, problem: str
) -> None:
    results = Results(Texts() if text is None else Texts({file.at("mine"): text}))
    with pytest.raises(UserError) as caught:
        results.table(file, "mine") if isinstance(file, files.Csv) else results.read(
            file, "mine"
        )
    assert str(caught.value).startswith(f"{file.at('mine')} {problem}")
    assert str(caught.value).endswith(f" {file.again('mine')}")


def test_a_file_that_is_no_text_is_refused(here: Path) -> None:
    write_text("metrics/data.json", "")
    Path("metrics/data.json").write_bytes(b"\xff")
    with refused(r"metrics/data.json can't be read: 'utf-8' codec"):
        Results().read(files.DATA)


def test_a_folder_has_what_its_stage_writes_and_nothing_else(here: Path) -> None:
    write_text("metrics/search/lr/old/picks.csv", "x")
    write_text("metrics/search/joint/draws.csv", "x")
    write_folder(
        {
            files.DRAWS: pd.DataFrame({"selecting": [], "left_out": []}),
            files.SUMMARY: {},
        },
        "lr",
    )
    assert sorted(map(str, Path("metrics").rglob("*.*"))) == [
        *(
            "metrics/search/joint/draws.csv",
            "metrics/search/lr/draws.csv",
            "metrics/search/lr/summary.json",
        )
    ]


def test_results_of_removed_experiments_go(here: Path) -> None:
    every = [each for each in vars(files).values() if isinstance(each, File)]
    of_one = {
        file.at(name): name
        for file in every
        for name in ("lr", "gone")
        if "{name}" in file.path
    }
    gone = {
        path for path, name in of_one.items() if name == "gone" and "scores" not in path
    }
    for path in {*of_one, *(file.at() for file in every if "{name}" not in file.path)}:
        write_text(path, "x")
    assert {str(path) for path in remove_strays(["lr"])} == gone
    assert {str(path) for path in Path("metrics").rglob("*.*")} == {
        *(file.at("lr") for file in every),
        files.SCORES.at("gone"),  # which the stage evaluate owns
    }
    assert not Path("metrics/search/gone").exists()
