"""The scores of a search, with all that is known of them, and what they say."""

import math
import warnings
from functools import cached_property
from numbers import Real
from typing import Any

import numpy as np

from resampled.candidates.best_set import best_set
from resampled.candidates.effects import effect_p_values
from resampled.candidates.importance import importance
from resampled.face.by_row import Scorer, count_rows, rows_of
from resampled.face.columns import read, same_index
from resampled.face.given import check_effect, compared, judged, remedy
from resampled.face.learners import luck_notes
from resampled.face.predicted import Predicted
from resampled.face.sizes import checked_bounds, class_counts, resampling_of
from resampled.face.splits import check_tests, split_by
from resampled.means.by_unit import ByUnit
from resampled.means.corrected import Corrected, corrected_score
from resampled.means.few import too_narrow
from resampled.means.intervals import intervals
from resampled.means.rows import Rows
from resampled.means.untested import few_positives
from resampled.pairs.family import Verdict, judge
from resampled.pairs.pair import Pair
from resampled.resampling import Bounds, Resampling, complete
from resampled.scorers import effective_rows


class ResampledWarning(UserWarning):
    """A note on scores, such as which candidates are out; a summary prints its notes instead."""


class Scores:
    """The scores of a search on resampled splits, with what is known of them.

    Raises `ValueError` for what can't be judged: what was found, where, and what to do. Notes, such as which candidates
    are out, are given as a `ResampledWarning`.

    Parameters
    ----------
    search : fitted search, dict, data frame, list or array
        A search of scikit-learn; its `cv_results_`, also as read from a CSV; what `cross_predict` returns; or scores,
        of which more is better, of shape (n_candidates, n_splits), with the splits in the order of repeats and folds; a
        list may have what `cross_validate` returns for each learner.
    n_folds, test_share : int, float, optional
        What the search does not tell: how many folds a repeat has, or, if the splits are no whole repeats, the test
        rows per training row (NaN in the order of time).
    n_rows : int, optional
        The rows of the table, by default as few as the scores tell.
    metric : str or callable, optional
        Which of several metrics, or scikit-learn's name of the scorer of an array, or, with predictions, a function of
        (y, predictions) that has given the scores.
    bounds : (float, float), optional
        The least and the largest value of another scorer.
    row_scores, predictions : array of shape (n_candidates, n_splits, n_rows), optional
        What is known of rows, NaN for those that a split does not test, so that their luck is allowed for: their
        scores, if a split's score is the mean; or `predict`, or `predict_proba` with a last axis for the classes.
    y, groups : array of shape (n_rows,), optional
        The target, which predictions need, and which tells how rare a class is; and which rows belong together.
    rope : float
        The largest difference of scores that does not matter.

    Attributes
    ----------
    scores : array of shape (n_candidates, n_splits)
        NaN for a candidate that is not compared.
    scorer : str
        scikit-learn's name of the scorer, or "".
    settings : dict of lists
        The values of each key by candidate, NaN where a candidate has none.
    resampling, rows, n_inputs
        What is known of the splits, of the rows of the compared candidates, and how many inputs a fitted search has
        seen, 0 if that is not known.
    notes, remedy : list of str, str
        Sentences, such as why a candidate is out, and what lets rows count where they do not.

    Examples
    --------
    Two classifiers, each scored on 10 repeats of 3 folds of a table of 300 rows:

    >>> import numpy as np
    >>> from resampled import Scores
    >>> rng = np.random.default_rng(0)
    >>> accuracies = rng.binomial(100, [[0.7], [0.8]], size=(2, 30)) / 100
    >>> scores = Scores(accuracies, n_folds=3, n_rows=300, metric="accuracy")
    >>> scores.best_set()
    array([False,  True])
    >>> scores.verdict().word
    'better'
    """

    scores: np.ndarray
    scorer: str
    settings: dict[str, list[Any]]
    resampling: Resampling
    rows: Rows | None
    rope: float
    notes: list[str]
    remedy: str
    n_inputs: int

    def __init__(
        self,
        search: Any,
        *,
        n_folds: int | None = None,
        test_share: float | None = None,
        n_rows: int | None = None,
        metric: Scorer | None = None,
        bounds: Bounds | None = None,
        row_scores: Any = None,
        predictions: Any = None,
        y: Any = None,
        groups: Any = None,
        rope: float = 0.01,
    ) -> None:
        if isinstance(search, Predicted):
            known = {
                "row_scores": row_scores,
                "predictions": predictions,
                "n_rows": n_rows,
                "metric": metric,
                "y": y,
            }
            for name, value in known.items():
                if value is not None:
                    raise ValueError(
                        f"{name}= is what cross_predict knows; leave it out."
                    )
            metric = search.metric
            groups = search.groups if groups is None else groups
            y, predictions = judged(search, bounds)
        if not (isinstance(rope, Real) and rope >= 0):
            raise ValueError(
                f"The rope is {rope!r}; give the largest difference that does not matter, 0 or more."
            )
        if callable(metric) and predictions is None:
            raise ValueError(
                "metric= is a function, which tells nothing without predictions= and y=; give its name."
            )
        table = read(search, None if callable(metric) else metric)
        scorer = table.scorer
        scores, notes = compared(table, getattr(search, "error_score", None))
        if not scorer and bounds is None:
            notes.append(
                "The scorer is not known, nor are its bounds, nor what a row counts; give metric= or bounds=."
            )
        low, high = checked_bounds(scores, scorer, bounds)
        same_index("y and groups", y, groups)
        n_rows = count_rows(n_rows, row_scores, predictions, y, groups)
        by = metric if callable(metric) else scorer
        rows = rows_of(scores, by, row_scores, predictions, y, groups)
        n_folds, test_share = split_by(
            search, scores.shape[1], n_folds, test_share, n_rows
        )
        if rows and n_rows:
            check_tests(rows.tests, n_folds, test_share, n_rows)
        counts: list[int] = []
        n_wrong = None
        if math.isfinite(high - low):
            counts = class_counts(y, None)
            n_groups = None if groups is None else len(np.unique(groups))
            n_wrong = effective_rows(scorer, class_counts(y, groups), n_groups)
        else:
            # Numbers have scorers without a bound.
            check_effect("y", y, predictions)
            check_effect("groups", groups, rows)
        untested = "" if rows else few_positives(scorer, counts, test_share)
        self.resampling = resampling_of(
            scores, (low, high), n_folds, test_share, n_rows, n_wrong, untested
        )
        notes += filter(None, [too_narrow(counts, groups)])
        if n_wrong is not None and math.isnan(n_wrong):
            notes.append(
                f"No interval, and nothing is level: {scorer or 'the scorer'} may weigh classes, so give y=."
            )
        if untested:
            notes.append(f"No difference is tested: {untested}.")
        if isinstance(search, Predicted):
            notes = search.notes + notes
        elif hasattr(search, "estimator"):
            notes += luck_notes([search.estimator])
        self.scores = scores
        self.scorer = scorer
        self.settings = table.settings
        self.rows = rows
        self.rope = rope
        self.notes = notes
        self.remedy = remedy(search, scorer)
        self.n_inputs = getattr(search, "n_features_in_", 0)
        for note in notes:
            warnings.warn(note, ResampledWarning, stacklevel=2)

    @property
    def compared(self) -> np.ndarray:
        """The numbers of the candidates that are compared."""
        return complete(self.scores)

    @property
    def many_inputs(self) -> str:
        """Why claims are a hint if there are nearly as many inputs as training rows; "" if there are not."""
        n_train = self.resampling.n_rows / (1 + self.resampling.test_share)
        if self.n_inputs <= n_train / 2:
            return ""
        return f"; a hint, because there are {self.n_inputs} inputs for {n_train:.0f} training rows"

    @cached_property
    def by_unit(self) -> ByUnit | None:
        """What rows or groups make of the scores; nothing is known of a candidate that is out."""
        if self.rows is None:
            return None
        units = self.rows.units(np.arange(len(self.compared)))
        own = units.by_unit(self.resampling.n_folds)
        return own.among(len(self.scores), self.compared)

    def interval(self, stuck: Any = None) -> tuple[np.ndarray, np.ndarray]:
        """Return the low and the high ends of the 95 % intervals of mean scores, each of shape (n_candidates,).

        They are NaN where no interval holds, as by scores alone if half of a candidate's fits are `stuck`, an array of
        bool of shape (n_candidates, n_splits), such as `stuck_fits` returns.
        """
        constant = None
        if stuck is not None:
            if np.shape(stuck) != self.scores.shape:
                raise ValueError(
                    f"stuck has the shape {np.shape(stuck)}, but the scores have {self.scores.shape}."
                )
            # A learner that predicts the same for every row has no interval from splits alone.
            constant = np.mean(stuck, axis=1) >= 1 / 2
        # Sums are rounded by the order in memory.
        scores = np.ascontiguousarray(self.scores)
        found = intervals(
            scores, self.resampling, by_unit=self.by_unit, constant=constant
        )
        return found.low, found.high

    def best_set(self, seed: int = 0) -> np.ndarray:
        """Return which candidates may be the best, shape (n_candidates,): with 95 %, the truly best one is among them.

        Among learners that few rows sway, that is a hint. None is true in the order of time.
        """
        return best_set(self.scores, self.resampling, seed, self.by_unit)

    def corrected(self, seed: int = 0) -> Corrected:
        """Return what the best candidate is worth without the luck of the choice: `score`, from `low` to `high`.

        `over` says what had no say in the choice: splits, or rows too if these are known. Of splits alone, most of the
        choice's luck remains in it, because their rows had a say. Raises `ValueError` in the order of time.
        """
        found = corrected_score(
            self.scores[self.compared], self.resampling, seed=seed, rows=self.rows
        )
        if found is None or not self.resampling.is_tested:
            raise ValueError(
                "In the order of time, scores of the splits are not alike, so none can be corrected."
            )
        return found

    def effects(self, seed: int = 0) -> dict[str, np.ndarray]:
        """Return how much each setting mattered, in the columns `setting`, `importance` and `p_value`, by importance.

        The p-values allow for the number of settings. Raises `ValueError` for an array, which has no settings.
        """
        if not self.settings:
            raise ValueError(
                "The settings are not known; give a search, or its results with the columns param_…."
            )
        drops, _ = importance(self.settings, self.scores.mean(axis=1), seed)
        p = effect_p_values(self.settings, self.scores, self.resampling, seed)
        order = np.argsort(-drops, kind="stable")
        return {
            "setting": np.array([*self.settings])[order],
            "importance": drops[order],
            "p_value": p[order],
        }

    def verdict(self) -> Verdict:
        """Judge whether a new learner is better than an old one, which are the two candidates, in this order.

        The difference is new less old. *Better* and *worse*: its p-value is below 0.05, and it is more likely than not
        larger than the rope. *Level*: its 90 % interval lies inside the rope.
        """
        return judge({"": pair_of(self)})[""]


def pair_of(data: Scores) -> Pair:
    """Return the pair of an old and a new candidate; raises `ValueError` if these are not all, with all scores."""
    if len(data.scores) != 2:
        raise ValueError(
            f"There are {len(data.scores)} learners; give a pair (old, new)."
        )
    if len(data.compared) < 2:
        raise ValueError(f"One of the pair is not compared. {' '.join(data.notes)}")
    old, new = data.scores
    return Pair(old, new, data.resampling, data.rope, by_unit=data.by_unit)
