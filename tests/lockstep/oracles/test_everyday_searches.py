"""Oracle: skorch. The searches of `benchmarks.engine.everyday`, in float64 on some rows, predict what skorch does."""

from typing import Any

import numpy as np
import pytest
from joblib import parallel_config
from sklearn.metrics import make_scorer
from sklearn.model_selection import GridSearchCV

from benchmarks.engine.everyday import CASES, regression
from lockstep.fits.surroundings import net_of
from tests.lockstep.searches import both_ways

pytestmark = pytest.mark.usefixtures("float64")


def predictions(name: str) -> list[np.ndarray]:
    """Return what each net of a search predicts."""
    case = CASES[name]
    seen: list[np.ndarray] = []
    X, y = (part.astype(np.float64) if part.dtype == np.float32 else part for part in case.rows())
    estimator = case.estimator()
    net_of(estimator).set_params(max_epochs=2, callbacks__print_log=None)

    def keep(y: Any, predicted: np.ndarray) -> float:
        seen.append(predicted)
        return 0.0

    # A scorer of scikit-learn's kind, as such searches have: their stacks answer for their nets.
    scorer = make_scorer(keep, response_method="predict" if case.rows is regression else "predict_proba")
    grid = case.grid(min(case.n, 2))
    GridSearchCV(estimator, grid, cv=2, scoring=scorer, refit=False, error_score="raise").fit(X[:400], y[:400])
    return seen


@pytest.mark.filterwarnings("ignore")
@pytest.mark.filterwarnings("error::lockstep.LockstepWarning")
@pytest.mark.parametrize("name", [name for name in CASES if "dropout" not in name])
def test_everyday_searches_are_those_of_skorch(name: str) -> None:
    for ours, theirs in zip(*both_ways(lambda: predictions(name)), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-9)


@pytest.mark.filterwarnings("error::lockstep.LockstepWarning")
def test_dropout_goes_in_lockstep_with_masks_of_its_own() -> None:
    with parallel_config(backend="lockstep", random_state=3):
        assert all(np.isfinite(each).all() for each in predictions("batch norm and dropout, 64-64"))
