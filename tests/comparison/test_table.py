"""What is said of a search's candidates, from the files that the search has written."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from resampled.resampling import Resampling
from stages import compare
from stages.lib.common import UserError, write_text
from stages.lib.comparison.table import compared_table, read_candidates, summarise
from stages.lib.scores import score_table, to_csv
from tests.conftest import Command
from tests.project import small_params
from tests.read_sample import SAMPLE

RNG = np.random.default_rng(5)
GOOD = 0.7 + RNG.normal(scale=0.01, size=12)
# The second candidate is lower by 0.001 on average, far less than its noise.
NOISE = RNG.normal(scale=0.005, size=12)
SCORES = np.stack([GOOD, GOOD - 0.001 + NOISE - NOISE.mean(), GOOD - 0.3, np.full(12, np.nan)])
FOLDS, IN_TIME = Resampling.of_folds(3), Resampling(float("nan"))
CANDIDATES: list[dict[str, Any]] = [{"lr": lr, "optimizer": None} for lr in (0.1, 0.01, 1e-05, 9.0)]


def candidates(resampling: Resampling = FOLDS, stages: np.ndarray | None = None) -> pd.DataFrame:
    seen: dict[str, Any] = {"n_weights": np.array([90, 1200, 50, 50]), "n_epochs": np.array([10.0, 5.0, 5.0, 2.5])}
    return score_table(CANDIDATES, {"score": SCORES}, resampling, **seen, stages=stages)


def test_each_candidate_is_compared_with_the_best() -> None:
    table = compared_table(candidates(), FOLDS, 0.01, seed=0)
    assert not [column for column in table if str(column).startswith("split")]
    assert table["in_best_set"].tolist() == ["true", "true", "false", "false"]
    assert table["simplest"].tolist() == ["true", "false", "false", "false"]
    shares = table[["worse", "equal", "better"]].to_numpy()
    assert shares[0].tolist() == [0, 1, 0]
    np.testing.assert_allclose(shares[:3].sum(axis=1), 1)
    assert shares[1, 1] > 0.9
    assert shares[2].tolist() == [1, 0, 0]
    assert np.isnan(shares[3]).all()
    # Two tests: the smaller p-value is doubled, as Holm says, the best's own stays.
    p = table["p_value"].to_numpy()
    assert table["p_value_holm"].to_numpy()[:3].tolist() == [1.0, p[1], 2 * p[2]]
    assert summarise(table) == {"n_in_best_set": 2, "simplest_params": "lr=0.1, optimizer=null"}


def test_a_wider_region_makes_more_candidates_equal() -> None:
    narrow, wide = (compared_table(candidates(), FOLDS, rope, seed=0)["equal"] for rope in (0.0, 0.4))
    assert (narrow[1:3] < 1e-6).all()
    assert (wide[1:3] > 0.99).all()


def test_after_halving_only_those_trained_to_the_end_are_compared() -> None:
    table = compared_table(candidates(stages=np.array([2, 1, 2, 1])), FOLDS, 0.01, seed=0)
    assert table["in_best_set"].tolist() == ["true", "false", "false", "false"]
    assert np.isnan(table["equal"]).tolist() == [False, True, False, True]


def test_in_time_order_nothing_is_tested() -> None:
    table = compared_table(candidates(IN_TIME), IN_TIME, 0.01, seed=0)
    assert table["in_best_set"].tolist() == ["nan"] * 4
    assert table[["p_value_holm", "worse", "equal", "better"]].isna().all(axis=None)
    assert summarise(table) == {"simplest_params": "lr=0.1, optimizer=null"}


def test_the_files_numbers_come_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_text("metrics/candidates/mine.csv", text := to_csv(candidates()))
    found = read_candidates("mine", 4)
    assert to_csv(found) == text
    assert found["optimizer"].tolist() == ["null"] * 4


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "none.csv is missing. Run `dvc repro search@none`."),
        ("a,b\n1,2\n", "none.csv is not the candidates of a search. Run `dvc repro search@none`."),
    ],
)
def test_a_bad_file_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    if content is not None:
        write_text("metrics/candidates/none.csv", content)
    with pytest.raises(UserError, match=sentence):
        read_candidates("none", 4)


def test_a_score_that_was_edited_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    table = candidates()
    table["split1_test_score"] += [0, 0.01, 0, 0]
    write_text("metrics/candidates/mine.csv", to_csv(table))
    with pytest.raises(UserError, match="is not the candidates of a search"):
        read_candidates("mine", 4)


def test_the_stage_writes_and_says_it(tmp_path: Path, in_process: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    params = small_params()
    write_text("params.yaml", yaml.safe_dump(params))
    source = pd.read_csv(SAMPLE / "metrics/candidates/dropout.csv", dtype=str, keep_default_na=False)
    if "n_weights" not in source:
        place = list(source.columns).index("ci95")
        source.insert(place, "n_weights", "100")
        source.insert(place, "n_epochs", "100.0")
    write_text("metrics/candidates/dropout.csv", source.to_csv(index=False, lineterminator="\n"))
    assert in_process(compare, "dropout").stderr.startswith("error: metrics/search/dropout.json is missing. Run `dvc")
    write_text("metrics/search/dropout.json", "{}")
    assert "metrics/search/dropout.json is not the result of a search" in in_process(compare, "dropout").stderr
    write_text("metrics/search/dropout.json", (SAMPLE / "metrics/search/dropout.json").read_text(encoding="utf-8"))
    done = in_process(compare, "dropout")
    assert (done.returncode, done.stderr) == (0, "")
    written = json.loads(Path("metrics/compared/dropout.json").read_bytes())
    assert done.stdout.splitlines() == ["dropout:", *written["findings"]]
    assert f"{written['n_in_best_set']} of 50 may be the best: with 95 % certainty, it is among them," in done.stdout
    assert sorted(str(path) for path in Path("metrics").rglob("dropout.*")) == [
        "metrics/candidates/dropout.csv",
        "metrics/compared/dropout.csv",
        "metrics/compared/dropout.json",
        "metrics/importance/dropout.csv",
        "metrics/search/dropout.json",
    ]
    mattered = pd.read_csv("metrics/importance/dropout.csv")
    assert sorted(mattered["key"]) == ["module__dropout_rate", "module__weight_constraint"]
    assert written["findings"][-1] == "What mattered: dropout_rate. Not shown to matter: weight_constraint."
    assert in_process(compare, "none").stderr.startswith("error: params.yaml: experiments has no 'none'")


def test_a_table_that_lacks_candidates_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_text("metrics/candidates/mine.csv", to_csv(candidates()))
    with pytest.raises(UserError, match=r"candidates/mine.csv has 4 candidates, but the search had 7. Run `dvc repro"):
        read_candidates("mine", 7)
