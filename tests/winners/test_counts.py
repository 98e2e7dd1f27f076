"""The rows that the evaluation counts, of classes and of numbers."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from stages.lib.winners.comparison import summarise

TABLE = pd.DataFrame({"setting": ["net"], "mean_test_score": 0.5, "ci95": 0.1, "rank_test_score": 1, "kept": True})


@pytest.mark.parametrize(
    ("y", "classes", "groups", "counted"),
    [
        ([0.0, 1.0, 1.0], ("no", "yes"), None, {"n_rows": 3, "classes": {"no": 1, "yes": 2}}),
        ([7.5, 931.0], (), np.array([3, 3]), {"n_rows": 2, "classes": {}, "n_groups": 1}),
    ],
)
def test_rows_are_counted(y: list[float], classes: tuple[str, ...], groups: Any, counted: dict[str, Any]) -> None:
    data: Any = SimpleNamespace(y=np.array(y), classes=classes, n_classes=len(classes), groups=groups)
    choice: Any = SimpleNamespace(use="net", runner_up=None, handed_over="net")
    found = summarise(TABLE, choice, data)
    assert {key: found[key] for key in counted} == counted
