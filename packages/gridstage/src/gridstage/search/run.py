"""Runs a search: scikit-learn's GridSearchCV on the engine, in processes here or on the workers of a Dask cluster."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from joblib import parallel_config
from sklearn.base import BaseEstimator
from sklearn.model_selection import GridSearchCV

from gridstage.common import Problem, UserError, as_user_error
from gridstage.config import Params
from gridstage.engine import TrainTest, missing_kernel, pin_this_process
from gridstage.results import SCORE
from gridstage.scores.search_result import SearchResult
from gridstage.search.aside.progress import Work, doing
from gridstage.search.checkpoint import telling
from gridstage.search.jobs import Jobs, jobs


def advice_on_one_row(error: BaseException) -> str:
    """Return what to do about torch's error of a net that can't learn from a batch of one row; "" for another error."""
    advice = "A batch has one row, from which BatchNorm can't learn: set model.iterator_train__drop_last to true."
    return advice if "more than 1 value per channel" in str(error) else ""


def check_kernel(params: Params) -> None:
    """Raise `UserError` if the engine has no kernel: its nets would train, but to other bytes."""
    if params.engine == "lockstep" and (reason := missing_kernel()):
        remedy = "Without it, results have other bytes. `engine: one-by-one` in params.yaml does not need it."
        raise UserError(Problem(reason, remedy))


@dataclass(frozen=True)
class Fits:
    """What a search fits: candidates, as `nested_grid` returns them, on splits of rows, and a recording scorer."""

    estimator: BaseEstimator
    candidates: list[dict[str, Any]]
    X: Any
    y: np.ndarray
    splits: list[TrainTest]
    scorer: Callable[[BaseEstimator, Any, np.ndarray], Any]


class _Reports:
    """Takes what the engine reports of a search: how far it has come, and each result."""

    def __init__(self, label: str, running: Jobs, progress: Work) -> None:
        self.label, self.running, self.progress = label, running, progress
        self.records: list[Any] = []
        self.reasons: list[str] = []

    @property
    def training(self) -> str:
        """What is being done; a cluster may get more workers, or lose some."""
        return f"{self.label}: training{self.running.place}"

    def planned(self, more: int, total: int) -> None:
        self.progress.advance(more, total)
        if self.progress.done == total:
            self.begin_training()

    def begin_training(self) -> None:
        self.progress.begin(self.training, "net-epochs")

    def trained(self, more: int, total: int) -> None:
        self.progress.what = self.training
        self.progress.advance(more, total)

    def scored(self, result: dict[str, Any]) -> None:
        self.records.append(result["test_scores"][SCORE].record)
        self.reasons.append(result["not_by_kernel"] or "")

    def result(self, found: dict[str, Any], n_splits: int) -> SearchResult:
        """Return the scores in scikit-learn's `cv_results_`, and of each candidate what was recorded."""
        prefix = "mean_test_"
        scores = {}
        for key in found:
            if key.startswith(prefix):
                name = key.removeprefix(prefix)
                splits = [found[f"split{i}_test_{name}"] for i in range(n_splits)]
                scores[name] = np.stack(splits, axis=1)
        n_fits = len(self.records)
        places = [
            slice(start, start + n_splits) for start in range(0, n_fits, n_splits)
        ]
        records = [self.records[place] for place in places]
        reasons = [max(self.reasons[place]) for place in places]
        return SearchResult(scores, records, n_fits, reasons)


def run_search(
    label: str,
    fits: Fits,
    params: Params,
    *,
    record_losses: bool = False,
    checkpoint: Path | None = None,
) -> SearchResult:
    """Fit and score every candidate on every split, as `engine`, `seed` and `runtime` of the params say.

    `label` heads the progress display; `record_losses` says whether the scorer reads the losses in a net's history.
    `checkpoint` is the folder in which a search that was stopped keeps its nets. Raises `UserError` if the engine has
    no kernel, or a fit or a score fails.
    """
    check_kernel(params)
    search = GridSearchCV(
        fits.estimator,
        fits.candidates,
        cv=fits.splits,
        scoring=fits.scorer,
        refit=False,
        error_score="raise",
    )
    stack = params.engine == "lockstep"
    sent = fits.estimator, fits.candidates, fits.scorer
    with (
        warnings.catch_warnings(),
        jobs(params.runtime, sent) as running,
        as_user_error(f"A fit of {label} failed", _way_out),
        doing(f"{label}: planning", "nets") as progress,
        telling(label, progress.say) as on_kept,
    ):
        warnings.filterwarnings(
            "ignore", message="One or more of the test scores are non-finite"
        )
        reports = _Reports(label, running, progress)
        if not stack:
            reports.begin_training()
        with parallel_config(
            backend="lockstep",
            random_state=params.seed,
            max_memory_mb=running.max_memory_mb,
            on_plan=reports.planned,
            on_progress=reports.trained,
            on_result=reports.scored,
            stack=stack,
            record_losses=record_losses,
            inner_backend=running.backend,
            n_jobs=running.n_jobs,
            prepare_worker=pin_this_process,
            checkpoint=checkpoint,
            on_kept=on_kept,
        ):
            search.fit(fits.X, fits.y)
    return reports.result(search.cv_results_, len(fits.splits))


def _way_out(error: BaseException) -> str:
    # A trial has passed, so a failure affects only some of the candidates or splits.
    otherwise = (
        "Fix the module, or remove the values it can't be fitted with from the grid."
    )
    return advice_on_one_row(error) or otherwise
