"""Whatever scikit-learn runs through joblib works under the backend: its own tests, and its other searches."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from joblib import parallel_config
from sklearn.experimental import enable_halving_search_cv  # noqa: F401 (makes them importable)
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    cross_val_predict,
    cross_val_score,
    cross_validate,
)
from sklearn.model_selection.tests import test_search, test_validation
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch.callbacks import EarlyStopping
from torch import Tensor

import lockstep.search
from packages.lockstep.tests.cases.base import LABELS, X, classifier
from packages.lockstep.tests.package import PACKAGE
from packages.lockstep.tests.searches import numbers_of

MODULES = """model_selection.tests.test_search model_selection.tests.test_validation
model_selection.tests.test_successive_halving ensemble.tests.test_bagging ensemble.tests.test_voting
ensemble.tests.test_stacking tests.test_multioutput tests.test_multiclass tests.test_calibration""".split()
# Tests of how fits come back, fail, are refitted and are nested. `make test-all` runs all tests of the modules.
SAMPLE = {
    test_search: """grid_search grid_search_failing_classifier grid_search_classifier_all_fits_fail
    grid_search_failing_classifier_raise grid_search_cv_splits_consistency grid_search_cv_results_multimetric
    random_search_cv_results refit_callable_multi_metric search_cv_timing search_train_scores_set_to_false
    custom_run_search empty_cv_iterator_error pickle""",
    test_validation: """cross_validate_nested_estimator cross_val_score_with_score_func_regression
    cross_val_predict_with_method permutation_test_score_params learning_curve_incremental_learning validation_curve""",
}
GRID: dict[str, list[Any]] = {"lr": [0.5, 0.1, 0.02, 0.004]}
OPTIONS: dict[str, Any] = {"cv": 3, "scoring": "accuracy"}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("module", "name"),
    [(module, name) for module, names in SAMPLE.items() for name in names.split()],
)
def test_a_sample_of_its_own_tests_passes(module: ModuleType, name: str) -> None:
    test = getattr(module, f"test_{name}", None)
    if test is None:
        pytest.skip(f"this scikit-learn has no test_{name}")
    with parallel_config(backend="lockstep", random_state=3):
        test()


@pytest.mark.long
@pytest.mark.parametrize("module", MODULES)
def test_its_own_tests_pass(module: str, tmp_path: Path) -> None:
    options = "-q -p packages.lockstep.tests.oracles.under_lockstep -p no:cacheprovider -c /dev/null --rootdir".split()
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", *options),
            *(str(tmp_path), "--pyargs", f"sklearn.{module}"),
        ],
        cwd=PACKAGE.parents[1],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-6000:]
    assert " passed" in done.stdout


pytestmark = pytest.mark.usefixtures("float64")


def net() -> Any:
    return classifier(iterator_train__shuffle=True)


def results(search: Any) -> dict[str, Any]:
    found = search.fit(X, LABELS)
    kept = {
        key: column
        for key, column in found.cv_results_.items()
        if "time" not in key and "param" not in key
    }
    kept["params"] = [
        str(sorted(params.items())) for params in found.cv_results_["params"]
    ]
    return kept | {
        "best": found.best_estimator_.predict_proba(X),
        "index": found.best_index_,
    }


def randomized() -> dict[str, Any]:
    return results(
        RandomizedSearchCV(
            net(), GRID, n_iter=3, random_state=0, return_train_score=True, **OPTIONS
        )
    )


def halving() -> dict[str, Any]:
    return results(
        HalvingGridSearchCV(
            net(), GRID, random_state=0, factor=2, min_resources=24, **OPTIONS
        )
    )


def validated() -> dict[str, Any]:
    """Return scores and the nets: those that stop early keep their own numbers while others go on."""
    stop = EarlyStopping(patience=1)
    found = cross_validate(
        make_pipeline(
            StandardScaler(),
            classifier(optimizer=torch.optim.NAdam, max_epochs=30, callbacks=[stop]),
        ),
        X,
        LABELS,
        cv=4,
        scoring=["accuracy", "roc_auc"],
        return_estimator=True,
        return_train_score=True,
    )
    kept = {key: found[key] for key in found if key.startswith(("test_", "train_"))}
    for i, estimator in enumerate(found["estimator"]):
        numbers = numbers_of(estimator[-1])
        kept |= {
            f"net {i}, {key}": value
            for key, value in numbers.items()
            if isinstance(value, Tensor | float | int)
        }
    return kept


def predicted() -> dict[str, Any]:
    return {
        method: cross_val_predict(net(), X, LABELS, cv=3, method=method)
        for method in ("predict", "predict_proba")
    }


def nested() -> dict[str, Any]:
    return {
        "scores": cross_val_score(GridSearchCV(net(), GRID, **OPTIONS), X, LABELS, cv=3)
    }


@pytest.mark.filterwarnings("error::lockstep.LockstepWarning")
@pytest.mark.parametrize("call", [randomized, halving, validated, predicted, nested])
def test_its_other_searches_give_what_skorch_gives(
    call: Callable[[], dict[str, Any]], noted: Any
) -> None:
    stacked = noted(lockstep.search, "hand_back", lambda *_: None)
    with parallel_config(backend="lockstep", random_state=3):
        ours = call()
    assert len(stacked) >= 3
    n_stacked = len(stacked)
    with parallel_config(backend="lockstep", random_state=3, stack=False):
        theirs = call()
    assert len(stacked) == n_stacked
    assert list(ours) == list(theirs)
    for key, value in theirs.items():
        if key == "params":
            assert ours[key] == value
        else:
            np.testing.assert_allclose(
                ours[key], value, rtol=1e-9, atol=1e-9, err_msg=str(key)
            )
