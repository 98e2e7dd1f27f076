"""Reading what a search found."""

from typing import Any

import numpy as np


def split_scores(cv_results: dict[str, Any]) -> dict[frozenset[tuple[str, Any]], bytes]:
    """Return the bytes of each candidate's split scores, by the items of its params."""
    n_splits = sum(key.startswith("split") and key.endswith("_test_score") for key in cv_results)
    table = np.array([cv_results[f"split{i}_test_score"] for i in range(n_splits)]).T
    candidates = (frozenset(params.items()) for params in cv_results["params"])
    return {candidate: row.tobytes() for candidate, row in zip(candidates, table, strict=True)}
