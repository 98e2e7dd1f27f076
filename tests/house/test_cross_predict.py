"""The fits of `resampled.cross_predict` under the backend. Oracle: skorch, by `stack=False`, and scikit-learn."""

from typing import Any

import numpy as np
from joblib import parallel_config
from sklearn.model_selection import GridSearchCV

import resampled
from packages.lockstep.tests.cases.base import LABELS, RATES, classifier
from packages.lockstep.tests.searches import ROWS, SEED


def test_candidates_of_a_search_go_in_lockstep_and_predict_as_by_skorch() -> None:
    reasons: list[Any] = []
    how: dict[str, Any] = {"backend": "lockstep", "random_state": SEED}
    with parallel_config(**how):
        search = GridSearchCV(
            classifier(), RATES, cv=3, refit=False, scoring="neg_log_loss"
        ).fit(ROWS, LABELS)
    with parallel_config(
        **how, on_result=lambda result: reasons.append(result["not_by_kernel"])
    ):
        found = resampled.cross_predict(search, ROWS, LABELS)
    with parallel_config(**how, stack=False):
        alone = resampled.cross_predict(search, ROWS, LABELS)
    assert reasons == [None] * 3 * len(RATES["lr"])
    expected = np.array(
        [search.cv_results_[f"split{split}_test_score"] for split in range(3)]
    ).T
    np.testing.assert_allclose(found.scores, expected, rtol=1e-6)
    np.testing.assert_allclose(
        found.predictions, alone.predictions, rtol=1e-4, atol=1e-5
    )
