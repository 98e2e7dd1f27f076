"""Grid search over skorch nets that trains the whole grid at once."""

import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from joblib import Parallel, delayed, effective_n_jobs
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.model_selection import GridSearchCV, ParameterGrid, check_cv
from sklearn.utils import indexable

from stages.lib.lockstep.fit_callbacks import CountFits, SeedEachFit
from stages.lib.lockstep.job import Out, run_stack
from stages.lib.lockstep.nets import net_of
from stages.lib.lockstep.numerics import seed_everything
from stages.lib.lockstep.plan import make_plan
from stages.lib.lockstep.splits import Splits, TrainTest


class LockstepWarning(UserWarning):
    """Says which candidates are fitted one by one, and why."""


class VmapGridSearchCV(GridSearchCV):
    """A drop-in for scikit-learn's GridSearchCV that trains skorch nets in lockstep.

    Nets that take the same steps (candidates on splits, each with its own weights, rows, optimizer settings and seed)
    are stacked, and one batched forward and backward pass steps them all. Candidates that can't be stacked are fitted
    one by one, as GridSearchCV does; a `LockstepWarning` says which and why.

    A candidate's scores are a function of the candidate, the split, and `random_state`: the same bytes for any
    other candidates in the grid, any order, any number of jobs, and stacks of any size.

    Parameters
    ----------
    estimator : NeuralNet, or Pipeline that ends in one
    param_grid, scoring, n_jobs, refit, cv, verbose, pre_dispatch, error_score, return_train_score
        As in GridSearchCV; `n_jobs` counts stacks that are trained side by side, on joblib's current backend. A net
        whose weights or outputs are not finite at the end of its training scores NaN.
    random_state : int, default=0
        The base seed, from which each split's fits get their own seed.
    max_memory_mb : int, default=2048
        Memory limit of a process, in MiB; stacks are sized to stay below it.
    on_progress : callable, optional
        Called with the number of net-epochs newly done, and the total.

    Attributes
    ----------
    cv_results_, best_estimator_, best_params_, best_score_, best_index_, n_splits_, scorer_, refit_time_, multimetric_
        As in GridSearchCV. Times are each net's share of its stack's.
    refusals_ : dict of str to list of int
        Why candidates were fitted one by one, and which.
    """

    def __init__(
        self,
        estimator: BaseEstimator,
        param_grid: Any,
        *,
        scoring: Any = None,
        n_jobs: int | None = None,
        refit: Any = True,
        cv: Any = None,
        verbose: int = 0,
        pre_dispatch: int | str = "2*n_jobs",
        error_score: float | str = np.nan,
        return_train_score: bool = False,
        random_state: int = 0,
        max_memory_mb: int = 2048,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> None:
        super().__init__(
            estimator,
            param_grid,
            scoring=scoring,
            n_jobs=n_jobs,
            refit=refit,
            cv=cv,
            verbose=verbose,
            pre_dispatch=pre_dispatch,
            error_score=error_score,
            return_train_score=return_train_score,
        )
        self.random_state = random_state
        self.max_memory_mb = max_memory_mb
        self.on_progress = on_progress

    def fit(self, X: Any, y: Any = None, **params: Any) -> "VmapGridSearchCV":
        """Search, then refit the best candidate where `refit` asks for it.

        Parameters
        ----------
        X : array of shape (n_rows, …)
        y : array of shape (n_rows,) or (n_rows, n_outputs)
        **params
            `groups` for the splitter. With parameters for the net's own `fit`, all candidates are fitted one by one.
        """
        scorers, refit_metric = self._get_scorers()
        X, y = indexable(X, y)
        splitter = check_cv(self.cv, y, classifier=is_classifier(self.estimator))
        splits = list(splitter.split(X, y, params.pop("groups", None)))
        self.n_splits_ = len(splits)
        candidates = list(ParameterGrid(self.param_grid))

        self.refusals_: dict[str, list[int]] = {}
        self._net_epochs = 0
        out: Out = {}
        if reason := _unstackable(X, y, params):
            self.refusals_[reason] = list(range(len(candidates)))
        else:
            out = self._in_lockstep(candidates, X, y, splits, scorers)
        if self.refusals_:
            out |= self._one_by_one(candidates, X, y, splits, params)
        listed = [out[number, split] for number in range(len(candidates)) for split in range(len(splits))]
        self.cv_results_ = self._format_results(candidates, len(splits), listed)

        self.multimetric_ = isinstance(listed[0]["test_scores"], dict)
        self.scorer_ = getattr(scorers, "_scorers", scorers)
        if callable(self.scoring) and self.multimetric_:
            self._check_refit_for_multimetric(listed[0]["test_scores"])
            refit_metric = self.refit
        if self.refit or not self.multimetric_:
            self.best_index_ = self._select_best_index(self.refit, refit_metric, self.cv_results_)
            if not callable(self.refit):
                self.best_score_ = self.cv_results_[f"mean_test_{refit_metric}"][self.best_index_]
            self.best_params_ = candidates[self.best_index_]
        if self.refit:
            self.best_estimator_ = clone(self.estimator).set_params(**clone(self.best_params_, safe=False))
            seed_everything(self.random_state)
            start = time.time()
            self.best_estimator_.fit(X, y, **params)
            self.refit_time_ = time.time() - start
        return self

    def _in_lockstep(
        self, candidates: list[dict[str, Any]], X: np.ndarray, y: np.ndarray, splits: list[TrainTest], scorers: Any
    ) -> Out:
        """Train what can be stacked; gives scores and times by candidate and split, and sets `refusals_`."""
        n_jobs = effective_n_jobs(self.n_jobs)
        data = Splits(self.estimator, X, y, splits)
        plans, self.refusals_ = make_plan(
            self.estimator,
            candidates,
            data,
            seed=self.random_state,
            max_memory_mb=self.max_memory_mb,
            n_jobs=n_jobs,
        )
        run = partial(
            run_stack,
            splits=data,
            seed=self.random_state,
            scorer=scorers,
            error_score=self.error_score,
            train_scores=self.return_train_score,
        )
        self._net_epochs = sum(plan.net_epochs for plan in plans)
        out: Out = {}
        if n_jobs == 1:
            traces: dict[str, Any] = {}
            results = (run(plan, traces=traces, advance=self._tell) for plan in plans)
        else:
            parallel = Parallel(n_jobs=self.n_jobs, pre_dispatch=self.pre_dispatch, return_as="generator")
            results = parallel(delayed(run)(plan, traces={}) for plan in plans)
        for plan, found in zip(plans, results, strict=True):
            if isinstance(found, str):
                numbers = {number for epochs in plan.epochs for listed in epochs.values() for number in listed}
                self.refusals_[found] = sorted({*self.refusals_.get(found, []), *numbers})
            else:
                out |= found
            if n_jobs > 1:
                self._tell(plan.net_epochs)
        return out

    def _one_by_one(
        self, candidates: list[dict[str, Any]], X: Any, y: Any, splits: list[TrainTest], params: dict[str, Any]
    ) -> Out:
        """Fit the refused candidates as GridSearchCV does, under the same seeds."""
        for reason, numbers in self.refusals_.items():
            warnings.warn(
                f"{len(numbers)} of {len(candidates)} candidates are fitted one by one, not in lockstep: {reason}",
                LockstepWarning,
                stacklevel=3,
            )
        alone = sorted({number for numbers in self.refusals_.values() for number in numbers})
        search = GridSearchCV(
            self.estimator,
            [{key: [value] for key, value in candidates[number].items()} for number in alone],
            scoring=self.scoring,
            n_jobs=self.n_jobs,
            cv=splits,
            refit=False,
            error_score=self.error_score,
            return_train_score=self.return_train_score,
        )
        epochs = [self._epochs(candidates[number]) * len(splits) for number in alone]
        self._net_epochs += sum(epochs)
        each = sum(epochs) // (len(alone) * len(splits))
        count = CountFits(lambda fits: self._tell(fits * each))
        results = search.set_callbacks(SeedEachFit(self.random_state), count).fit(X, y, **params).cv_results_
        out: Out = {}
        for row, number in enumerate(alone):
            for split in range(len(splits)):
                found = {key: results[f"mean_{key}"][row] for key in ("fit_time", "score_time")}
                for kind in ("test", "train") if self.return_train_score else ("test",):
                    prefix = f"split{split}_{kind}_"
                    scores = {key.removeprefix(prefix): results[key][row] for key in results if key.startswith(prefix)}
                    found[f"{kind}_scores"] = scores["score"] if list(scores) == ["score"] else scores
                out[number, split] = found
        return out

    def _epochs(self, params: dict[str, Any]) -> int:
        return getattr(net_of(clone(self.estimator).set_params(**params)), "max_epochs", 1)

    def _tell(self, more: int) -> None:
        if self.on_progress:
            self.on_progress(more, self._net_epochs)


def _unstackable(X: Any, y: Any, params: dict[str, Any]) -> str | None:
    """Return why nothing at all can be stacked, or None."""
    if params:
        return f"fit is given {', '.join(sorted(params))}"
    if not (isinstance(X, np.ndarray) and isinstance(y, np.ndarray)):
        return f"the data are no arrays, but {type(X).__name__} and {type(y).__name__}"
    return None
