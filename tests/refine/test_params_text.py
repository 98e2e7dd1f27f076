"""An experiment is added to the text of params.yaml, and everything else stays as it was."""

import re

import pytest

from stages.lib.common import UserError
from stages.lib.config import Experiment
from stages.lib.refine import add_experiment

NEW = Experiment(grid={"lr": [1e-05, 0.5]}, fixed={"optimizer": "SGD", "module__weight_constraint": None})
BLOCK = """\
# Why.
a_2:
  grid:
    lr:
    - 1.0e-05
    - 0.5
  fixed:
    optimizer: SGD
    module__weight_constraint: null
"""


@pytest.mark.parametrize(
    "text",
    [
        # `|` marks where the block belongs.
        "experiments:\n  a: {grid: {lr: [1, 2]}}\n|  b: {grid: {lr: [1, 2]}}\n",
        "experiments:\n  b: 1\n  a: 2\n|",
        "experiments:\n  b: 1\n  a: 2\n|\n# end\n",
        "experiments:\n  a: 2\n|seed: 7\n",
        "---\nexperiments:\n  a: 2\n|...\n",
        "experiments:\n  a:\n    grid:\n      lr:\n        - 1   # one\n        # of a\n|  # of b\n  b: 1\n",
        "experiments:\n  a: 2 # two\n|\n\n  # of b\n\n  b: 1\n",
        "experiments:\n  a: 2\n    # of a\n|# of none\n  # of b\n  b: 1\n",
        "experiments:\n    'a': \"2\"\n|    b: 1\n",
        "experiments:\n  b: &x {grid: {lr: [1e-3, 0o7]}}\n  a: *x\n|  c: *x\n",
        "experiments:\n  a: &x {grid: {lr: [1, 2]}}\n|  b: *x\n",
        "\ufeffexperiments:\n  a: 'm² # ''x'''   \n|  b: 1\n",
        "note: one\u2028experiments:\n  a: >\n    # text\n|\n  b: 1\n",
    ],
)
def test_the_block_is_put_in_and_nothing_else_is_touched(text: str) -> None:
    before = text.replace("|", "")
    column = len(re.search(r"^( +)'?a", text, re.MULTILINE)[1])  # type: ignore[index]
    block = "".join(" " * column + line + "\n" for line in BLOCK.splitlines())
    assert add_experiment(before, "a", "a_2", NEW, "Why.") == text.replace("|", block)


def test_a_file_without_a_last_line_end() -> None:
    assert add_experiment("experiments:\n a: 2", "a", "a_2", NEW, "Why.").startswith("experiments:\n a: 2\n # Why.\n")


@pytest.mark.parametrize(
    "text",
    [
        "experiments: {a: 2, b: 1}\n",
        "experiments: {\n  a: 2,\n  b: 1\n}\n",
        '{"experiments": {"a": 2}}\n',
        "experiments:\n  ? a\n  : 2\n  ? b\n  : 1\n",
        "base: &x\n  a: 2\n  b: 1\nexperiments: *x\n",
    ],
)
def test_a_form_that_takes_no_block_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="takes no further block; the file was left unchanged") as caught:
        add_experiment(text, "a", "a_2", NEW, "Why.")
    assert str(caught.value).endswith(BLOCK)


def test_windows_line_ends_stay() -> None:
    new = add_experiment("experiments:\r\n  a: 2\r\nseed: 7\r\n", "a", "a_2", NEW, "Why.")
    assert new.count("\n") == new.count("\r\n") == 3 + BLOCK.count("\n")
