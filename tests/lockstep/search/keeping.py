"""A small search that keeps its nets in a folder."""

from pathlib import Path
from typing import Any

import numpy as np
from joblib import parallel_config
from sklearn.model_selection import GridSearchCV

from tests.lockstep.cases.base import LABELS, RATES, classifier
from tests.lockstep.searches import ROWS, SEED


def search(
    kept: Path | None, counts: list[int] | None = None, rows: np.ndarray = ROWS, scoring: Any = "accuracy", **how: Any
) -> list[bytes]:
    """Return the scores of a small search; `counts` gets how many nets are taken from the folder."""
    net = how.pop("net", None) or classifier()
    told: list[int] = []
    options = {"checkpoint": kept, "on_kept": lambda n, total: told.append(n)} | how
    with parallel_config(backend="lockstep", random_state=SEED, **options):
        found = GridSearchCV(net, RATES, cv=3, scoring=scoring, refit=False).fit(rows, LABELS).cv_results_
    if counts is not None:
        counts.append(told[0])
    return [found[f"split{i}_test_score"].tobytes() for i in range(3)]
