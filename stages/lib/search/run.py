"""Runs a search: scikit-learn's GridSearchCV on the engine, in processes here or on the workers of a Dask cluster."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from joblib import parallel_config
from sklearn.base import BaseEstimator
from sklearn.model_selection import GridSearchCV

from stages.lib.common import Problem, UserError, explained
from stages.lib.config import Params
from stages.lib.engine import TrainTest, missing_kernel, pin_this_process
from stages.lib.results import SCORE
from stages.lib.scores.search_result import SearchResult
from stages.lib.search.jobs import jobs
from stages.lib.search.kept import telling
from stages.lib.search.progress import doing


def advice_on_one_row(error: BaseException) -> str:
    """Return what to do about torch's error of a net that can't learn from a batch of one row; "" for another error."""
    advice = "A batch has one row, from which BatchNorm can't learn: set model.iterator_train__drop_last to true."
    return advice if "more than 1 value per channel" in str(error) else ""


def check_kernel(params: Params) -> None:
    """Raise `UserError` if the engine has no kernel: its nets would train, but to other bytes."""
    if params.engine == "lockstep" and (reason := missing_kernel()):
        remedy = "Without it, results have other bytes. `engine: one-by-one` in params.yaml does not need it."
        raise UserError(Problem(reason, remedy))


def run_search(
    label: str,
    estimator: BaseEstimator,
    candidates: list[dict[str, Any]],
    X: Any,
    y: np.ndarray,
    *,
    splits: list[TrainTest],
    scorer: Callable[[BaseEstimator, Any, np.ndarray], Any],
    params: Params,
    record_losses: bool = False,
    kept: Path | None = None,
) -> SearchResult:
    """Fit and score every candidate on every split, as `engine`, `seed` and `runtime` of the params say.

    `label` heads the progress display. Candidates are as `nested_grid` returns them, and the scorer as `make_scorer`;
    `record_losses` says whether it reads the losses in a net's history. `kept` is the folder in which a search that was
    stopped keeps its nets. Raises `UserError` if the engine has no kernel, or a fit or a score fails.
    """
    check_kernel(params)
    search = GridSearchCV(
        estimator,
        candidates,
        cv=splits,
        scoring=scorer,
        refit=False,
        error_score="raise",
    )
    records: list[Any] = []
    reasons: list[str] = []

    def keep(result: dict[str, Any]) -> None:
        scores = result["test_scores"]
        reasons.append(result["not_by_kernel"] or "")
        records.append((scores[SCORE] if isinstance(scores, dict) else scores).record)

    def planned(more: int, total: int) -> None:
        progress.advance(more, total)
        if progress.done == total:
            progress.begin(*training)

    def trained(more: int, total: int) -> None:
        progress.what = f"{label}: training{running.place}"  # a cluster may get more workers, or lose some
        progress.advance(more, total)

    # A trial has passed, so a failure here affects only some of the candidates or splits.
    way_out = (
        "Fix the module, or remove the values it can't be fitted with from the grid."
    )
    failed = explained(
        f"A fit of {label} failed", lambda error: advice_on_one_row(error) or way_out
    )
    stack = params.engine == "lockstep"
    with (
        warnings.catch_warnings(),
        jobs(params.runtime, (estimator, candidates, scorer)) as running,
        failed,
    ):
        warnings.filterwarnings(
            "ignore", message="One or more of the test scores are non-finite"
        )
        training = f"{label}: training{running.place}", "net-epochs"
        with (
            doing(f"{label}: planning", "nets")
            if stack
            else doing(*training) as progress,
            telling(label, progress.say) as told,
            parallel_config(
                backend="lockstep",
                random_state=params.seed,
                max_memory_mb=running.max_memory_mb,
                on_plan=planned,
                on_progress=trained,
                on_result=keep,
                stack=stack,
                record_losses=record_losses,
                inner_backend=running.backend,
                n_jobs=running.n_jobs,
                prepare_worker=pin_this_process,
                checkpoint=kept,
                on_kept=told,
            ),
        ):
            results = search.fit(X, y).cv_results_
    names = [
        key.removeprefix("mean_test_")
        for key in results
        if key.startswith("mean_test_")
    ]
    starts = range(0, len(records), len(splits))
    return SearchResult(
        {
            name: np.stack(
                [results[f"split{i}_test_{name}"] for i in range(len(splits))], axis=1
            )
            for name in names
        },
        [records[start : start + len(splits)] for start in starts],
        len(records),
        [max(reasons[start : start + len(splits)]) for start in starts],
    )
