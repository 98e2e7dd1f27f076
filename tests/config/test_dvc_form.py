"""params.yaml is committed in the form of DVC's writer. Oracle: the function with which `dvc exp run -S` writes it."""

from difflib import ndiff
from pathlib import Path

import pytest
from dvc.utils.hydra import apply_overrides

from stages.lib.config import yaml12
from tests.read_sample import SAMPLE

COMMITTED = (SAMPLE / "params.yaml").read_text(encoding="utf-8")


def written(folder: Path, text: str, *overrides: str) -> str:
    """Return a params.yaml as DVC writes it after these overrides."""
    path = folder / "params.yaml"
    path.write_text(text, encoding="utf-8")
    apply_overrides(path, list(overrides))
    return path.read_text(encoding="utf-8")


def test_the_committed_file_is_in_dvcs_form(tmp_path: Path) -> None:
    assert written(tmp_path, COMMITTED, "seed=7") == COMMITTED


NEURONS = [f"      - {n}" for n in (1, 5, 10, 15, 20, 25, 30)]
LONG_URL = "https://example.invalid/" + "x" * 80


@pytest.mark.parametrize(
    ("override", "removed", "added"),
    [
        ("seed=8", ["seed: 7"], ["seed: 8"]),
        ("experiments.neurons.grid.module__n_neurons=[4,8,16]", NEURONS, ["      - 4", "      - 8", "      - 16"]),
        ("+experiments.neurons.grid.lr=[0.001]", [], ["      lr:", "      - 0.001"]),
        ("+experiments.mine={grid: {lr: [1.0]}}", [], ["  mine:", "    grid:", "      lr:", "      - 1.0"]),
        (
            "experiments.joint.grid.lr={loguniform: [0.01, 0.1]}",
            ["      lr: {loguniform: [0.001, 0.1]}"],
            ["      lr: {loguniform: [0.01, 0.1]}"],
        ),
        ("statistics.rope=null", ["  rope: 0.01"], ["  rope:"]),
        ("cv.also_score=[roc_auc]", ["  also_score: []"], ["  also_score:", "  - roc_auc"]),
        ("data.url=null", ["  url: >-", f"    {yaml12.load(COMMITTED)['data']['url']}"], ["  url:"]),
        (f"data.url={LONG_URL}", [f"    {yaml12.load(COMMITTED)['data']['url']}"], [f"    {LONG_URL}"]),
        (
            "+data.columns.age.zero_is_missing=true",
            ["    age: {unit: years, min: 21, max: 100}"],
            ["    age: {unit: years, min: 21, max: 100, zero_is_missing: true}"],
        ),
        (
            "+model.callbacks.EarlyStopping={patience: 10}",
            ["  callbacks: {}"],
            ["  callbacks:", "    EarlyStopping:", "      patience: 10"],
        ),
    ],
)
def test_an_override_changes_its_own_lines_only(
    tmp_path: Path, override: str, removed: list[str], added: list[str]
) -> None:
    after = written(tmp_path, COMMITTED, override)
    changes = [line for line in ndiff(COMMITTED.splitlines(), after.splitlines()) if line[0] in "+-"]
    assert [line[2:] for line in changes if line[0] == "-"] == removed
    assert [line[2:] for line in changes if line[0] == "+"] == added
    # No comment is lost when DVC reads what it wrote and writes it again.
    assert written(tmp_path, after, "seed=7" if "seed" not in override else override) == after
