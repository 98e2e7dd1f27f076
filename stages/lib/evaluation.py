"""How a fit is evaluated: on which splits, by which scorer, and whether that goes together at all."""

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.metrics import get_scorer, get_scorer_names
from sklearn.model_selection import KFold, StratifiedKFold

from stages.lib.errors import UserError, did_you_mean, explained
from stages.lib.estimator import ScoreOrNaN, net_of
from stages.lib.numerics import fit_seed
from stages.lib.params import CV

Split = tuple[np.ndarray, np.ndarray]


def make_splits(y: np.ndarray, cv: CV, seed: int, classify: bool) -> list[Split]:
    """Draw the train/test splits, repeat by repeat, fold by fold.

    Parameters
    ----------
    y : array of shape (n,)
        The target; folds keep its shares of classes where `classify`.
    cv : CV
        Without `shuffle` the first repeat's folds are those of the file's order; further repeats are always drawn
        anew, since the same folds again would only tell of the training's own noise.
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
    splits = []
    for repeat in range(cv.n_repeats):
        shuffle = cv.shuffle or repeat > 0
        splitter = folds(cv.n_splits, shuffle=shuffle, random_state=fit_seed(seed, repeat) if shuffle else None)
        splits += list(splitter.split(rows, y))
    return splits


def make_scorer(name: str) -> ScoreOrNaN:
    """Return scikit-learn's scorer of that name; raises `UserError` where there is none."""
    if name not in get_scorer_names():
        raise UserError(
            f"params.yaml: cv.scoring: {name!r} is no scorer of scikit-learn{did_you_mean(name, get_scorer_names())}"
        )
    return ScoreOrNaN(get_scorer(name))


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
    with explained(
        "A trial of one epoch failed",
        "The module, the criterion and the data in params.yaml don't fit together; change one of them.",
    ):
        trial.fit(X[train], y[train])
    with explained(
        "A trial of one epoch could not be scored",
        "Set cv.scoring in params.yaml to what fits the net: accuracy for classes, say, roc_auc for two and "
        "roc_auc_ovr for more, r2 for numbers.",
    ):
        scorer(trial, X[test], y[test])
