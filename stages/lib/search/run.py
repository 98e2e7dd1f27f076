"""Runs a search: scikit-learn's GridSearchCV on the engine, which trains all nets at once or, for reference, singly."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from joblib import parallel_config
from sklearn.base import BaseEstimator
from sklearn.model_selection import GridSearchCV

from stages.lib.common import explained
from stages.lib.config import Params
from stages.lib.lockstep import LockstepWarning, TrainTest
from stages.lib.search.jobs import jobs
from stages.lib.search.progress import progress
from stages.lib.search.protocol import Scorer


def run_search(
    label: str,
    estimator: BaseEstimator,
    grid: dict[str, list[Any]] | list[dict[str, Any]],
    X: Any,
    y: np.ndarray,
    *,
    splits: list[TrainTest],
    scorer: Scorer,
    params: Params,
) -> dict[str, Any]:
    """Fit and score every candidate of a grid on every split.

    Parameters
    ----------
    label : str
        The heading of the progress display.
    estimator : NeuralNet, or a Pipeline or TransformedTargetRegressor of one
    grid : dict of lists, or list of dicts
        scikit-learn's grid of the estimator.
    X : DataFrame or array
    y : array
    splits : list of (train, test)
    scorer : callable
    params : Params
        For `engine`, `seed` and `runtime`.

    Returns
    -------
    dict
        `cv_results_`, with NaN if a net diverged.

    Raises
    ------
    UserError
        If a fit or a score fails; it includes the original error.
    """
    search = GridSearchCV(estimator, grid, cv=splits, scoring=scorer, refit=False, error_score="raise")
    # A trial has passed, so a failure here affects only some of the candidates or splits.
    failed = explained(
        f"A fit of {label} failed", "Fix the module, or remove the values it can't be fitted with from the grid."
    )
    with warnings.catch_warnings(), jobs(params.runtime) as (backend, n_jobs), failed:
        warnings.filterwarnings("ignore", message="One or more of the test scores are non-finite")
        warnings.showwarning = _labelled(label, warnings.showwarning)
        with (
            progress(label, "net-epochs") as advance,
            parallel_config(
                backend="lockstep",
                random_state=params.seed,
                max_memory_mb=params.runtime.max_memory_mb,
                on_progress=advance,
                stack=params.engine == "lockstep",
                inner_backend=backend,
                inner_n_jobs=n_jobs,
            ),
        ):
            return search.fit(X, y).cv_results_


def _labelled(label: str, show: Callable[..., None]) -> Callable[..., None]:
    """Return `warnings.showwarning` that says whose candidates are not trained in lockstep."""

    def show_labelled(message: Any, category: type[Warning], *place: Any) -> None:
        if issubclass(category, LockstepWarning):
            message = category(f"{label}: {message}")
        show(message, category, *place)

    return show_labelled
