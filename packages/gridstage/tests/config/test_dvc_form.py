"""The text of params.yaml: DVC's writer would not change it, and an experiment is added without changing the rest."""

import re
from difflib import ndiff
from pathlib import Path
from typing import Any

import pytest
from dvc.utils.hydra import apply_overrides

from gridstage.common import write_text
from gridstage.config import Experiment, yaml12
from gridstage.config.aside.blocks import add_experiment
from packages.gridstage.tests.project import text_of
from packages.gridstage.tests.read_sample import SAMPLE
from packages.gridstage.tests.refusals import refused

COMMITTED = text_of(SAMPLE / "params.yaml")


def written(folder: Path, text: str, *overrides: str) -> str:
    """Return a params.yaml as DVC writes it after these overrides."""
    path = folder / "params.yaml"
    write_text(path, text)
    apply_overrides(path, list(overrides))
    return text_of(path)


def test_the_committed_file_is_in_dvcs_form(tmp_path: Path) -> None:
    assert written(tmp_path, COMMITTED, "seed=7") == COMMITTED


NEURONS = [f"      - {n}" for n in (1, 5, 10, 15, 20, 25, 30)]
LONG_URL = "https://example.invalid/" + "x" * 80


@pytest.mark.parametrize(
    ("override", "removed", "added"),
    [
        ("seed=8", ["seed: 7"], ["seed: 8"]),
        (
            "experiments.neurons.grid.module__n_neurons=[4,8,16]",
            NEURONS,
            ["      - 4", "      - 8", "      - 16"],
        ),
        ("+experiments.neurons.grid.lr=[0.001]", [], ["      lr:", "      - 0.001"]),
        (
            "+experiments.mine={grid: {lr: [1.0]}}",
            [],
            ["  mine:", "    grid:", "      lr:", "      - 1.0"],
        ),
        (
            "experiments.joint.grid.lr={loguniform: [0.01, 0.1]}",
            ["      lr: {loguniform: [0.001, 0.1]}"],
            ["      lr: {loguniform: [0.01, 0.1]}"],
        ),
        ("statistics.rope=null", ["  rope: 0.01"], ["  rope:"]),
        (
            "cv.also_score=[roc_auc]",
            ["  also_score: []"],
            ["  also_score:", "  - roc_auc"],
        ),
        (
            "data.url=null",
            ["  url: >-", f"    {yaml12.load(COMMITTED)['data']['url']}"],
            ["  url:"],
        ),
        (
            f"data.url={LONG_URL}",
            [f"    {yaml12.load(COMMITTED)['data']['url']}"],
            [f"    {LONG_URL}"],
        ),
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
    changes = [
        line
        for line in ndiff(COMMITTED.splitlines(), after.splitlines())
        if line[0] in "+-"
    ]
    assert [line[2:] for line in changes if line[0] == "-"] == removed
    assert [line[2:] for line in changes if line[0] == "+"] == added
    # No comment is lost when DVC reads what it wrote and writes it again.
    assert (
        written(tmp_path, after, "seed=7" if "seed" not in override else override)
        == after
    )


NEW = Experiment(
    grid={"lr": [1e-05, 0.5]},
    fixed={"optimizer": "SGD", "module__weight_constraint": None},
)
BLOCK = """\
a_2:
  # Why.
  grid:
    lr:
    - 1.0e-05
    - 0.5
  fixed:
    optimizer: SGD
    module__weight_constraint:
"""


@pytest.mark.parametrize(
    "text",
    [
        # `|` marks where the block belongs.
        "experiments:\n  a: {grid: {lr: [1, 2]}}\n|  b: {grid: {lr: [1, 2]}}\n",
        "experiments:\n  b: 1\n  a: 2\n|\n# end\n",
        "---\nexperiments:\n  a: 2\n|...\n",
        "experiments:\n  a:\n    grid:\n      lr:\n        - 1   # one\n        # of a\n|  # of b\n  b: 1\n",
        "experiments:\n  a: 2 # two\n|\n\n  # of b\n\n  b: 1\n",
        "experiments:\n  a: 2\n    # of a\n|# of none\n  # of b\n  b: 1\n",
        "experiments:\n  b: &x {grid: {lr: [1e-3, 0o7]}}\n  a: *x\n|  c: *x\n",
        "\ufeffexperiments:\n  a: 'm² # ''x'''   \n|  b: 1\n",
    ],
)
def test_the_block_is_put_in_and_nothing_else_is_touched(text: str) -> None:
    before = text.replace("|", "")
    column = len(re.search(r"^( +)'?a", text, re.MULTILINE)[1])  # type: ignore[index]
    block = "".join(" " * column + line + "\n" for line in BLOCK.splitlines())
    assert add_experiment(before, "a", "a_2", NEW, "Why.") == text.replace("|", block)


@pytest.mark.parametrize(
    "text",
    [
        "experiments: {a: 2, b: 1}\n",
        '{"experiments": {"a": 2}}\n',
        "base: &x\n  a: 2\n  b: 1\nexperiments: *x\n",
    ],
)
def test_a_form_that_takes_no_block_is_refused(text: str) -> None:
    with refused("takes no blocks; the file was left unchanged"):
        add_experiment(text, "a", "a_2", NEW, "Why.")


@pytest.mark.parametrize(
    "settings",
    [
        {"grid": {"lr": [1e-05, 0.5], "prepare__scale": [None, "standard"]}},
        {
            "grid": {"lr": {"loguniform": [1e-06, 0.1]}},
            "search": "random",
            "n_candidates": 5,
        },
        {
            "grid": {"lr": [1]},
            "fixed": {
                "module__weight_constraint": None,
                "optimizer": "SGD",
                "optimizer__lr": 1e-07,
            },
        },
        {"grid": {"lr": [1]}, "fixed": {"optimizer": "a" * 40 + "." + "b" * 60}},
    ],
)
def test_dvc_does_not_rewrite_the_block(
    tmp_path: Path, settings: dict[str, Any]
) -> None:
    """Not even the comment, where the experiment before it ends with a list."""
    text = "experiments:\n  a:\n    grid:\n      lr:\n      - 1\n      - 2\nseed: 7\n"
    new = add_experiment(text, "a", "a_2", Experiment.model_validate(settings), "Why.")
    write_text(tmp_path / "params.yaml", new)
    apply_overrides(tmp_path / "params.yaml", ["seed=7"])
    assert text_of(tmp_path / "params.yaml") == new
