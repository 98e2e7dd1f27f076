"""An experiment is added to the text of params.yaml, and everything else stays as it was."""

import re
from pathlib import Path
from typing import Any

import pytest
from dvc.utils.hydra import apply_overrides

from stages.lib.common import UserError
from stages.lib.config import Experiment
from stages.lib.config.blocks import add_experiment

NEW = Experiment(grid={"lr": [1e-05, 0.5]}, fixed={"optimizer": "SGD", "module__weight_constraint": None})
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
    with pytest.raises(UserError, match="takes no further block; the file was left unchanged") as caught:
        add_experiment(text, "a", "a_2", NEW, "Why.")
    assert str(caught.value).endswith(BLOCK)


@pytest.mark.parametrize(
    "settings",
    [
        {"grid": {"lr": [1e-05, 0.5], "prepare__scale": [None, "standard"]}},
        {"grid": {"lr": {"loguniform": [1e-06, 0.1]}}, "search": "random", "n_candidates": 5},
        {"grid": {"lr": [1]}, "fixed": {"module__weight_constraint": None, "optimizer": "SGD", "optimizer__lr": 1e-07}},
        {"grid": {"lr": [1]}, "fixed": {"optimizer": "a" * 40 + "." + "b" * 60}},
    ],
)
def test_dvc_does_not_rewrite_the_block(tmp_path: Path, settings: dict[str, Any]) -> None:
    """Not even the comment, where the experiment before it ends with a list."""
    text = "experiments:\n  a:\n    grid:\n      lr:\n      - 1\n      - 2\nseed: 7\n"
    new = add_experiment(text, "a", "a_2", Experiment.model_validate(settings), "Why.")
    (tmp_path / "params.yaml").write_text(new, encoding="utf-8")
    apply_overrides(tmp_path / "params.yaml", ["seed=7"])
    assert (tmp_path / "params.yaml").read_text(encoding="utf-8") == new
