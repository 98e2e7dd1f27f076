"""What is to be fitted: the candidates of a search, or estimators by name; and which of their seeds are fixed."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np


class Learners(NamedTuple):
    """Estimators with their names, and by key the settings in which they differ."""

    names: list[str]
    estimators: list[Any]
    settings: dict[str, list[Any]]


def named(learners: Any) -> Learners:
    """Return estimators by name, in pairs, in a list, or one; their names are the one setting."""
    if isinstance(learners, Mapping):
        learners = list(learners.items())
    elif not isinstance(learners, list | tuple):
        learners = [learners]
    names, estimators = [], []
    for each in learners:
        name, estimator = (
            each if isinstance(each, tuple) else (type(each).__name__, each)
        )
        names.append(str(name))
        estimators.append(estimator)
    if not names or not all(hasattr(each, "fit") for each in estimators):
        raise ValueError(
            f"{learners!r:.100} is not what can be fitted; give estimators by name, or a fitted search."
        )
    return Learners(names, estimators, {"learner": [*names]})


def candidates(search: Any) -> Learners:
    """Return the candidates of a search by their numbers, after halving those of the last iteration."""
    from sklearn.base import clone  # takes a second to import

    given = search.cv_results_["params"]
    iterations = np.asarray(search.cv_results_.get("iter", np.zeros(len(given))))
    own = np.flatnonzero(iterations == iterations.max()).tolist()
    settings: dict[str, list[Any]] = {}
    for key in sorted({key for i in own for key in given[i]}):
        settings[key] = [given[i].get(key, np.nan) for i in own]
    estimators = []
    for i in own:
        params = clone(given[i], safe=False)
        estimators.append(clone(search.estimator).set_params(**params))
    return Learners(list(map(str, own)), estimators, settings)


def scoring_of(search: Any) -> Any:
    """Return by which of its scorers a search has chosen."""
    scoring = search.scoring
    if scoring is None or isinstance(scoring, str) or callable(scoring):
        return scoring
    if not isinstance(search.refit, str):
        raise ValueError(
            f"Of the scorers {[*scoring]}, which one is meant is not known; give scoring=."
        )
    return scoring[search.refit] if isinstance(scoring, Mapping) else search.refit


def seeds(estimator: Any) -> dict[str, Any]:
    """Return what an estimator, and those inside of it, have as their `random_state`."""
    known = estimator.get_params() if hasattr(estimator, "get_params") else {}
    name = "random_state"
    return {key: known[key] for key in known if key.rpartition("__")[2] == name}


def luck_notes(estimators: Sequence[Any]) -> list[str]:
    """Say which `random_state` is fixed; scikit-learn copies it for each split, also one that draws."""
    notes = {}
    for estimator in estimators:
        for name, value in seeds(estimator).items():
            if value is not None:
                notes[name] = (
                    f"Chance in training is the same on every split, because {name}={value!r}, and no error allows for "
                    "it: leave it None, or give cross_predict a random_state."
                )
    return list(notes.values())
