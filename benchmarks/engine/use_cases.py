"""Thirty uses of a small net in scikit-learn, each as a call that returns numbers. Imports nothing of this project."""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import make_classification, make_regression
from sklearn.ensemble import (
    BaggingClassifier,
    BaggingRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.experimental import enable_halving_search_cv  # noqa: F401 (lets HalvingGridSearchCV be imported)
from sklearn.feature_selection import RFECV, SequentialFeatureSelector
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    StratifiedKFold,
    TunedThresholdClassifierCV,
    cross_val_predict,
    cross_val_score,
    cross_validate,
    learning_curve,
    permutation_test_score,
    validation_curve,
)
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier, OutputCodeClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier, MultiOutputRegressor, RegressorChain
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from skorch import NeuralNetClassifier, NeuralNetRegressor
from skorch.callbacks import InputShapeSetter
from torch import Tensor, nn

N, N_COLUMNS = 300, 8


class MLP(nn.Module):
    """One hidden layer of 12; a net of one output gives a number for each row."""

    def __init__(self, n_in: int = N_COLUMNS, n_out: int = 2) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(n_in, 12), nn.Linear(12, n_out)

    def forward(self, X: Tensor) -> Tensor:
        """Map rows to logits, or to numbers."""
        return self.last(torch.relu(self.first(X))).squeeze(-1)


SHARED: dict[str, Any] = {"max_epochs": 10, "batch_size": 32, "train_split": None, "verbose": 0}


def classifier(**settings: Any) -> NeuralNetClassifier:
    """Return a net for two classes."""
    return NeuralNetClassifier(MLP, criterion=nn.CrossEntropyLoss, **SHARED | {"lr": 0.1} | settings)


def of_any_width(**settings: Any) -> NeuralNetClassifier:
    """Return a net for two classes and any number of columns."""
    return classifier(callbacks=[InputShapeSetter(param_name="n_in")], **settings)


def regressor(**settings: Any) -> NeuralNetRegressor:
    """Return a net for numbers."""
    return NeuralNetRegressor(MLP, module__n_out=1, **SHARED | {"lr": 0.01} | settings)


def _as_float32(rows: Any) -> Any:
    return np.asarray(rows, dtype=np.float32)


def scaled(net: Any) -> Any:
    """Return a net behind a scaler."""
    return make_pipeline(FunctionTransformer(_as_float32), StandardScaler(), net)


def several(net: Callable[..., Any], rates: list[float]) -> list[tuple[str, Any]]:
    """Return named nets of several learning rates."""
    return [(f"lr{i}", net(lr=rate)) for i, rate in enumerate(rates)]


def importance(net: Any) -> np.ndarray:
    """Return how much a net's first layer weighs each column."""
    return np.abs(net.module_.first.weight.detach().numpy()).sum(0)


X, y = make_classification(N, N_COLUMNS, random_state=0)
X, y3 = X.astype(np.float32), make_classification(N, N_COLUMNS, n_informative=5, n_classes=3, random_state=0)[1]
XR, _z = make_regression(N, N_COLUMNS, random_state=0)
XR, z = XR.astype(np.float32), (_z / _z.std()).astype(np.float32)
Y2, Z2 = np.c_[y, y3 > 0].astype(np.int64), np.c_[z, z**2].astype(np.float32)
CV, RATES, SLOW = StratifiedKFold(5), [0.05, 0.1, 0.2], [0.003, 0.01, 0.03]
# Shows small differences between nets, unlike an accuracy.
LOSS = "neg_log_loss"


def proba(estimator: Any) -> np.ndarray:
    """Fit an ensemble, and return its probabilities."""
    return np.asarray(estimator.fit(X, y).predict_proba(X))


def numbers(estimator: Any) -> np.ndarray:
    """Fit an ensemble for numbers, and return what it predicts."""
    return np.asarray(estimator.fit(XR, z).predict(XR))


def tuned(estimator: Any, prefix: str = "", cv: Any = CV, rates: Any = RATES, **options: Any) -> Any:
    """Return a grid search over learning rates."""
    return GridSearchCV(estimator, {f"{prefix}lr": rates}, cv=cv, **{"scoring": LOSS} | options)


def searched(search: Any, rows: Any = X, target: Any = y) -> np.ndarray:
    """Run a search, and return its mean scores."""
    return np.asarray(search.fit(rows, target).cv_results_["mean_test_score"])


def _threshold() -> np.ndarray:
    tuned = TunedThresholdClassifierCV(classifier(), cv=5, random_state=0).fit(X, y)
    return np.array([tuned.best_threshold_, tuned.best_score_])


def _bayes() -> np.ndarray:
    from skopt import BayesSearchCV

    space = {"lr": (0.01, 0.3, "log-uniform")}
    return searched(BayesSearchCV(classifier(), space, n_iter=6, n_points=3, cv=5, random_state=0))


def _study() -> np.ndarray:
    import optuna

    def objective(trial: Any) -> float:
        net = classifier(lr=trial.suggest_float("lr", 0.01, 0.3, log=True))
        return float(cross_val_score(net, X, y, cv=CV).mean())

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0), direction="maximize")
    study.optimize(objective, n_trials=6)
    return np.array([trial.value for trial in study.trials])


def _cubed(rows: Any) -> Any:
    return rows**3


