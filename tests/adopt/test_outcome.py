"""A target is taken for classes or for a number; columns that give it away are found."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from stages.lib.adopt import Outcome, Table, read_table, take_target
from stages.lib.common import UserError

N = 60
RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def read(frame: pd.DataFrame, target: str = "y", **options: Any) -> Table:
    Path("table.csv").write_text(frame.to_csv(index=False, **options), encoding="utf-8")
    return read_table("table.csv", target)


def outcome_of(cells: Any, classes: bool | None = None, **options: Any) -> Outcome:
    target = "y" if options.get("header", True) else "column_2"
    table = read(pd.DataFrame({"x": np.arange(len(cells)), "y": list(cells)}), target, **options)
    return take_target(table, target, classes)


@pytest.mark.parametrize(
    ("cells", "labels", "balanced"),
    [
        ([0, 1] * 30, ["0", "1"], True),
        ([-1, 1] * 30, ["-1", "1"], True),
        (["1.00", "2.00"] * 30, ["1.00", "2.00"], True),
        ([True, False] * 30, ["False", "True"], True),
        (["yes", "no"] * 30, ["no", "yes"], True),
        ([1, 2, 3] * 20, ["1", "2", "3"], True),
        ([0, 1, 2, 3] * 15, ["0", "1", "2", "3"], True),
        (["a"] * 40 + ["b"] * 20, ["a", "b"], False),
        (["a"] * 39 + ["b"] * 21, ["a", "b"], True),
        (["a"] * 57 + ["b"] * 3, ["a", "b"], False),
        # Numbers.
        ([3, 4, 5, 6, 7, 8] * 10, [], None),
        ([1, 2] * 29 + [3, 3], [], None),  # too few of the third
        (RNG.normal(size=N), [], None),
        (range(N), [], None),
        ([0.5, 1.5] * 30, [], None),
    ],
)
def test_classes_or_a_number(cells: Any, labels: list[str], balanced: bool | None) -> None:
    outcome = outcome_of(cells)
    assert outcome.labels == labels
    assert outcome.classifies == bool(labels)
    if labels:
        written = pd.read_csv("table.csv", dtype=str)["y"]
        assert outcome.counts == [int((written == label).sum()) for label in labels]
        assert outcome.balanced == balanced
    assert outcome.shares


def test_the_user_knows_better() -> None:
    gap = [1, 2, 3, 5, 6, 7] * 10  # the kinds of glass, of which no row has the fourth
    assert "--classes takes them for classes" in outcome_of(gap).why
    assert outcome_of(gap, classes=True).labels == ["1", "2", "3", "5", "6", "7"]
    children = [0, 1, 2, 3] * 15
    assert "--number takes them for a number" in outcome_of(children).why
    assert not outcome_of(children, classes=False).classifies
    assert not outcome_of([0, 1] * 30, classes=False).classifies
    with pytest.raises(UserError, match="the target 'y' is text, such as 'no', which is not a number"):
        outcome_of(["yes", "no"] * 30, classes=False)
    assert outcome_of([0.5, 1.5] * 30, classes=True).y.tolist() == [0, 1] * 30
    with pytest.raises(UserError, match="has 60 different values in 60 rows"):
        outcome_of(RNG.normal(size=N), classes=True)


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        (["a"] * 60, "the target 'y' is the same in every row. Choose another target."),
        ([f"text {i}" for i in range(60)], "has 60 different values in 60 rows."),
        (["a"] * 30 + ["b"] * 29 + ["c"], "the class 'c' of 'y' has one row only, in line 61."),
    ],
)
def test_a_target_that_can_not_be_predicted(cells: Any, sentence: str) -> None:
    with pytest.raises(UserError) as caught:
        outcome_of(cells)
    assert str(caught.value).startswith("table.csv: ")
    assert sentence in str(caught.value)
