"""Whatever scikit-learn does with nets goes in stacks, and gives what skorch gives one by one under the same seeds."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    BaggingClassifier,
    BaggingRegressor,
    RandomForestClassifier,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.feature_selection import RFECV
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    GridSearchCV,
    TunedThresholdClassifierCV,
    cross_val_predict,
    cross_val_score,
    permutation_test_score,
)
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier, OutputCodeClassifier
from sklearn.multioutput import MultiOutputClassifier, MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from lockstep.grouping.trial import prove
from tests.lockstep.calls.nets import NUMBERS, THREE, Sized, X, both_ways, classifier, regressor, under_lockstep, y

RATES = (0.05, 0.1, 0.2)


def named(make: Callable[..., Any] = classifier, scale: float = 1.0) -> list[tuple[str, Any]]:
    return [(f"net {rate}", make(lr=rate * scale)) for rate in RATES]


def scaled(**settings: Any) -> Any:
    return make_pipeline(StandardScaler(), classifier(**settings))


def importance(net: Any) -> np.ndarray:
    weights: np.ndarray = np.abs(net.module_.layers[0].weight.detach().numpy()).sum(0)
    return weights


def proba(estimator: Any, labels: np.ndarray = y) -> np.ndarray:
    return np.asarray(estimator.fit(X, labels).predict_proba(X))


OUTPUTS = np.c_[y, X[:, 0] > 0].astype(np.int64)
FLAT = NUMBERS.ravel()


def columns() -> TransformedTargetRegressor:
    """Return a net that takes one-dimensional targets."""
    return TransformedTargetRegressor(regressor(), transformer=StandardScaler())


# What is fitted, how many nets go into stacks at least, and into how many stacks at most.
USES: dict[str, tuple[Callable[[], Any], int, int]] = {
    "bagging": (lambda: proba(BaggingClassifier(classifier(), 10, random_state=0)), 10, 1),
    "bagging of pipelines": (lambda: proba(BaggingClassifier(scaled(), 6, max_samples=0.5, random_state=0)), 6, 1),
    "bagging with dropout": (lambda: BaggingClassifier(classifier(), 4, random_state=0).fit(X, y).predict(X), 4, 1),
    "bagging of features": (
        lambda: proba(BaggingClassifier(classifier(wrapper=Sized), 6, max_features=0.5, random_state=0)),
        6,
        1,
    ),
    "bagging of numbers": (
        lambda: BaggingRegressor(columns(), 4, random_state=0).fit(X, FLAT).predict(X),
        4,
        1,
    ),
    "voting": (lambda: proba(VotingClassifier(named(), voting="soft")), 3, 1),
    "voting beside a forest": (
        lambda: proba(
            VotingClassifier([*named(), ("forest", RandomForestClassifier(5, random_state=0))], voting="soft")
        ),
        3,
        1,
    ),
    "voting on numbers": (
        lambda: VotingRegressor([("one", columns()), ("other", columns())]).fit(X, FLAT).predict(X),
        2,
        1,
    ),
    "stacking": (lambda: proba(StackingClassifier(named(), LogisticRegression(), cv=3)), 12, 2),
    "stacking on numbers": (
        lambda: StackingRegressor([("one", columns()), ("other", columns())], Ridge(), cv=3).fit(X, FLAT).predict(X),
        8,
        2,
    ),
    "several outputs": (lambda: proba(MultiOutputClassifier(classifier()), OUTPUTS), 2, 1),
    "several numbers": (
        lambda: MultiOutputRegressor(columns()).fit(X, np.c_[FLAT, -FLAT, FLAT**2]).predict(X),
        3,
        1,
    ),
    "one against the rest": (lambda: OneVsRestClassifier(classifier()).fit(*THREE).predict_proba(X), 3, 1),
    "one against one": (lambda: OneVsOneClassifier(classifier()).fit(*THREE).decision_function(X), 3, 3),
    "output codes": (lambda: OutputCodeClassifier(classifier(), random_state=0).fit(*THREE).predict(X), 3, 1),
    "calibration": (lambda: proba(CalibratedClassifierCV(classifier(), cv=4)), 4, 1),
    "tuned threshold": (
        lambda: TunedThresholdClassifierCV(classifier(), cv=4, random_state=0).fit(X, y).best_threshold_,
        4,
        1,
    ),
    "permutations": (
        lambda: permutation_test_score(classifier(), X, y, cv=3, n_permutations=6, random_state=0)[1],
        18,
        3,
    ),
    "elimination of features": (
        lambda: (
            RFECV(classifier(wrapper=Sized), min_features_to_select=4, cv=3, importance_getter=importance)
            .fit(X, y)
            .cv_results_["mean_test_score"]
        ),
        9,
        3,
    ),
    "bagging in a cross-validation": (
        lambda: cross_val_score(BaggingClassifier(classifier(), 3, random_state=0), X, y, cv=3),
        9,
        1,
    ),
    "calibration in a grid": (
        lambda: (
            GridSearchCV(CalibratedClassifierCV(classifier(), cv=2), {"estimator__lr": RATES}, cv=2, refit=False)
            .fit(X, y)
            .cv_results_["mean_test_score"]
        ),
        12,
        1,
    ),
    "grids in a cross-validation": (
        lambda: cross_val_score(GridSearchCV(classifier(), {"lr": RATES}, cv=2), X, y, cv=3),
        21,
        2,
    ),
    "grids in a bagging": (
        lambda: proba(BaggingClassifier(GridSearchCV(classifier(), {"lr": RATES}, cv=2), 3, random_state=0)),
        21,
        2,
    ),
    "predictions of votes": (
        lambda: cross_val_predict(VotingClassifier(named(), voting="soft"), X, y, cv=3, method="predict_proba"),
        9,
        1,
    ),
}


# One of each kind; `make test-all` tries all.
_SAMPLE = (
    *("bagging of features", "voting beside a forest", "stacking on numbers", "several outputs", "calibration"),
    *("permutations", "elimination of features", "bagging in a cross-validation", "grids in a cross-validation"),
)


@pytest.mark.parametrize("use", [pytest.param(use, marks=[] if use in _SAMPLE else [pytest.mark.long]) for use in USES])
def test_nets_go_in_stacks(use: str) -> None:
    run, n_nets, n_stacks = USES[use]
    counts = both_ways(run)
    assert counts.stacked == n_nets
    assert len(counts.stacks) <= n_stacks
    assert counts.told == []


def test_nets_in_pipelines_have_one_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    proven: list[Any] = []

    def proving(*args: Any, **kwargs: Any) -> Any:
        proven.append(args)
        return prove(*args, **kwargs)

    monkeypatch.setattr("lockstep.grouping.groups.prove", proving)
    _, counts = under_lockstep(lambda: BaggingClassifier(scaled(), 4, random_state=0).fit(X, y))
    assert (counts.stacks, len(proven)) == ([4], 1)