_root_of_target = TransformedTargetRegressor(regressor(), func=np.cbrt, inverse_func=_cubed, check_inverse=False)
_scaled_number = scaled(regressor(callbacks=[InputShapeSetter(param_name="n_in")]))
_five_bags = BaggingClassifier(classifier(), n_estimators=5, random_state=0)
_halving = {"cv": 5, "random_state": 0, "min_resources": 80, "factor": 2, "scoring": LOSS}
_drawn = {"n_iter": 3, "cv": 5, "random_state": 0}

# By name: a call that fits nets inside of scikit-learn, and returns numbers that follow from them.
CASES: dict[str, Callable[[], Any]] = {
    # Searches and cross-validations.
    "GridSearchCV": lambda: searched(tuned(classifier())),
    "RandomizedSearchCV, pipeline, regressor": lambda: searched(
        RandomizedSearchCV(scaled(regressor()), {"neuralnetregressor__lr": SLOW}, **_drawn), XR, z
    ),
    "HalvingGridSearchCV": lambda: searched(HalvingGridSearchCV(classifier(), {"lr": [0.01, 0.3, *RATES]}, **_halving)),
    "GridSearchCV, TransformedTargetRegressor": lambda: searched(
        tuned(_root_of_target, "regressor__", 5, SLOW, scoring=None), XR, z
    ),
    "cross_validate, pipeline": lambda: cross_validate(scaled(classifier()), X, y, cv=10, scoring=LOSS)["test_score"],
    "cross_val_predict": lambda: cross_val_predict(classifier(), X, y, cv=CV, method="predict_proba"),
    "learning_curve": lambda: np.r_[learning_curve(classifier(), X, y, cv=CV, scoring=LOSS)[1:3]],
    "validation_curve": lambda: np.r_[
        validation_curve(classifier(), X, y, param_name="lr", param_range=RATES, cv=CV, scoring=LOSS)
    ],
    "permutation_test_score": lambda: permutation_test_score(
        classifier(), X, y, cv=CV, n_permutations=8, random_state=0, scoring=LOSS
    )[1],
    "nested: cross_val_score of GridSearchCV": lambda: cross_val_score(
        tuned(classifier(), cv=3), X, y, cv=CV, scoring=LOSS
    ),
    # Selections of columns.
    "SequentialFeatureSelector": lambda: (
        SequentialFeatureSelector(of_any_width(), n_features_to_select=3, cv=5).fit(X, y).get_support()
    ),
    "RFECV": lambda: searched(
        RFECV(of_any_width(), min_features_to_select=4, cv=CV, scoring=LOSS, importance_getter=importance)
    ),
    # Ensembles.
    "BaggingClassifier of 40": lambda: proba(BaggingClassifier(classifier(), n_estimators=40, random_state=0)),
    "BaggingClassifier, pipelines": lambda: proba(
        BaggingClassifier(scaled(classifier()), n_estimators=10, random_state=0)
    ),
    "BaggingRegressor, half of the rows": lambda: numbers(
        BaggingRegressor(regressor(), n_estimators=10, max_samples=0.5, random_state=0)
    ),
    "VotingClassifier": lambda: proba(VotingClassifier(several(classifier, RATES), voting="soft")),
    "VotingRegressor, pipelines": lambda: numbers(
        VotingRegressor([(name, scaled(net)) for name, net in several(regressor, SLOW)])
    ),
    "StackingClassifier": lambda: proba(StackingClassifier(several(classifier, RATES), LogisticRegression(), cv=5)),
    "StackingRegressor": lambda: numbers(StackingRegressor(several(regressor, SLOW), Ridge(), cv=5)),
    "cross_val_score of BaggingClassifier": lambda: cross_val_score(_five_bags, X, y, cv=3, scoring=LOSS),
    "GridSearchCV of BaggingClassifier": lambda: searched(tuned(_five_bags, "estimator__", 3, refit=False)),
    # Several targets, and several classes by nets for two.
    "MultiOutputClassifier": lambda: MultiOutputClassifier(classifier()).fit(X, Y2).predict_proba(X),
    "MultiOutputRegressor": lambda: MultiOutputRegressor(regressor()).fit(XR, Z2).predict(XR),
    "ClassifierChain, cv": lambda: ClassifierChain(scaled(of_any_width()), cv=5).fit(X, Y2).predict_proba(X),
    "RegressorChain, cv": lambda: RegressorChain(_scaled_number, cv=5).fit(XR, Z2).predict(XR),
    "OneVsRestClassifier": lambda: OneVsRestClassifier(classifier()).fit(X, y3).predict_proba(X),
    "OneVsOneClassifier": lambda: OneVsOneClassifier(classifier()).fit(X, y3).decision_function(X),
    "OutputCodeClassifier": lambda: (
        OutputCodeClassifier(classifier(), code_size=4, random_state=0).fit(X, y3).predict(X)
    ),
    # Probabilities and thresholds.
    "CalibratedClassifierCV": lambda: proba(CalibratedClassifierCV(classifier(), cv=5)),
    "CalibratedClassifierCV, ensemble=False": lambda: proba(CalibratedClassifierCV(classifier(), cv=5, ensemble=False)),
    "TunedThresholdClassifierCV": _threshold,
    "GridSearchCV of CalibratedClassifierCV": lambda: searched(
        tuned(CalibratedClassifierCV(classifier(), cv=3), "estimator__", 3, refit=False)
    ),
}
# Other packages' searches, where these are installed.
CASES |= {"BayesSearchCV of skopt": _bayes} if find_spec("skopt") else {}
CASES |= {"Optuna's study of cross_val_score": _study} if find_spec("optuna") else {}
