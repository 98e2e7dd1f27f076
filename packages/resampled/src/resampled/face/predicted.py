"""Fits several learners on the same splits; keeps their scores and what they predict of the rows that are tested."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from resampled._compat import Metric, fit_and_score, metric_of
from resampled.face.learners import candidates, luck_notes, named, scoring_of, seeds


@dataclass(frozen=True, repr=False, eq=False)
class Predicted:
    """The learners of `cross_predict`, their scores and predictions, as all functions of the package take them.

    Two of many learners are `found["old", "new"]`, by their names.

    Attributes
    ----------
    names : list of str
        Those of the learners.
    settings : dict of lists
        The values of each key by learner.
    scores : array of shape (n_learners, n_splits)
        NaN for a fit that has failed.
    predictions : array of shape (n_learners, n_splits, n_rows)
        Missing for the rows that a split does not test, with a last axis for the classes if they are probabilities.
    y, groups : array of shape (n_rows,)
        The target, and which rows belong together, or None.
    metric : str or callable
        How the splits are scored: a name of scikit-learn, a function of y and the predictions, or None for another
        function.
    cv : list or splitter
        The splits.
    notes : list of str
        Sentences, such as which fits have failed.
    n_features_in_ : int
        How many inputs there are, 0 if that is not known.

    Examples
    --------
    >>> from resampled import Scores, cross_predict
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.dummy import DummyClassifier
    >>> from sklearn.naive_bayes import GaussianNB
    >>> X, y = load_iris(return_X_y=True)
    >>> learners = {"guess": DummyClassifier(), "bayes": GaussianNB(), "smooth": GaussianNB(var_smoothing=0.1)}
    >>> found = cross_predict(learners, X, y, cv=5)
    >>> found["smooth", "bayes"].names
    ['smooth', 'bayes']
    >>> Scores(found["guess", "bayes"]).verdict().word
    'better'
    """

    names: list[str]
    settings: dict[str, list[Any]]
    scores: np.ndarray
    predictions: np.ndarray
    y: np.ndarray
    groups: np.ndarray | None
    metric: Any
    cv: Any
    notes: list[str]
    n_features_in_: int

    def __repr__(self) -> str:
        """Return the names and the mean scores, the best first."""
        n_learners, n_splits = self.scores.shape
        means = self.scores.mean(axis=1)
        lines = [f"{n_learners} learners on {n_splits} splits, by mean score"]
        for i in np.argsort(-means, kind="stable"):
            lines.append(f"{self.names[i]}: {means[i]:.4g}")
        return "\n".join(lines)

    def __getitem__(self, names: Sequence[str]) -> "Predicted":
        """Return some of the learners, such as the two of a verdict: `found["old", "new"]`."""
        own = [self.names.index(name) for name in names]
        settings = {}
        for key, values in self.settings.items():
            settings[key] = [values[i] for i in own]
        return replace(
            self,
            names=list(names),
            settings=settings,
            scores=self.scores[own],
            predictions=self.predictions[own],
        )


class _Told(float):
    """A score, with what the model has predicted; scikit-learn takes nothing but numbers."""

    predicted: np.ndarray


@dataclass(frozen=True)
class _Teller:
    """A scorer whose scores have predictions, so that they are made where the model is, and no model is kept."""

    scorer: Any
    metric: Metric | None
    classes: np.ndarray | None

    def __call__(self, model: Any, X: Any, y: Any) -> float:
        responses = self.metric.responses if self.metric else ()
        known = [name for name in responses if hasattr(model, name)]
        response = known[0] if known else "predict"
        answers = np.asarray(getattr(model, response)(X))
        if response == "predict" and self.metric:
            # As the scorer does, without another prediction.
            told = _Told(self.metric.function(y, answers))
        else:
            told = _Told(self.scorer(model, X, y))
        if response == "predict":
            told.predicted = np.ravel(answers)
        elif response == "decision_function" and answers.ndim == 1:
            told.predicted = np.column_stack([-answers, answers])
        else:
            least = 0 if response == "predict_proba" else answers.min()
            classes = getattr(model, "classes_", None)
            told.predicted = self._of_all(answers, classes, least)
        return told

    def _of_all(
        self, answers: np.ndarray, known: np.ndarray | None, least: float
    ) -> np.ndarray:
        """Return a column for each class, in their order, also for those that the training rows lack."""
        if self.classes is None or known is None or np.array_equal(known, self.classes):
            return answers
        columns = np.full((len(answers), len(self.classes)), least, dtype=answers.dtype)
        columns[:, np.searchsorted(self.classes, known)] = answers
        return columns


def cross_predict(learners: Any, X: Any, y: Any, *, cv: Any = None, groups: Any = None, scoring: Any = None,
        n_jobs: int | None = None, random_state: int | None = None) -> Predicted:  # fmt: skip
    """Fit learners on the same splits, and return their scores and predictions as the other functions take them.

    All fits are handed to joblib at once, as those of a search, so a backend runs them side by side. The models are not
    kept. A fit that fails has no score, and its learner is not compared.

    Parameters
    ----------
    learners : fitted search, estimator, dict or list
        The candidates of a search; or estimators by name, in pairs of name and estimator, or in a list.
    X, y : array-like, of n rows each
        Rows and their target.
    cv : int, splitter or splits, optional
        As in scikit-learn; by default that of the search, or five folds. It is drawn once, so all learners share it.
    groups : array of shape (n_rows,), optional
        Which rows belong together; `cv` and the statistics respect that.
    scoring : str or callable, optional
        As in scikit-learn; by default that of the search, or accuracy and R². Rows count for a function from
        `make_scorer`, too, but not for another one of (estimator, X, y).
    n_jobs : int, optional
        As in scikit-learn; by default that of the search.
    random_state : int, optional
        Gives each split a number of its own for every `random_state` of a learner, which otherwise is what it is: the
        same on all splits if it is a number, so that no error allows for its luck.

    Returns
    -------
    Predicted
        The scores and predictions, which `Scores` and `summary` take; printed, the mean scores.

    Raises
    ------
    ValueError
        If the target, the learners or the splits are not what they can be.

    See Also
    --------
    Scores.verdict : Judges whether one of two learners is better.

    Examples
    --------
    >>> from resampled import cross_predict
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.dummy import DummyClassifier
    >>> from sklearn.naive_bayes import GaussianNB
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> found = cross_predict({"guess": DummyClassifier(), "bayes": GaussianNB()}, X, y, cv=5)
    >>> print(found)
    2 learners on 5 splits, by mean score
    bayes: 0.9385
    guess: 0.6274
    >>> found.predictions.shape
    (2, 5, 569)
    """
    from sklearn.base import clone, is_classifier  # takes a second to import
    from sklearn.metrics import get_scorer
    from sklearn.model_selection import TimeSeriesSplit, check_cv
    from sklearn.utils.parallel import Parallel

    if hasattr(learners, "cv_results_"):
        names, estimators, settings = candidates(learners)
        cv = learners.cv if cv is None else cv
        scoring = scoring_of(learners) if scoring is None else scoring
        n_jobs = learners.n_jobs if n_jobs is None else n_jobs
    else:
        names, estimators, settings = named(learners)
    classify = is_classifier(estimators[0])
    target = np.asarray(y)
    if target.size != len(target):
        raise ValueError(
            f"y has the shape {target.shape}; give one target for each row, (n_rows,)."
        )
    splitter = check_cv(cv, y, classifier=classify)
    splits = list(splitter.split(X, y, groups))
    if not splits:
        raise ValueError(
            "cv= has no splits; give a splitter or a list, because an iterator can be used only once."
        )
    scoring = scoring or ("accuracy" if classify else "r2")
    scorer = get_scorer(scoring)
    metric = metric_of(scorer)
    teller = _Teller(scorer, metric, np.unique(target) if classify else None)
    how = {"scorer": teller, "error_score": np.nan}
    drawn = _drawn(len(splits), random_state)
    calls = []
    for estimator in estimators:
        own = seeds(estimator)
        for (train, test), seed in zip(splits, drawn, strict=True):
            how |= {"train": train, "test": test}
            how["parameters"] = None if seed is None else dict.fromkeys(own, seed)
            calls.append(fit_and_score(clone(estimator), X, y, **how))
    results = Parallel(n_jobs=n_jobs)(calls)
    told = [each["test_scores"] for each in results]
    notes = luck_notes(estimators) if random_state is None else []
    for i, name in enumerate(names):
        notes += _failed(name, results[i * len(splits) : (i + 1) * len(splits)])
    shape = len(estimators), len(splits)
    predictions = _by_row(told, [test for _, test in splits], len(target))
    return Predicted(
        names=names,
        settings=settings,
        scores=np.array(told, dtype=float).reshape(shape),
        predictions=predictions.reshape(*shape, *predictions.shape[1:]),
        y=np.ravel(target),
        groups=None if groups is None else np.asarray(groups),
        metric=scoring if isinstance(scoring, str) else metric and metric.function,
        cv=splitter if isinstance(splitter, TimeSeriesSplit) else splits,
        notes=notes,
        n_features_in_=_width(X),
    )


def _drawn(n_splits: int, random_state: int | None) -> list[Any]:
    """Return a number for each split, so that each has a luck of its own; None if there is no `random_state`."""
    if random_state is None:
        return [None] * n_splits
    numbers = np.random.SeedSequence(random_state).generate_state(n_splits)
    return list(map(int, numbers % 2**31))


def _width(X: Any) -> int:
    shape: Any = getattr(X, "shape", ())
    return int(shape[1]) if len(shape) == 2 else 0


def _failed(name: str, results: Sequence[Any]) -> list[str]:
    """Say how many fits of a learner have failed, and the error of the first one."""
    errors = [each["fit_error"] for each in results if each["fit_error"]]
    if not errors:
        return []
    last = errors[0].splitlines()[-1]
    return [f"{len(errors)} of {len(results)} fits of {name} failed: {last}."]


def _by_row(
    told: Sequence[Any], tests: Sequence[np.ndarray], n_rows: int
) -> np.ndarray:
    """Return the predictions of all fits by row; missing where there is none: NaN, or None beside words."""
    made = {}
    for fit, score in enumerate(told):
        if isinstance(score, _Told):
            made[fit] = score.predicted
    columns = {each.shape[1:] for each in made.values()}
    if len(columns) > 1:
        raise ValueError(
            f"The learners' predictions have columns of different numbers: {sorted(columns)}."
        )
    dtypes = [each.dtype for each in made.values()]
    dtype = np.result_type(*dtypes) if made else np.dtype(float)
    missing: Any = np.nan
    if dtype.kind in "biu":
        dtype = np.dtype(float)
    elif dtype.kind != "f":
        dtype = np.dtype(object)
        missing = None
    shape = len(told), n_rows, *next(iter(columns), ())
    filled = np.full(shape, missing, dtype=dtype)
    for fit, predicted in made.items():
        filled[fit, tests[fit % len(tests)]] = predicted
    return filled
