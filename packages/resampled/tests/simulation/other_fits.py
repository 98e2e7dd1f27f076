"""Learners of scikit-learn, fitted split by split, which takes a hundred times as long as those of `fits`."""

from collections.abc import Callable

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.ensemble import RandomForestClassifier
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from packages.resampled.tests.simulation.fits import Fit


def of_sklearn(make: Callable[[], BaseEstimator]) -> Fit:
    """Return a learner whose fits have seeds of their own, if they take any; it predicts the rows of the test."""

    def fit(
        X: np.ndarray, y: np.ndarray, train: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        predicted = np.zeros(train.shape)
        for split, own in enumerate(train):
            estimator = make()
            if "random_state" in estimator.get_params():
                estimator.set_params(random_state=int(rng.integers(2**31)))
            predicted[split, ~own] = estimator.fit(X[own], y[own]).predict(X[~own])
        return predicted

    return fit


OTHERS: dict[str, Fit] = {
    "support vectors": of_sklearn(SVC),
    "support vectors for numbers": of_sklearn(SVR),
    "full tree": of_sklearn(DecisionTreeClassifier),
    "full tree for numbers": of_sklearn(DecisionTreeRegressor),
    "forest of 10": of_sklearn(lambda: RandomForestClassifier(10)),
    "logistic regression": of_sklearn(LogisticRegression),
    "kernel ridge": of_sklearn(lambda: KernelRidge(alpha=0.1, kernel="rbf")),
}
