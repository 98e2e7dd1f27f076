"""Draws the splits of a search, and checks that net, data and scorer fit together."""

from collections.abc import Callable

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import KFold, StratifiedKFold

from stages.lib.common import explained
from stages.lib.config import CV
from stages.lib.lockstep import TrainTest, fit_seed, net_of

# A scorer as in scikit-learn: takes a fitted estimator, rows and their target.
Scorer = Callable[[BaseEstimator, np.ndarray, np.ndarray], float]


def make_splits(y: np.ndarray, cv: CV, seed: int, classify: bool) -> list[TrainTest]:
    """Draw the train/test splits, repeat by repeat, fold by fold.

    Parameters
    ----------
    y : array of shape (n,)
        The target; if `classify`, folds keep the shares of its classes.
    cv : CV
        Without `shuffle`, the first repeat's folds follow the file's order. Further repeats are always shuffled: the
        same folds again would only show the noise of training.
    seed : int
        The seed of the shuffles.
    classify : bool

    Returns
    -------
    list of (train, test)
        Row numbers; split `repeat · n_splits + fold`.
    """
    folds = StratifiedKFold if classify else KFold
    rows = np.zeros(len(y))
    splits = []
    for repeat in range(cv.n_repeats):
        shuffle = cv.shuffle or repeat > 0
        splitter = folds(cv.n_splits, shuffle=shuffle, random_state=fit_seed(seed, repeat) if shuffle else None)
        splits += list(splitter.split(rows, y))
    return splits


def check_trial(estimator: BaseEstimator, X: np.ndarray, y: np.ndarray, split: TrainTest, scorer: Scorer) -> None:
    """Train one epoch and score, to find what does not fit together before a long search.

    Raises
    ------
    UserError
        If the module, the criterion, the scorer and the data don't fit together; it includes the original error.
    """
    train, test = split
    trial = clone(estimator)
    net_of(trial).set_params(max_epochs=1)
    with explained(
        "A trial of one epoch failed",
        "The module, the criterion and the data in params.yaml don't fit together; change one of them.",
    ):
        trial.fit(X[train], y[train])
    with explained(
        "A trial of one epoch could not be scored",
        "Set cv.scoring in params.yaml to a score that fits the net, such as accuracy for classes, roc_auc for two "
        "classes, roc_auc_ovr for more, or r2 for numbers.",
    ):
        scorer(trial, X[test], y[test])
