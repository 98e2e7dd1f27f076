"""A case's search under the backend, and all numbers of the nets that it trained, to compare them with others."""

import contextlib
import io
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from joblib import parallel_config
from sklearn.base import BaseEstimator
from sklearn.model_selection import GridSearchCV
from skorch import NeuralNet
from torch import Tensor
from torch.utils._pytree import tree_leaves

from lockstep import LockstepWarning, reads_only
from packages.lockstep.tests.cases.base import LABELS, RATES, Case, X, classifier

SEED = 3

ROWS = X.astype(np.float32)


def scores(estimator: Any, grid: Any, scoring: Any, stack: bool = True) -> list[float]:
    """Return the scores of a grid search, candidate by candidate."""
    with parallel_config(backend="lockstep", random_state=SEED, stack=stack):
        search = GridSearchCV(
            estimator, grid, cv=3, scoring=scoring, refit=False, error_score="raise"
        )
        found = search.fit(ROWS, LABELS).cv_results_
    return [
        float(found[f"split{i}_test_score"][k])
        for k in range(len(found["params"]))
        for i in range(3)
    ]


def search(
    kept: Path | None,
    counts: list[int] | None = None,
    rows: np.ndarray = ROWS,
    scoring: Any = "accuracy",
    **how: Any,
) -> list[bytes]:
    """Return the scores of a small search with a folder; `counts` gets how many nets are taken from there."""
    net = how.pop("net", None) or classifier()
    told: list[int] = []
    options = {"checkpoint": kept, "on_kept": lambda n, total: told.append(n)} | how
    with parallel_config(backend="lockstep", random_state=SEED, **options):
        found = (
            GridSearchCV(net, RATES, cv=3, scoring=scoring, refit=False)
            .fit(rows, LABELS)
            .cv_results_
        )
    if counts is not None:
        counts.append(told[0])
    return [found[f"split{i}_test_score"].tobytes() for i in range(3)]


def both_ways(search: Callable[[], Any]) -> tuple[Any, Any]:
    """Return what a search gives in lockstep, and what it gives by skorch alone under the same seeds."""
    results = []
    for stack in (True, False):
        with parallel_config(backend="lockstep", random_state=SEED, stack=stack):
            results.append(search())
    return results[0], results[1]


def check(
    estimator: Any, scorer: Any, grid: Any = RATES, rtol: float = 1e-4
) -> list[float]:
    """Compare what a scorer gives in lockstep and with skorch alone, and return it."""
    ours, theirs = (scores(estimator, grid, scorer, stack) for stack in (True, False))
    np.testing.assert_allclose(ours, theirs, rtol=rtol)
    return ours


def probability(net: Any, X: Any, y: Any = None) -> float:
    """Score a net by what it predicts for some rows."""
    return float(net.predict_proba(X)[:, 0].mean())


def fitted_net(estimator: Any) -> NeuralNet:
    """Return the net that a fitted estimator uses."""
    while not hasattr(estimator, "module_"):
        estimator = (
            estimator.regressor_
            if hasattr(estimator, "regressor_")
            else estimator.steps[-1][1]
        )
    return estimator


def numbers_of(net: NeuralNet) -> dict[str, Any]:
    """Return copies of all numbers in a trained net, by name."""
    found = {
        f"module {name}": value for name, value in net.module_.state_dict().items()
    }
    found |= {
        f"criterion {name}": value
        for name, value in net.criterion_.state_dict().items()
    }
    found["training"] = [part.training for part in net.module_.modules()]
    for name, parameter in net.module_.named_parameters():
        found[f"gradient of {name}"] = parameter.grad
        state = net.optimizer_.state.get(parameter, {})
        found |= {
            f"optimizer {key} {i} of {name}": v
            for key in state
            for i, v in enumerate(tree_leaves(state[key]))
        }
    settings = [
        {key: value for key, value in group.items() if key != "params"}
        for group in net.optimizer_.param_groups
    ]
    found |= {
        f"setting {i} {key}": value
        for i, group in enumerate(settings)
        for key, value in group.items()
    }
    for i, epoch in enumerate(net.history):
        found |= {
            f"epoch {i} {key}": value
            for key, value in epoch.items()
            if key not in {"batches", "dur"}
        }
        found |= {
            f"epoch {i} batch {j} {k}": v
            for j, b in enumerate(epoch["batches"])
            for k, v in b.items()
        }
    for name, callback in net.callbacks_:
        kept = [getattr(callback, attribute, []) for attribute in ("kept_", "outputs_")]
        found |= {f"{name} {i}": each for i, each in enumerate(tree_leaves(kept))}
    return {
        key: value.detach().clone() if isinstance(value, Tensor) else value
        for key, value in found.items()
    }


def compare(
    ours: dict[str, Any], theirs: dict[str, Any], tolerance: float = 1e-9
) -> None:
    assert list(ours) == list(theirs)
    for key, value in theirs.items():
        if isinstance(value, Tensor | np.ndarray | float | int):
            assert np.shape(ours[key]) == np.shape(value), key
            if np.asarray(value).dtype.kind in "US":
                assert np.array_equal(ours[key], value), key
            else:
                np.testing.assert_allclose(
                    ours[key], value, rtol=tolerance, atol=tolerance, err_msg=key
                )
        elif key != "setting 0 foreach":
            assert ours[key] == value, key


def of_the_engine(
    caught: list[warnings.WarningMessage], is_so: bool = True
) -> list[str]:
    """Return the messages of the engine's warnings, or of all others."""
    return [
        str(each.message)
        for each in caught
        if issubclass(each.category, LockstepWarning) == is_so
    ]


@contextlib.contextmanager
def told() -> Iterator[list[str]]:
    """Yield a list that gets the engine's warnings at the end of the block, in which no warning is shown."""
    said: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield said
    said += of_the_engine(caught)


@reads_only
class Nets:
    """A scorer that keeps the numbers of every net, what it predicts, and draws; a score tells where they are kept."""

    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []

    def __call__(self, estimator: BaseEstimator, X: Any, y: Any) -> float:
        found = {
            "prediction": estimator.predict(X),
            "prediction for other rows": estimator.predict(X[1:4]),
        }
        found |= numbers_of(fitted_net(estimator))
        self.seen.append(
            found
            | {
                "call": len(self.seen),
                "torch": torch.rand(()),
                "numpy": np.random.rand(),
            }
        )
        return len(self.seen) - 1


def run_case(case: Case, **options: Any) -> tuple[list[dict[str, Any]], list[str], str]:
    """Return the numbers of each candidate and split, the engine's warnings, and what was printed."""
    X, y = case.rows()
    kept = Nets()
    search = GridSearchCV(
        case.estimator,
        case.grid,
        cv=case.cv,
        scoring=kept,
        refit=False,
        error_score="raise",
    )
    backend = parallel_config(backend="lockstep", random_state=SEED, **options)
    with told() as said, contextlib.redirect_stdout(io.StringIO()) as shown, backend:
        search.fit(X, y)
    table = np.array(
        [search.cv_results_[f"split{i}_test_score"] for i in range(search.n_splits_)]
    ).T
    return [kept.seen[int(place)] for place in table.ravel()], said, shown.getvalue()
