"""The stages on a table in the order of time, and on one with groups: what they say, and what they refuse."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gridstage.common import UserError, format_params
from gridstage.config import load_params
from gridstage.data import load_dataset
from gridstage.evaluate.nets import score_nets
from gridstage.results import Results, files
from packages.gridstage.tests.conftest import Command
from packages.gridstage.tests.evaluate.conftest import fresh_of
from packages.gridstage.tests.project import ROOT, real_params, set_at, write_params
from stages import baselines, best_params, compare, evaluate, search

N = 90
Run = Any


def rows() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(N, 2)).round(3)
    day = pd.date_range("2020-01-01", periods=N).strftime("%Y-%m-%d")
    table = pd.DataFrame(
        {
            "day": day,
            "person": [f"p{i // 3}" for i in range(N)],
            "x": x[:, 0],
            "z": x[:, 1],
        }
    )
    table["label"] = np.where(x[:, 0] + 0.3 * rng.normal(size=N) > 0.3, "yes", "no")
    return table


@pytest.fixture
def write(here: Path) -> Run:
    """Return a function that writes a project with the table, and changes made to its params.yaml."""
    (here / "stages").symlink_to(ROOT / "stages")

    def written(changes: dict[str, Any], table: pd.DataFrame | None = None) -> None:
        params = real_params()
        (rows() if table is None else table).to_csv("table.csv", index=False)
        params["data"] |= {
            "path": "table.csv",
            "url": None,
            "sha256": None,
            "header": True,
            "target": "label",
        }
        params["data"]["columns"] = {
            "day": {"type": "date"},
            "person": {"type": "category", "use": False},
            "label": {"classes": ["no", "yes"]},
        }
        params["model"] |= {"max_epochs": 3, "batch_size": 32}
        params["cv"] |= {"n_repeats": 1}
        params["experiments"] = {"mine": {"grid": {"lr": [0.01, 0.02]}, "fixed": {}}}
        for place, value in changes.items():
            set_at(params, place, value)
        write_params(params)

    return written


# Why the kernel does not train nets with the optimizer LBFGS.
ALONE = "LBFGS can't step stacked nets: ValueError: it asks for gradients after it has changed weights"
TIME = {"cv.splitter": "time", "cv.order": "day"}
GROUPS = {"cv.splitter": "stratified_group", "cv.groups": "person"}


def test_in_time_nothing_is_tested_and_the_evaluation_takes_the_searches_splits(
    write: Run, in_process: Command
) -> None:
    results = Results()
    shuffled = rows().sample(
        frac=1, random_state=0
    )  # which `order` puts in order again
    alone = {"model.optimizer": "LBFGS"}
    write(TIME | alone, shuffled)
    searched = in_process(search, "mine")
    assert searched.returncode == 0, searched.stderr
    assert f"{ALONE}, so 2 candidates are fitted one by one" in searched.stderr
    candidates = ["lr=0.01", "lr=0.02"]
    assert results.read(files.SUMMARY, "mine").not_by_kernel == {ALONE: candidates}
    assert "no intervals and no test: splits in the order of time" in searched.stdout
    assert not [
        key
        for key in results.read(files.SUMMARY, "mine").content()
        if "ci95" in key or "corr" in key
    ]
    assert in_process(compare, "mine").returncode == 0
    compared = results.table(files.COMPARED, "mine")
    assert compared["in_best_set"].isna().all()
    assert compared["simplest"].sum() == 1
    assert in_process(best_params).returncode == 0
    assert in_process(baselines).returncode == 0
    evaluated = in_process(evaluate)
    assert evaluated.returncode == 0, evaluated.stderr
    said = " ".join(evaluated.stdout.split())
    assert "evaluation: accuracy over 3 splits of the searches" in said
    assert (
        "can be split in one way only, so these splits are those that the winners won on"
        in said
    )
    assert not [
        key
        for key in results.read(files.EVALUATION).content()
        if "ci95" in key or "p_" in key
    ]
    assert results.read(files.EVALUATION).not_by_kernel == {ALONE: ["mine"]}

    # The first score, of the searches' own splits, and the second one of each contender.
    contenders = results.table(files.CONTENDERS).set_index("setting")
    second = contenders.filter(regex=r"^split\d+_test_neg_brier_score$")
    assert second.shape == (len(contenders), 3)
    constant, mine = (
        second.loc[name].to_numpy(dtype=float) for name in ("majority_class", "mine")
    )
    assert ((constant > -0.5) & (constant < -0.1)).all()
    assert (mine > constant).any()

    sorted_table = results.table(files.CANDIDATES, "mine")
    write({"cv.splitter": "time"} | alone, rows())  # in the order of the file
    assert in_process(search, "mine").returncode == 0
    pd.testing.assert_frame_equal(results.table(files.CANDIDATES, "mine"), sorted_table)


def test_with_groups_the_evaluation_draws_new_splits(
    write: Run, in_process: Command
) -> None:
    stopping = {"EarlyStopping": {"patience": 1, "load_best": True}}
    write(
        GROUPS
        | {
            "model.callbacks": stopping,
            "model.class_weight": "balanced",
            "model.criterion": "BCEWithLogitsLoss",
        }
    )
    assert in_process(search, "mine").returncode == 0
    assert Results().read(files.SUMMARY, "mine").corrected_over == "rows and folds"
    for stage, *arguments in ((compare, "mine"), (best_params,), (baselines,)):
        assert in_process(stage, *arguments).returncode == 0
    evaluated = in_process(evaluate)
    assert evaluated.returncode == 0, evaluated.stderr
    assert "evaluation: accuracy over 3 new splits" in evaluated.stdout
    assert (
        f"fitted on all {N} rows; 1 in 5 is held out for EarlyStopping\n"
        in evaluated.stdout
    )


JOINT = {
    "search": "halving",
    "n_candidates": 9,
    "grid": {
        "lr": {"loguniform": [0.001, 0.1]},
        "module__n_neurons": {"int": [2, 9]},
        "prepare__scale": [None, "standard"],
    },
    "fixed": {"max_epochs": 9},
}


def test_halving_with_several_scorers(write: Run, in_process: Command) -> None:
    results = Results()
    write(
        {
            "experiments": {"mine": JOINT},
            "cv.n_repeats": 2,
            "cv.also_score": ["roc_auc"],
        }
    )
    said = in_process(search, "mine").succeeded()
    assert (
        "halving spared 324 net-epochs" in said
    )  # 6 · (9 · 9 - 9 · 1 - 3 · 3 - 1 · 9)
    found = results.read(files.SUMMARY, "mine")
    keys = {"best_roc_auc", "best_score_corrected", "net_epochs_spared"}
    assert keys <= set(found.content())
    assert found.corrected_over == "rows and repeats"
    assert (found.n_candidates, found.n_fits) == (9, 6 * (9 + 3 + 1))
    table = results.table(files.CANDIDATES, "mine")
    assert sorted(table["stage"]) == [1] * 6 + [2] * 2 + [3]
    assert table["n_epochs"].tolist() == [3 ** (stage - 1) for stage in table["stage"]]
    best = table[table["rank_test_score"] == 1]
    assert best["params"].tolist() == [found.best_params]
    # The curves are of the best, which is the simplest of those trained to the end, and of the starting point.
    curves = results.table(files.CURVES, "mine")
    assert curves.groupby("setting", sort=False)["also"].unique().to_dict() == {
        "best": ["simplest"],
        "starting_point": [""],
    }
    assert curves.groupby("setting")["epoch"].max().tolist() == [9, 9]
    assert np.isfinite(curves.filter(regex="loss|score").to_numpy()).all()
    assert in_process(compare, "mine").returncode == 0
    assert results.table(files.COMPARED, "mine")["in_best_set"].sum() == 1

    # Trained to the end, the best has the score that it has in another search.
    write({"experiments": {"mine": JOINT | {"search": "random"}}, "cv.n_repeats": 2})
    assert in_process(search, "mine").returncode == 0
    again = results.table(files.CANDIDATES, "mine").set_index("params")
    splits = [f"split{i}_test_score" for i in range(6)]
    trained_to_the_end = again.loc[found.best_params, splits]
    assert list(trained_to_the_end) == best[splits].iloc[0].tolist()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            GROUPS | {"cv.n_splits": 31},
            "number of splits n_splits=31 greater than the number of groups: 30. Lower cv.n_splits",
        ),
        (
            TIME | {"cv.n_repeats": 2},
            "params.yaml: cv.n_repeats does not fit the splitter time, because rows in the",
        ),
        (
            {"model.class_weight": [1, 2, 3], "model.criterion": "CrossEntropyLoss"},
            "experiment, has 3 weights, but the data has 2 classes. Give one",
        ),
    ],
)
def test_what_does_not_fit_ends_in_a_sentence_and_writes_nothing(
    write: Run, in_process: Command, changes: dict[str, Any], sentence: str
) -> None:
    write(changes)
    done = in_process(search, "mine")
    assert done.returncode == 1
    assert sentence in done.stderr
    assert not Path("metrics").exists()


def test_what_goes_on_is_scored_as_by_itself_on_the_splits_of_the_evaluation(
    write: Run, in_process: Command
) -> None:
    write({"experiments": {"mine": JOINT}, "cv.n_repeats": 2})
    assert in_process(search, "mine").returncode == 0
    params = load_params()
    data = load_dataset(params.data, True, params.seed)
    fresh = fresh_of(data, params)
    found = fresh.unsealed(Results().table(files.FRESH, "mine"), "mine", UserError())
    assert list(found) == ["best", "simplest", "starting_point"]
    listed = {
        format_params(each): each
        for each in params.experiments["mine"].candidates(params.seed)
    }
    base = params.model.model_dump() | params.experiments["mine"].fixed
    for name, chosen in {
        "best": listed[found["best"].params],
        "starting_point": {},
    }.items():
        alone = score_nets({name: base | chosen}, {}, fresh)[name]
        for scorer in ("score", "neg_brier_score"):
            assert found[name].scores[scorer].tolist() == alone.scores[scorer].tolist()
        assert found[name].ci95 == pytest.approx(alone.ci95, rel=1e-11)
        assert np.array(found[name].stuck).tolist() == np.array(alone.stuck).tolist()
    # The curves are of the first repeats of these splits; without a hold-out, there is a loss alone.
    curves = Results().table(files.CURVES, "mine")
    assert set(curves["setting"]) == {"best", "starting_point"}
