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
    """A note on scores, such as which candidates are out; a summary prints its notes instead.

    The notes are also in `Scores.notes`.

    Examples
    --------
    >>> import warnings
    >>> import numpy as np
    >>> from resampled import ResampledWarning, Scores
    >>> accuracies = [[0.8, 0.7, np.nan], [0.7, 0.9, 0.8]]
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always", ResampledWarning)
    ...     scores = Scores(accuracies, n_folds=3, n_rows=30, metric="accuracy")
    >>> print(caught[0].message)
    Out, because a fit has no score: 1 of 2 candidates, [0].
    """


class Scores:
    """The scores of a search on resampled splits, with what is known of them.

    Notes, such as which candidates are out, are given as a `ResampledWarning`.

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
        The least and the largest value of a scorer that is not one of scikit-learn's.
    row_scores, predictions : array of shape (n_candidates, n_splits, n_rows), optional
        What is known of rows, NaN for those that a split does not test, so that their luck is allowed for: their
        scores, if a split's score is the mean; or `predict`, or `predict_proba` with a last axis for the classes.
    y, groups : array of shape (n_rows,), optional
        The target, which predictions need, and which tells how rare a class is; and which rows belong together.
    rope : float, default=0.01
        The largest difference of scores that does not matter, in the unit of the scores.

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

    Raises
    ------
    ValueError
        For what can't be judged: what was found, where, and what to do.

    See Also
    --------
    summary : Says all at once.
    cross_predict : Fits learners on the same splits, so that rows count.

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
        """The numbers of the candidates that are compared, because each of their fits has a score.

        Examples
        --------
        >>> import numpy as np
        >>> from resampled import Scores
        >>> accuracies = [[0.8, 0.7, np.nan], [0.7, 0.9, 0.8], [0.6, 0.8, 0.8]]
        >>> Scores(accuracies, n_folds=3, n_rows=30, metric="accuracy").compared
        array([1, 2])
        """
        return complete(self.scores)

    @property
    def many_inputs(self) -> str:
        """Why claims are a hint if there are nearly as many inputs as training rows; "" if there are not.

        Examples
        --------
        >>> from resampled import Scores
        >>> from sklearn.datasets import load_breast_cancer
        >>> from sklearn.model_selection import GridSearchCV
        >>> from sklearn.naive_bayes import GaussianNB
        >>> X, y = load_breast_cancer(return_X_y=True)
        >>> search = GridSearchCV(GaussianNB(), {"var_smoothing": [1e-9, 0.1]}, cv=3).fit(X[:45], y[:45])
        >>> Scores(search, n_rows=45).many_inputs
        '; a hint, because there are 30 inputs for 30 training rows'
        """
        n_train = self.resampling.n_rows / (1 + self.resampling.test_share)
        if self.n_inputs <= n_train / 2:
            return ""
        return f"; a hint, because there are {self.n_inputs} inputs for {n_train:.0f} training rows"

    @cached_property
    def by_unit(self) -> ByUnit | None:
        """What rows or groups make of the scores, NaN for a candidate that is out; None if nothing is known of rows.

        Examples
        --------
        >>> import numpy as np
        >>> from resampled import Scores
        >>> accuracies = np.random.default_rng(0).binomial(100, [[0.7], [0.8], [0.8]], size=(3, 30)) / 100
        >>> scores = Scores(accuracies, n_folds=3, n_rows=300, metric="accuracy")
        >>> print(scores.by_unit)
        None
        """
        if self.rows is None:
            return None
        units = self.rows.units(np.arange(len(self.compared)))
        own = units.by_unit(self.resampling.n_folds)
        return own.among(len(self.scores), self.compared)

    def interval(self, stuck: Any = None) -> tuple[np.ndarray, np.ndarray]:
        """Return the 95 % intervals of the mean scores.

        By scores alone, the error is that of Nadeau and Bengio (2003), "Inference for the generalization error",
        Machine Learning 52; where rows are known, it is that of rows. The interval is Student's, or Wilson's (1927) for
        scores from 0 to 1.

        Parameters
        ----------
        stuck : array of bool, shape (n_candidates, n_splits), optional
            Which fits are stuck, as `stuck_fits` returns it. By scores alone, no interval holds for a candidate of
            which half are.

        Returns
        -------
        low : array of shape (n_candidates,)
            The lower ends, in the unit of the scores; NaN where no interval holds.
        high : array of shape (n_candidates,)
            The upper ends.

        Raises
        ------
        ValueError
            If `stuck` has another shape.

        Examples
        --------
        >>> import numpy as np
        >>> from resampled import Scores
        >>> accuracies = np.random.default_rng(0).binomial(100, [[0.7], [0.8], [0.8]], size=(3, 30)) / 100
        >>> scores = Scores(accuracies, n_folds=3, n_rows=300, metric="accuracy")
        >>> for low, high in zip(*scores.interval()):
        ...     print(f"{low:.2f} to {high:.2f}")
        0.62 to 0.77
        0.74 to 0.86
        0.73 to 0.85
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
        """Return which candidates may be the best: with 95 %, the truly best one is among them.

        Among learners that few rows sway, that is a hint. The method is that of Lei (2020), "Cross-validation with
        confidence", Journal of the American Statistical Association 115, with the variance of resampled splits.

        Parameters
        ----------
        seed : int, default=0
            The seed of the draws.

        Returns
        -------
        array of bool, shape (n_candidates,)
            True for a candidate that may be the best; for none in the order of time.

        Examples
        --------
        >>> import numpy as np
        >>> from resampled import Scores
        >>> accuracies = np.random.default_rng(0).binomial(100, [[0.7], [0.8], [0.8]], size=(3, 30)) / 100
        >>> scores = Scores(accuracies, n_folds=3, n_rows=300, metric="accuracy")
        >>> scores.best_set()
        array([False,  True,  True])
        """
        return best_set(self.scores, self.resampling, seed, self.by_unit)

    def corrected(self, seed: int = 0) -> Corrected:
        """Return what the best candidate is worth without the luck of the choice.

        Of splits alone, most of the choice's luck remains in it, because their rows had a say.

        Parameters
        ----------
        seed : int, default=0
            The seed of the draws.

        Returns
        -------
        Corrected
            The `score`, the ends `low` and `high` of its 95 % interval, and in `over` what had no say in the choice.

        Raises
        ------
        ValueError
            In the order of time.

        See Also
        --------
        choose : Corrects the choice among several searches.

        Examples
        --------
        Ten candidates with the same true score of 0.8:

        >>> import numpy as np
        >>> from resampled import Scores
        >>> accuracies = np.random.default_rng(7).binomial(100, 0.8, size=(10, 30)) / 100
        >>> scores = Scores(accuracies, n_folds=3, n_rows=300, metric="accuracy")
        >>> print(f"{scores.scores.mean(axis=1).max():.2f}, corrected {scores.corrected().score:.2f}")
        0.81, corrected 0.80
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
        """Return how much each setting mattered.

        The importance is by how much the error of a random forest that predicts mean scores grows, in parts of their
        sum of squares, when the values of the setting are shuffled. The p-values allow for the number of settings:
        Freedman and Lane (1983), Journal of Business & Economic Statistics 1, with Holm's correction.

        Parameters
        ----------
        seed : int, default=0
            The seed of the draws.

        Returns
        -------
        dict of arrays
            The columns `setting`, `importance` and `p_value`, each of shape (n_settings,), the most important first.

        Raises
        ------
        ValueError
            For an array, which has no settings.

        Examples
        --------
        >>> from resampled import Scores
        >>> from sklearn.datasets import load_diabetes
        >>> from sklearn.model_selection import GridSearchCV
        >>> from sklearn.neighbors import KNeighborsRegressor
        >>> X, y = load_diabetes(return_X_y=True)
        >>> grid = {"n_neighbors": [1, 3, 10, 30], "weights": ["uniform", "distance"]}
        >>> effects = Scores(GridSearchCV(KNeighborsRegressor(), grid, cv=5).fit(X, y)).effects()
        >>> for setting, p_value in zip(effects["setting"], effects["p_value"]):
        ...     print(setting, "mattered" if p_value < 0.05 else "did not show an effect")
        n_neighbors mattered
        weights did not show an effect
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
        """Judge whether a new learner is better than an old one.

        *Better* and *worse*: the p-value of the difference is below 0.05, and it is more likely than not larger than
        the rope. *Level*: its 90 % interval lies inside the rope (Schuirmann (1987), Journal of Pharmacokinetics and
        Biopharmaceutics 15). *Unchanged*: both score the same on every split. *Not tested*: nothing tells the error, as
        in the order of time. *Undecided* is all else.

        Returns
        -------
        Verdict
            A word on the difference, new less old, and its p-value.

        Raises
        ------
        ValueError
            If there are not two candidates, which are the old and the new one, in this order, both with all scores.

        See Also
        --------
        verdicts : Judges several pairs at once.

        Examples
        --------
        >>> import numpy as np
        >>> from resampled import Scores
        >>> accuracies = np.random.default_rng(0).binomial(100, [[0.6], [0.8]], size=(2, 30)) / 100
        >>> print(Scores(accuracies, n_folds=3, n_rows=300, metric="accuracy").verdict())
        better: new less old is +0.21 (95 % from +0.10 to +0.32), p = 0.00069; a hint if few rows sway a learner
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
