"""Fits several learners on the same splits; keeps their scores and what they predict of the rows that are tested."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from resampled._compat import Metric, fit_and_score, metric_of


@dataclass(frozen=True, repr=False, eq=False)
class Predicted:
    """The learners of `cross_predict`, their scores and predictions, as all functions of the package take them.

    `names` and, by key, `settings` are those of the learners; the scores have the shape (n_learners, n_splits), and
    the predictions (n_learners, n_splits, n_rows), with a last axis for the classes if they are probabilities; they are
    missing for the rows that a split does not test. `cv` has the splits, and `metric` tells how they are scored: a name
    of scikit-learn, a function of y and the predictions, or None for another function.
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
        means = self.scores.mean(axis=1)
        lines = [
            f"{self.names[i]}: {means[i]:.4g}"
            for i in np.argsort(-means, kind="stable")
        ]
        return "\n".join(
            [
                f"{len(means)} learners on {self.scores.shape[1]} splits, by mean score",
                *lines,
            ]
        )

    def __getitem__(self, names: Sequence[str]) -> "Predicted":
        """Return some of the learners, such as the two of a verdict: `found["old", "new"]`."""
        own = [self.names.index(name) for name in names]
        settings = {
            key: [values[i] for i in own] for key, values in self.settings.items()
        }
        chosen = [self.names[i] for i in own]
        return replace(
            self,
            names=chosen,
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
        response = next(
            name for name in (*responses, "predict") if hasattr(model, name)
        )
        answers = np.asarray(getattr(model, response)(X))
        if (
            response == "predict" and self.metric
        ):  # as the scorer, without another prediction
            told = _Told(self.metric.function(y, answers))
        else:
            told = _Told(self.scorer(model, X, y))
        if response == "predict":
            told.predicted = np.ravel(answers)
        elif response == "decision_function" and answers.ndim == 1:
            told.predicted = np.column_stack([-answers, answers])
        else:
            least = 0 if response == "predict_proba" else answers.min()
            told.predicted = self._of_all(
                answers, getattr(model, "classes_", None), least
            )
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
    X, y, groups : array-like
        Rows, their target, and, if rows belong together, their groups, which `cv` and the statistics respect.
    cv : int, splitter or splits, optional
        As in scikit-learn; by default that of the search, or five folds. It is drawn once, so all learners share it.
    scoring : str or callable, optional
        As in scikit-learn; by default that of the search, or accuracy and R². Rows count for a function from
        `make_scorer`, too, but not for another one of (estimator, X, y).
    n_jobs : int, optional
        As in scikit-learn; by default that of the search.
    random_state : int, optional
        Gives each split a number of its own for every `random_state` of a learner, which otherwise is what it is: the
        same on all splits if it is a number, so that no error allows for its luck.
    """
    from sklearn.base import clone, is_classifier  # takes a second to import
    from sklearn.metrics import get_scorer
    from sklearn.model_selection import TimeSeriesSplit, check_cv
    from sklearn.utils.parallel import Parallel

    names, estimators, settings = (
        _candidates(learners) if hasattr(learners, "cv_results_") else _named(learners)
    )
    if hasattr(learners, "cv_results_"):
        cv = learners.cv if cv is None else cv
        scoring = _scoring(learners) if scoring is None else scoring
        n_jobs = learners.n_jobs if n_jobs is None else n_jobs
    classify, target = is_classifier(estimators[0]), np.asarray(y)
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
    classes = np.unique(target) if classify else None
    teller = _Teller(scorer, metric, classes)
    calls = []
    for estimator in estimators:
        for (train, test), own in zip(
            splits, _own_numbers(estimator, len(splits), random_state), strict=True
        ):
            how = {
                "scorer": teller,
                "train": train,
                "test": test,
                "parameters": own,
                "error_score": np.nan,
            }
            calls.append(fit_and_score(clone(estimator), X, y, **how))
    results = Parallel(n_jobs=n_jobs)(calls)
    shape = len(estimators), len(splits)
    told = [each["test_scores"] for each in results]
    notes = luck_notes(estimators) if random_state is None else []
    for i, name in enumerate(names):
        notes += _failed(name, results[i * len(splits) : (i + 1) * len(splits)])
    return Predicted(
        names=names,
        settings=settings,
        scores=np.array(told, dtype=float).reshape(shape),
        predictions=_by_row(told, shape, [test for _, test in splits], len(target)),
        y=np.ravel(target),
        groups=None if groups is None else np.asarray(groups),
        metric=scoring if isinstance(scoring, str) else metric and metric.function,
        cv=splitter if isinstance(splitter, TimeSeriesSplit) else splits,
        notes=notes,
        n_features_in_=_width(X),
    )


def _named(learners: Any) -> tuple[list[str], list[Any], dict[str, list[Any]]]:
    """Return names and estimators, and the names as the one setting in which they differ."""
    if isinstance(learners, Mapping):
        pairs = list(learners.items())
    else:
        each = learners if isinstance(learners, list | tuple) else [learners]
        pairs = [
            one if isinstance(one, tuple) else (type(one).__name__, one) for one in each
        ]
    if not pairs or not all(hasattr(estimator, "fit") for _, estimator in pairs):
        raise ValueError(
            f"{learners!r:.100} is not what can be fitted; give estimators by name, or a fitted search."
        )
    names = [str(name) for name, _ in pairs]
    return names, [estimator for _, estimator in pairs], {"learner": [*names]}


def _candidates(search: Any) -> tuple[list[str], list[Any], dict[str, list[Any]]]:
    """Return the same of a search: its candidates by their numbers, after halving those of the last iteration."""
    from sklearn.base import clone

    candidates = search.cv_results_["params"]
    iterations = search.cv_results_.get("iter", [0] * len(candidates))
    own = [i for i, iteration in enumerate(iterations) if iteration == max(iterations)]
    estimators = [
        clone(search.estimator).set_params(**clone(candidates[i], safe=False))
        for i in own
    ]
    keys = sorted({key for i in own for key in candidates[i]})
    settings = {key: [candidates[i].get(key, np.nan) for i in own] for key in keys}
    return [str(i) for i in own], estimators, settings


def _scoring(search: Any) -> Any:
    """Return by which of its scorers a search has chosen."""
    if (
        isinstance(search.scoring, str)
        or callable(search.scoring)
        or search.scoring is None
    ):
        return search.scoring
    if not isinstance(search.refit, str):
        raise ValueError(
            f"Of the scorers {[*search.scoring]}, which one is meant is not known; give scoring=."
        )
    return (
        search.scoring[search.refit]
        if isinstance(search.scoring, Mapping)
        else search.refit
    )


def _seeds(estimator: Any) -> dict[str, Any]:
    """Return what an estimator, and those inside of it, have as their `random_state`."""
    known = estimator.get_params() if hasattr(estimator, "get_params") else {}
    return {
        name: value
        for name, value in known.items()
        if name.rpartition("__")[2] == "random_state"
    }


def _own_numbers(
    estimator: Any, n_splits: int, random_state: int | None
) -> list[dict[str, int] | None]:
    """Return the parameters that give each split a luck of its own; None where the estimator stays as it is."""
    if random_state is None:
        return [None] * n_splits
    drawn = np.random.SeedSequence(random_state).generate_state(n_splits) % 2**31
    return [dict.fromkeys(_seeds(estimator), int(seed)) for seed in drawn]


def luck_notes(estimators: Sequence[Any]) -> list[str]:
    """Say which `random_state` is fixed; scikit-learn copies it for each split, also one that draws."""
    fixed = {
        name: value
        for estimator in estimators
        for name, value in _seeds(estimator).items()
        if value is not None
    }
    return [
        f"Chance in training is the same on every split, because {name}={value!r}, and no error allows for it: leave "
        "it None, or give cross_predict a random_state."
        for name, value in fixed.items()
    ]


def _width(X: Any) -> int:
    shape: Any = getattr(X, "shape", ())
    return int(shape[1]) if len(shape) == 2 else 0


def _failed(name: str, results: Sequence[Any]) -> list[str]:
    """Say how many fits of a learner have failed, and the error of the first one."""
    errors = [each["fit_error"] for each in results if each["fit_error"]]
    told = f"{len(errors)} of {len(results)} fits of {name} failed"
    return [f"{told}: {errors[0].splitlines()[-1]}."] if errors else []


def _by_row(
    told: Sequence[Any],
    shape: tuple[int, int],
    tests: Sequence[np.ndarray],
    n_rows: int,
) -> np.ndarray:
    """Return the predictions of all fits by row; missing where there is none: NaN, or None beside words."""
    made = {
        fit: score.predicted
        for fit, score in enumerate(told)
        if isinstance(score, _Told)
    }
    further = {each.shape[1:] for each in made.values()} or {()}
    if len(further) > 1:
        raise ValueError(
            f"The learners' predictions have columns of different numbers: {sorted(further)}."
        )
    kind = (
        np.result_type(*(each.dtype for each in made.values()))
        if made
        else np.dtype(float)
    )
    is_word, is_float = kind.kind not in "biuf", kind.kind == "f"
    dtype = object if is_word else kind if is_float else float
    filled = np.full(
        (len(told), n_rows, *further.pop()), None if is_word else np.nan, dtype=dtype
    )
    for fit, predicted in made.items():
        filled[fit, tests[fit % len(tests)]] = predicted
    return filled.reshape(*shape, *filled.shape[1:])
