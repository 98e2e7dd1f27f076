"""Summarizes a search: which candidates may be the best, the simplest of them, and what the best is worth."""

import math
import warnings
from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np

from resampled.candidates.best_set import simplest
from resampled.face.predicted import Predicted, cross_predict
from resampled.face.printed import Summary, settings_of
from resampled.face.scores import ResampledWarning, Scores
from resampled.means.differences import errors_of_pairs
from resampled.means.equivalence import equivalence
from resampled.pairs.pair import hint


def summary(
    search: Any,
    X: Any = None,
    y: Any = None,
    *,
    complexity: Any = None,
    stuck: Any = None,
    seed: int = 0,
    **known: Any,
) -> Summary:
    """Say which candidates of a search may be the best, which is the simplest of them, and what the best is worth.

    Parameters
    ----------
    search : fitted search, dict, data frame or array
        As `Scores` takes it.
    X, y : array-like, optional
        The table: with X, the candidates are fitted again, by `cross_predict`, so that rows count. Without it, `y` is
        that of `Scores`.
    complexity : array of shape (n_candidates,), or callable, optional
        How complex a candidate is, or what tells that from the dict of its settings. Less is simpler.
    stuck : array of bool, shape (n_candidates, n_splits), optional
        Which fits are stuck, as `stuck_fits` returns it.
    seed : int, default=0
        The seed of the draws.
    **known
        The parameters of `Scores`: what is known of the scores, such as `n_folds`, `metric`, `groups` and `rope`.

    Returns
    -------
    Summary
        Printed, a table of the candidates, the best first, and what follows from it in sentences.

    Raises
    ------
    ValueError
        For what can't be judged: what was found, where, and what to do.

    See Also
    --------
    Scores : Has each number of it by a method of its own.

    Examples
    --------
    >>> from resampled import summary
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.model_selection import GridSearchCV, RepeatedStratifiedKFold
    >>> from sklearn.naive_bayes import GaussianNB
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> cv = RepeatedStratifiedKFold(n_splits=3, n_repeats=5, random_state=0)
    >>> search = GridSearchCV(GaussianNB(), {"var_smoothing": [1e-9, 1e-4, 1e-2]}, cv=cv).fit(X, y)
    >>> print(summary(search, X, y))
    3 candidates on 5 × 3 folds, scored by accuracy
    <BLANKLINE>
           mean              95 %  may be best  settings
      0  0.9360  0.9113 to 0.9542  yes          var_smoothing=1e-09
      1  0.9174  0.8755 to 0.9461  yes          var_smoothing=0.0001
      2  0.9047  0.8708 to 0.9305               var_smoothing=0.01
    <BLANKLINE>
    2 of 3 may be the best: with 95 %, the truly best one is among them.
    The best mean is flattered by the choice among 3. On rows and fits that had no say in it, the best
    is worth 0.9352 (0.9096 to 0.9540).
    """
    if X is not None:
        search = _fitted_again(search, X, y, known)
        y = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResampledWarning)  # notes are printed
        data = Scores(search, y=y, **known)
    means = data.scores.mean(axis=1)
    best = int(np.nanargmax(means))
    low, high = data.interval(stuck)
    in_set = data.best_set(seed)
    candidates = {}
    for key, values in data.settings.items():
        candidates[key] = np.array(values, dtype=object)
    candidates |= {"mean": means, "low": low, "high": high, "may_be_best": in_set}
    if stuck is not None:
        candidates["n_stuck"] = np.sum(stuck, axis=1)
    simple = None
    if complexity is not None:
        numbers = _complexity(complexity, data)
        if in_set.any():
            simple = simplest(in_set, [numbers], means)
    shares, why_hint = _compared(data, best)
    candidates |= shares
    corrected = data.corrected(seed) if data.resampling.is_tested else None
    return Summary(data, candidates, best, simple, corrected, why_hint)


def _fitted_again(search: Any, X: Any, y: Any, known: dict[str, Any]) -> Predicted:
    """Return the candidates, fitted on the rows; takes what tells how, `groups` and `metric`, out of `known`."""
    from sklearn.metrics import make_scorer  # takes a second to import

    if y is None:
        raise ValueError("X is given without y, the target of its rows.")
    groups = known.pop("groups", None)
    metric = known.pop("metric", None)
    scoring: Any = make_scorer(metric) if callable(metric) else metric
    several = getattr(search, "scoring", None)
    if isinstance(several, Mapping):
        scoring = several.get(metric, scoring)
    return cross_predict(search, X, y, groups=groups, scoring=scoring)


def _compared(data: Scores, best: int) -> tuple[dict[str, np.ndarray], str]:
    """Return how likely each candidate is worse than the best, equal or better, and why a claim is a hint."""
    resampling, by_unit = data.resampling, data.by_unit
    errors = errors_of_pairs(data.scores, resampling, by_unit)
    of_best: tuple[Any, ...] = ()
    if by_unit is not None:
        of_best = errors.error[best], errors.degrees[best]
    elif resampling.untested:
        of_best = np.nan, 1
    differences = data.scores - data.scores[best]
    shares = equivalence(differences, resampling, data.rope, *of_best)
    others = data.compared[data.compared != best]
    of_training = 0.0
    if len(others):
        of_training = float(np.median(errors.of_training[best, others]))
    is_one_repeat = resampling.is_one_repeat(data.scores.shape[1])
    why_hint = data.many_inputs or hint(by_unit, is_one_repeat, of_training)
    return shares._asdict(), why_hint


def _complexity(complexity: Any, data: Scores) -> np.ndarray:
    """Return a number for each candidate; raises `ValueError` for what is none."""
    n_candidates = len(data.scores)
    if callable(complexity):
        if not data.settings:
            raise ValueError(
                "The settings are not known, so complexity can't be a function of them; give its numbers."
            )
        complexity = [complexity(settings_of(data, i)) for i in range(n_candidates)]
    values = np.asarray(complexity, dtype=object)
    if values.shape[:1] != (n_candidates,):
        given = len(values) if values.ndim else 1
        raise ValueError(
            f"complexity has {given} values, but there are {n_candidates} candidates."
        )
    for i in data.compared:
        if not isinstance(values[i], Real) or math.isnan(values[i]):
            raise ValueError(
                f"complexity is {values[i]!r} for candidate {i}; give numbers, less for a simpler one."
            )
    return values
