"""How params.yaml is read: as it is committed, where it is missing or no YAML, and all but what has a problem."""

import re
from pathlib import Path
from typing import Any

import pytest
from sklearn.model_selection import ParameterGrid

from stages.lib.common import UserError
from stages.lib.config import Data, Experiment, load_params, params_and_problems
from tests.config.params_files import refused, written
from tests.project import real_params, set_at
from tests.read_sample import SAMPLE


def test_the_committed_file_is_valid() -> None:
    params = load_params(SAMPLE / "params.yaml")
    assert sum(len(experiment.candidates(params.seed)) for experiment in params.experiments.values()) == 129 + 50


def test_labels_are_texts() -> None:
    raw = real_params()["data"]
    raw["columns"]["diabetes"] = {"classes": [0, " yes "]}
    data = Data.model_validate(raw)
    assert data.labels == ("0", "yes")
    assert Data.model_validate(real_params()["data"]).labels == ()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("seed: 7\n  cv: 3\n", r"params.yaml: line 2, `cv: 3`: mapping values are not allowed"),
        ("seed: 7\n\tcv: 3\n", r"params.yaml: line 2, `cv: 3`: found a tab"),
        ("seed:\u00a07\n", r"params.yaml: line 1 has the sign U\+00A0; write a plain blank"),
        ("seed: 7\ndevice: cpu\u200b\n", r"params.yaml: line 2 has the sign U\+200B"),
        ("seed: 7\n<<<<<<< HEAD\ncv: 3\n", r"params.yaml: line 2 is a conflict marker of git\."),
        ("# nothing\n", r"params.yaml should have sections, .* Restore it: `git checkout params.yaml`"),
        ("- a\n- b\n", r"params.yaml should have sections"),
        ("seed: " + "9" * 5000, r"params.yaml: a value can't be read: .*4300 digits"),
        ("[" * 3000, r"params.yaml: line 1, `\["),
    ],
)
def test_broken_yaml_is_placed(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        load_params(path)
    assert re.search(sentence, str(caught.value))


@pytest.mark.parametrize("comment", ["# a\u00a0comment", "# seed = 7", "# \tseed:7"])
def test_comments_may_have_anything(tmp_path: Path, comment: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(f"{comment}\n{(SAMPLE / 'params.yaml').read_text(encoding='utf-8')}", encoding="utf-8")
    load_params(path)


def test_a_grid_of_millions_is_refused_before_it_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def listed(*_: Any) -> None:
        raise AssertionError

    monkeypatch.setattr("stages.lib.config.experiment.all_candidates", listed)
    monkeypatch.setattr("stages.lib.config.experiment.drawn_candidates", listed)
    params = real_params()
    params["experiments"]["mine"] = {
        "grid": {"lr": [0.001 * i for i in range(1, 3000)], "batch_size": list(range(1, 3000))}
    }
    params["experiments"]["drawn"] = {
        "search": "random",
        "n_candidates": 10_001,
        "grid": {"lr": {"uniform": [0.1, 0.2]}},
    }
    drawn, listed_all = sorted(refused(tmp_path, params).splitlines())
    assert drawn.endswith(
        "experiments.drawn.n_candidates is 10,001, more than a search may have; lower it, or raise "
        "runtime.max_candidates, which is 10,000"
    )
    assert listed_all.endswith(
        "experiments.mine.grid has 8,994,001 candidates, more than a search may have; remove values, "
        "draw some of them with `search: random` and n_candidates, or raise runtime.max_candidates, which is 10,000"
    )
    params["runtime"]["max_candidates"] = 1_000_000
    del params["experiments"]["mine"]
    assert load_params(written(tmp_path, params)).experiments["drawn"].n_candidates == 10_001


def test_what_has_a_problem_is_left_out_and_the_rest_is_checked() -> None:
    params = real_params()
    set_at(params, "seed", -1)
    set_at(params, "cv.n_splits", 1)
    set_at(params, "experiments.dropout.search", "none")
    set_at(params, "evaluate.keep", "dropout")
    set_at(params, "evaluate.use", "dropout")
    set_at(params, "experiments.neurons.n_candidates", 3)
    left, problems = params_and_problems(params)
    assert [problem.removeprefix("params.yaml: ").split()[0] for problem in problems] == [
        "seed",
        "cv.n_splits",
        "experiments.dropout.search",
        "experiments.neurons.n_candidates",
    ]
    assert left is not None
    assert set(left.experiments) == set(params["experiments"]) - {"dropout"}
    assert left.cv.n_repeats == 10


def test_a_missing_file_says_where_to_run(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Run from the top of the repository"):
        load_params(tmp_path / "params.yaml")


def test_candidates_stand_in_scikit_learns_order() -> None:
    grid: dict[str, Any] = {"max_epochs": [10, 50], "batch_size": [20, 10], "optimizer": ["SGD"]}
    assert Experiment(grid=grid).candidates(seed=0) == list(ParameterGrid(grid))
