"""Fixtures: results of searches without a search, and a folder in which the stage evaluate has run."""

import io
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from skorch import NeuralNet

from gridstage.common import format_params, write_text
from gridstage.config import STARTING_POINT, Params, load_params
from gridstage.data import Dataset
from gridstage.evaluate.nets import score_nets
from gridstage.results import Results, files
from gridstage.results.reading import WorkingTree
from gridstage.results.writing import as_csv, as_json, as_text
from gridstage.scores.reached import Reached, reached_table, scorers_of
from gridstage.scores.splits import Folds
from packages.gridstage.tests.plain_skorch import plain_net
from packages.gridstage.tests.project import small_params, write_params
from packages.gridstage.tests.read_sample import SAMPLE, load_real_data
from packages.gridstage.tests.results.records import best_params, ranked_search
from stages import evaluate


@dataclass(frozen=True)
class Evaluated:
    """A folder in which the stage has run, and what it printed."""

    folder: Path
    shown: str

    def read(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    @property
    def results(self) -> Results:
        return Results(WorkingTree(self.folder))

    def params(self) -> Params:
        return load_params(self.folder / "params.yaml")


@pytest.fixture(scope="package")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Evaluated:
    """Run the stage on results written by hand."""
    folder = tmp_path_factory.mktemp("evaluated")
    raw = small_params()
    raw["experiments"] = {
        name: raw["experiments"][name] for name in ("dropout", "neurons")
    }
    raw["cv"] |= {"n_repeats": 2, "also_score": ["roc_auc"]}
    raw["evaluate"]["keep"] = "combined"
    raw["data"]["path"] = str(SAMPLE / raw["data"]["path"])
    write_params(raw, folder)
    params = Params.model_validate(raw)
    write_best(params, folder)
    write_baselines(params, folder, 6)
    write_fresh(params, folder, load_real_data(params))
    shown = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(shown):
        patch.chdir(folder)
        evaluate.main()
    return Evaluated(folder, shown.getvalue())


@pytest.fixture
def evaluated_here(
    evaluated: Evaluated, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Evaluated]:
    """`evaluated` as the working directory, where what a test changes is put back."""
    monkeypatch.chdir(evaluated.folder)
    before = contents()
    yield evaluated
    for path, content in before.items():
        path.write_bytes(content)


def contents() -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}


def params_of(**changes: Any) -> Params:
    return Params.model_validate(small_params() | changes)


def write_best(params: Params, folder: Path, **changes: Any) -> None:
    """Write what `best_params` would if the first candidate of each experiment won, and the last was the simplest."""
    bests = {}
    for name, experiment in params.experiments.items():
        listed = experiment.candidates(params.seed)
        bests[name] = ranked_search(listed[0], listed[-1])
    details: dict[str, Any] = {"winner": next(iter(bests))}
    details["combined"] = params.model.model_dump() | {"optimizer": "Adamax"}
    best = best_params(bests, **details | changes)
    write_text(folder / files.BEST_PARAMS.path, as_text(best))


def write_baselines(params: Params, folder: Path, n_splits: int) -> None:
    """Write what `baselines` would if they scored no better than a coin, without a row of their predictions."""
    steady = Reached(
        {scorer: np.full(n_splits, 0.5) for scorer in scorers_of(params.cv)},
        0.04,
        "a coin",
    )
    names = ("logistic_regression", "majority_class")
    write_text(
        folder / files.BASELINES.path,
        as_csv(reached_table(dict.fromkeys(names, steady), params.cv)),
    )
    for file in (files.BASELINE_DIAGNOSTICS, files.BASELINE_THRESHOLDS):
        write_text(folder / file.path, ",".join(file.needed) + "\n")
    inputs = "model,column,importance,ci95\n" + "".join(
        f"{name},glucose,0,0\n" for name in names
    )
    write_text(folder / files.BASELINE_INPUTS.path, inputs)
    sets = {f"0.{percent}": 0.25 for percent in range(50, 100)}
    write_text(
        folder / files.BASELINE_ERRORS.path,
        as_json({name: {"sets": sets} for name in names}),
    )


def fresh_of(data: Dataset, params: Params, splits: list[Any] | None = None) -> Folds:
    """Return the rows with the splits of the evaluation, or with other ones under the params as they stand."""
    table = Folds(params, data)
    if splits is None:
        return table.fresh
    vars(table)["splits"] = splits  # so that none are drawn
    return table


def write_fresh(params: Params, folder: Path, data: Dataset) -> None:
    """Write what the searches would if the first candidate of each were the best, and the last the simplest."""
    fresh, model = fresh_of(data, params), params.model.model_dump()
    for name, experiment in params.experiments.items():
        listed, base = experiment.candidates(params.seed), model | experiment.fixed
        picks = {"best": listed[0], "simplest": listed[-1], STARTING_POINT: {}}
        found = score_nets(
            {pick: base | chosen for pick, chosen in picks.items()}, {}, fresh
        )
        named = {
            pick: replace(each, params=format_params(picks[pick]))
            for pick, each in found.items()
        }
        write_text(folder / files.FRESH.at(name), as_csv(fresh.sealed(named, name)))


def model_in_skorch(params: Params, **changes: Any) -> NeuralNet:
    """Return `model` of the params in skorch alone."""
    settings = {
        name: getattr(params.model, name) for name in ("lr", "max_epochs", "batch_size")
    }
    return plain_net(**(settings | changes))
