"""scikit-learn's GridSearchCV with a seed for each fit and word of its progress, through its callbacks."""

import warnings
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.metrics import get_scorer, get_scorer_names
from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold
from sklearn.pipeline import Pipeline

from stages.lib.errors import UserError, did_you_mean
from stages.lib.estimator import ScoreOrNaN, net_of
from stages.lib.numerics import fit_seed, seed_everything
from stages.lib.params import CV
from stages.lib.progress import Advance

Split = tuple[np.ndarray, np.ndarray]


class _Callback:
    """The part of scikit-learn's FitCallback protocol that both callbacks leave empty."""

    def setup(self, estimator: GridSearchCV, context: Any) -> None:
        """Do nothing before the search."""

    def teardown(self, estimator: GridSearchCV, context: Any) -> None:
        """Do nothing after the search."""

    def on_fit_task_begin(self, estimator: GridSearchCV, context: Any) -> None:
        """Do nothing before a fit."""

    def on_fit_task_end(self, estimator: GridSearchCV, context: Any) -> None:
        """Do nothing after a fit."""


_FIT = "candidate-split-evaluation"


class SeedEachFit(_Callback):
    """Seeds torch, numpy and random before each fit of a search, in the process that runs it.

    The seed comes from the base seed and the number of the split, and is the same for every candidate: a score does
    not depend on the other candidates, their order, or the number of jobs.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def on_fit_task_begin(self, estimator: GridSearchCV, context: Any) -> None:
        """Seed; the tasks are numbered candidate by candidate, split by split."""
        if context.task_name == _FIT:
            seed_everything(fit_seed(self.seed, context.task_id % estimator.n_splits_))
        else:
            seed_everything(self.seed)


class CountFits(_Callback):
    """Tells how many fits are done, in whatever process: each adds a byte to a file, whose size is the count."""

    _EVERY = 0.2  # seconds between two looks

    def __init__(self, advance: Advance) -> None:
        self._advance = advance

    def __getstate__(self) -> dict[str, Any]:
        return {"_file": self._file}

    def setup(self, estimator: GridSearchCV, context: Any) -> None:
        """Start to watch the file."""
        self._folder = TemporaryDirectory()
        self._file = Path(self._folder.name) / "fits"
        self._file.touch()
        self._ended = Event()
        self._watcher = Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def on_fit_task_end(self, estimator: GridSearchCV, context: Any) -> None:
        """Count one fit."""
        if context.task_name == _FIT:
            with self._file.open("ab") as file:
                file.write(b".")

    def teardown(self, estimator: GridSearchCV, context: Any) -> None:
        """Stop watching."""
        self._ended.set()
        self._watcher.join()
        self._folder.cleanup()

    def _watch(self) -> None:
        seen = 0
        while True:
            last_look = self._ended.wait(self._EVERY)
            count = self._file.stat().st_size
            self._advance(count - seen)
            seen = count
            if last_look:
                return


def make_splits(y: np.ndarray, cv: CV, seed: int, classify: bool) -> list[Split]:
    """Draw the train/test splits, repeat by repeat, fold by fold.

    Parameters
    ----------
    y : array of shape (n,)
        The target; folds keep its shares of classes where `classify`.
    cv : CV
        Without `shuffle` every repeat has the same folds, in the file's order, and differs by its fits' seeds alone.
    seed : int
        What shuffles are drawn from.
    classify : bool

    Returns
    -------
    list of (train, test)
        Row numbers; split `repeat · n_splits + fold`.
    """
    folds = StratifiedKFold if classify else KFold
    rows = np.zeros(len(y))
    return [
        split
        for repeat in range(cv.n_repeats)
        for split in folds(
            cv.n_splits, shuffle=cv.shuffle, random_state=fit_seed(seed, repeat) if cv.shuffle else None
        ).split(rows, y)
    ]


def make_scorer(name: str) -> ScoreOrNaN:
    """Return scikit-learn's scorer of that name; raises `UserError` where there is none."""
    if name not in get_scorer_names():
        raise UserError(
            f"params.yaml: cv.scoring: {name!r} is no scorer of scikit-learn{did_you_mean(name, get_scorer_names())}"
        )
    return ScoreOrNaN(get_scorer(name))


def grid_search(
    estimator: BaseEstimator,
    grid: dict[str, list[Any]],
    X: np.ndarray,
    y: np.ndarray,
    *,
    splits: Iterable[Split],
    scorer: ScoreOrNaN,
    seed: int,
    advance: Advance,
) -> dict[str, Any]:
    """Fit and score every candidate on every split, on all cores.

    Returns
    -------
    dict
        `cv_results_` of scikit-learn's GridSearchCV; NaN where a net diverged.
    """
    if isinstance(estimator, Pipeline):
        grid = {f"net__{key}": values for key, values in grid.items()}
    search = GridSearchCV(estimator, grid, cv=list(splits), scoring=scorer, n_jobs=-1, refit=False, error_score="raise")
    search.set_callbacks(SeedEachFit(seed), CountFits(advance))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="One or more of the test scores are non-finite")
        return search.fit(X, y).cv_results_


def check_trial(estimator: BaseEstimator, X: np.ndarray, y: np.ndarray, split: Split, scorer: ScoreOrNaN) -> None:
    """Train one epoch and score, so that what does not fit together is found before a long search.

    Raises
    ------
    UserError
        Where the module, the criterion, the scorer and the data do not fit; it says what was raised.
    """
    train, test = split
    trial = clone(estimator)
    net_of(trial).set_params(max_epochs=1)
    try:
        scorer(trial.fit(X[train], y[train]), X[test], y[test])
    except (ValueError, TypeError, RuntimeError, IndexError, AttributeError) as error:
        raise UserError(
            "A trial of one epoch failed, so params.yaml's module, criterion, scoring and data don't fit together: "
            f"{type(error).__name__}: {error}"
        ) from error
