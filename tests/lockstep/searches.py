"""A case's search under the backend, and the nets that it trained."""

import contextlib
import io
import warnings
from typing import Any

import numpy as np
from joblib import parallel_config
from sklearn.base import BaseEstimator
from sklearn.model_selection import GridSearchCV

from stages.lib.lockstep import LockstepWarning
from tests.lockstep.cases.base import Case
from tests.lockstep.numbers import fitted_net, numbers_of

SEED = 3


class Nets:
    """A scorer that keeps the numbers of every net, and what it predicts; a score tells where they are kept."""

    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []

    def __call__(self, estimator: BaseEstimator, X: Any, y: Any) -> float:
        found = {"prediction": estimator.predict(X), "prediction for other rows": estimator.predict(X[1:4])}
        self.seen.append(found | numbers_of(fitted_net(estimator)))
        return len(self.seen) - 1


def run_case(case: Case, **options: Any) -> tuple[list[dict[str, Any]], list[str], str]:
    """Return the numbers of each candidate and split, the engine's warnings, and what was printed."""
    X, y = case.rows()
    kept = Nets()
    search = GridSearchCV(case.estimator, case.grid, cv=case.cv, scoring=kept, refit=False, error_score="raise")
    with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stdout(io.StringIO()) as shown:
        warnings.simplefilter("always")
        with parallel_config(backend="lockstep", random_state=SEED, **options):
            search.fit(X, y)
    told = [str(warning.message) for warning in caught if issubclass(warning.category, LockstepWarning)]
    table = np.array([search.cv_results_[f"split{i}_test_score"] for i in range(search.n_splits_)]).T
    return [kept.seen[int(place)] for place in table.ravel()], told, shown.getvalue()
