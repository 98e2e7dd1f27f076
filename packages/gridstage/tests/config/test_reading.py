"""How params.yaml is read: as it is committed, where it is missing or not YAML, and what its sections are.

Oracle of single values: ruamel.yaml, with which DVC reads params.yaml."""

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from sklearn.metrics import get_scorer, get_scorer_names
from sklearn.model_selection import ParameterGrid

from gridstage.common import UserError
from gridstage.config import (
    Column,
    Data,
    Distribution,
    Experiment,
    Model,
    Prepare,
    load_params,
    yaml12,
)
from gridstage.config.cv import OF_NUMBERS
from packages.gridstage.tests.config.params_files import changed, problems, written
from packages.gridstage.tests.project import real_params, text_of
from packages.gridstage.tests.read_sample import SAMPLE


def test_the_committed_file_is_valid() -> None:
    params = load_params(SAMPLE / "params.yaml")
    assert (
        sum(
            len(experiment.candidates(params.seed))
            for experiment in params.experiments.values()
        )
        == 129 + 50
    )


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (
            "seed: 7\n  cv: 3\n",
            2,
            "params.yaml: line 2, `cv: 3`: mapping values are not allowed",
        ),
        ("seed: 7\n<<<<<<< HEAD\ncv: 3\n", 2, "is a conflict marker of git. Keep"),
        ("# nothing\n", 0, "should have sections"),
        ("- a\n- b\n", 0, "Restore it: `git checkout params.yaml`."),
        ("seed: " + "9" * 5000, 0, "4300 digits"),
        ("[" * 3000, 1, ""),
        (None, 0, "params.yaml is missing here. Run in the folder of a project"),
    ],
)
def test_a_file_that_is_not_yaml(
    here: Path,
    text: str | bytes | None,
    line: int,
    words: str,
) -> None:
    if text is not None:
        Path("params.yaml").write_bytes(
            text if isinstance(text, bytes) else text.encode()
        )
    with pytest.raises(UserError) as caught:
        load_params()
    (problem,) = caught.value.problems
    assert (problem.file, problem.line) == ("params.yaml", line)
    assert words in str(problem)


def test_every_problem_is_raised_with_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, changed({"cv.n_splits": 1, "model.lr": "fast"}))
    with pytest.raises(UserError) as caught:
        load_params(path)
    lines = text_of(path).splitlines()
    for problem, entry in zip(
        map(str, caught.value.problems), ("  n_splits: 1", "  lr: fast"), strict=True
    ):
        assert problem.startswith(f"{path}: ")
        assert problem.endswith(f"(line {1 + lines.index(entry)})")


def test_a_grid_of_millions_is_refused_before_it_is_listed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def listed(*_: Any) -> None:
        raise AssertionError

    monkeypatch.setattr("gridstage.config.experiment.all_candidates", listed)
    grid = {
        "lr": [0.001 * i for i in range(1, 3000)],
        "batch_size": list(range(1, 3000)),
    }
    (problem,) = problems({"experiments.mine": {"grid": grid}})
    assert problem.key == "experiments.mine.grid"
    assert (
        problem.finding
        == "has 8,994,001 candidates, more than runtime.max_candidates, 10,000"
    )
    assert not problems(
        {"experiments.mine": {"grid": grid}, "runtime.max_candidates": 1_000_000}
    )[1:]


def test_labels_and_missing_cells_are_texts() -> None:
    raw = real_params()["data"]
    raw["columns"]["diabetes"] = {"classes": [0, " yes "]}
    data = Data.model_validate(raw | {"na_values": ["", " NA ", -999]})
    assert data.labels == ("0", "yes")
    assert data.na_values == ["", "NA", "-999"]
    assert data.column("another") == Column()


def test_candidates_stand_in_scikit_learns_order() -> None:
    grid: dict[str, Any] = {
        "max_epochs": [10, 50],
        "batch_size": [20, 10],
        "optimizer": ["SGD"],
    }
    assert Experiment(grid=grid).candidates(seed=0) == list(ParameterGrid(grid))
    assert Experiment(search="halving", grid=grid).candidates(seed=7) == list(
        ParameterGrid(grid)
    )


@pytest.mark.parametrize("search", ["random", "halving"])
def test_what_is_dumped_is_what_was_read(search: str) -> None:
    content = {
        "search": search,
        "n_candidates": 3,
        "grid": {
            "lr": {"loguniform": [0.001, 0.1]},
            "batch_size": [10, 20],
            "module__n_neurons": {"int": [1, 4]},
        },
        "fixed": {"optimizer": "SGD"},
    }
    experiment = Experiment.model_validate(content)
    assert experiment.model_dump() == content
    assert Experiment.model_validate(experiment.model_dump()) == experiment
    assert experiment.grid["lr"] == Distribution("loguniform", 0.001, 0.1)
    assert len(experiment.candidates(seed=7)) == 3


def test_keys_that_are_not_in_use_are_not_dumped() -> None:
    """The model file and metrics/best_params.json hold the settings, and have the bytes that they had."""
    model = real_params()["model"]
    dumped = Model.model_validate(model).model_dump()
    assert not {"class_weight", "callbacks"} & set(dumped)
    used = {"class_weight": "balanced", "callbacks": {"EarlyStopping": {}}}
    assert Model.model_validate(model | used).model_dump() == dumped | used
    assert Experiment(grid={"lr": [0.1, 0.2]}).model_dump() == {
        "grid": {"lr": [0.1, 0.2]},
        "fixed": {},
    }


def test_settings_override_the_section_prepare() -> None:
    prepare = Prepare(impute="mean", scale="robust")
    found = prepare.under(
        {"prepare__scale": None, "prepare__indicator": True, "lr": 0.1}
    )
    assert found == Prepare(impute="mean", indicator=True)


def test_the_scorers_are_scikit_learns() -> None:
    names = set(get_scorer_names())
    assert names >= OF_NUMBERS
    of_numbers = {
        name
        for name in names
        if get_scorer(name)._score_func.__module__.endswith("_regression")
    }
    assert of_numbers == OF_NUMBERS


SCALARS = """1e-05 1e-3 1e5 1.5e3 .5 5. 0.1 -.inf .nan 0 -7 +5 007 0x1F 0o17 1_000 0b11 2020-01-01 on off yes no true
False null ~ Adam kaiming_uniform_ 1:30 1.2.3 e5 - --""".split()


@pytest.mark.parametrize("scalar", [s for s in SCALARS if s != "-"])
def test_scalars_are_read_as_dvc_reads_them(scalar: str) -> None:
    dvc_reads = YAML(typ="safe", pure=True).load(f"key: {scalar}")
    assert repr(yaml12.load(f"key: {scalar}")) == repr(dvc_reads)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("seed: 7\ncv: 1\nseed: 8\n", "line 3, `seed: 8`: found duplicate key"),
        ("seed 7\ndata: 1\n", "line 2, `data: 1`: "),
        ("a: [1, 2\nb: 3\n", "line 2, `b: 3`: "),
        ("a: 1\n---\nb: 2\n", "line 2, `---`: "),
        ("a: 2026-02-30", "it can't be read: day is out of range"),
    ],
)
def test_what_is_not_yaml_has_the_parsers_words_and_a_line(
    text: str, line: str
) -> None:
    with pytest.raises(yaml12.NotYAMLError, match=re.escape(line)):
        yaml12.load(text)
