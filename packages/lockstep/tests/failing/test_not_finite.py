"""What is not finite is skorch's: its errors, warnings, scores and histories. Oracle: the search without stacks."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from joblib import parallel_config
from sklearn.model_selection import GridSearchCV, KFold, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OrdinalEncoder
from skorch import NeuralNetClassifier
from skorch.callbacks import EarlyStopping
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import Subset

from lockstep import HoldOutRecorder, LockstepWarning, reads_only
from packages.lockstep.tests.cases.base import classifier
from packages.lockstep.tests.searches import of_the_engine

N_CODES = 4
CODES = np.random.RandomState(0).randint(0, N_CODES, (120, 2))
CLASSES = (CODES[:, 0] == 1).astype(np.int64)

# By which the net of the first split is the first of its stack, whose rows the kernel's programs are recorded with.
SEED = 8

WEIGHTS = "weights become infinite or NaN"
HELD_OUT = "outputs or losses for held-out rows are infinite or NaN"


class Coded(nn.Module):
    """Looks rows up by their code, in one of several ways."""

    def __init__(self, way: str = "embedding") -> None:
        super().__init__()
        self.way, self.bag, self.last = (
            way,
            nn.EmbeddingBag(N_CODES, 3),
            nn.Linear(3, 2),
        )
        self.table = nn.Parameter(torch.randn(N_CODES, 3))

    def forward(self, x: Tensor) -> Tensor:
        return self.last(LOOK_UPS[self.way](self, x[:, 0].long()))


LOOK_UPS: dict[str, Callable[[Coded, Tensor], Tensor]] = {
    "embedding": lambda net, code: functional.embedding(code, net.table),
    "gather": lambda net, code: net.table.gather(0, code.unsqueeze(1).expand(-1, 3)),
    "index_select": lambda net, code: net.table.index_select(0, code),
    "one_hot": lambda net, code: (
        functional.one_hot(code, N_CODES).to(net.table) @ net.table
    ),
    "bag": lambda net, code: net.bag(code.unsqueeze(1)),
    "look-up": lambda net, code: net.table[code],
}


def first_rows(dataset: Any, y: Any = None, **fit_params: Any) -> tuple[Subset, Subset]:
    rows = list(range(len(dataset)))
    return Subset(dataset, rows[8:]), Subset(dataset, rows[:8])


def coded(**settings: Any) -> NeuralNetClassifier:
    # With weights of classes, no batch is filled up, so one trial, of the first split, holds for all.
    return classifier(
        Coded,
        train_split=first_rows,
        criterion__weight=torch.tensor([1.0, 2.0]),
        **settings,
    )


@reads_only
class Watched:
    """A scorer that keeps the histories of nets."""

    def __init__(self) -> None:
        self.histories: list[Any] = []

    def __call__(self, estimator: Any, X: Any, y: Any) -> float:
        net = getattr(estimator, "steps", [[estimator]])[-1][-1]
        epochs = [
            {key: value for key, value in row.items() if key not in ("batches", "dur")}
            for row in net.history
        ]
        self.histories.append(epochs)
        return float(estimator.predict_proba(X)[:, 1].mean())


def found(
    estimator: Any,
    X: np.ndarray,
    cv: Any,
    stack: bool,
    grid: Any = None,
    scoring: Any = "accuracy",
    **options: Any,
) -> tuple[list[float], list[tuple[str, str]], list[str]]:
    """Return the scores of a search, the warnings that are not the engine's, and the engine's reasons."""
    backend = parallel_config(
        backend="lockstep", random_state=SEED, stack=stack, **options
    )
    with warnings.catch_warnings(record=True) as caught, backend:
        warnings.simplefilter("always")
        search = GridSearchCV(
            estimator,
            grid or {},
            cv=cv,
            scoring=scoring,
            refit=False,
            return_train_score=True,
        )
        table = search.fit(X, CLASSES).cv_results_
    scores = [value for key, value in table.items() if key.startswith("split")]
    others = [each for each in caught if not issubclass(each.category, LockstepWarning)]
    # In between is the traceback.
    lines = [
        (each.category.__name__, str(each.message).strip().splitlines())
        for each in others
    ]
    said = [(name, text[0] + text[-1]) for name, text in lines]
    return (
        np.ravel(scores).tolist(),
        said,
        [each.partition(", so ")[0] for each in of_the_engine(caught)],
    )


def check(estimator: Any, X: np.ndarray, cv: Any, **how: Any) -> list[str]:
    """Compare a search in lockstep with that by skorch alone, and return the engine's reasons."""
    scores, said, reasons = found(estimator, X, cv, True, **how)
    theirs, said_by_theirs, _ = found(estimator, X, cv, False, **how)
    np.testing.assert_allclose(scores, theirs, rtol=1e-5)
    assert said == said_by_theirs
    return reasons


def with_code(code: int, place: int | slice) -> np.ndarray:
    X = CODES.copy()
    X[place, 0] = code
    return X


@pytest.mark.parametrize("way", LOOK_UPS)
def test_a_code_that_a_table_does_not_have(way: str) -> None:
    net = coded(module__way=way)
    for code in (N_CODES, -1):
        last = with_code(code, slice(-4, None))
        assert check(net, last, TimeSeriesSplit(3)) == []
        # Of the first of three folds, which is scored in the first split; the others train on it, or hold it out.
        for place, reason in ((12, WEIGHTS), (3, HELD_OUT)):
            reasons = check(net, with_code(code, place), KFold(3))
            assert reasons == ([] if (way, code) == ("look-up", -1) else [reason])


SETTINGS: dict[str, dict[str, Any]] = {
    "early stopping": {"callbacks": [EarlyStopping(patience=2, load_best=True)]},
    "a recorder": {"callbacks": [HoldOutRecorder()]},
}


@pytest.mark.parametrize("name", SETTINGS)
def test_with_callbacks(name: str) -> None:
    net = coded(**SETTINGS[name])
    assert check(net, with_code(N_CODES, 12), KFold(3)) == [WEIGHTS]
    assert check(net, with_code(N_CODES, 3), KFold(3)) == [HELD_OUT]


def test_where_the_hold_out_is_evaluated_after_the_last_epoch_only() -> None:
    how = {"grid": {"max_epochs": [1, 3]}, "record_losses": False}
    assert check(coded(), with_code(N_CODES, 3), KFold(3), **how) == [HELD_OUT]


def test_an_encoder_that_meets_a_new_category_in_the_last_fold() -> None:
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=N_CODES)
    net = make_pipeline(encoder, FunctionTransformer(np.int64), coded())
    assert check(net, with_code(9, slice(-4, None)), TimeSeriesSplit(3)) == []


class Rooted(nn.Module):
    """NaN for rows below 0, which are a few."""

    def __init__(self) -> None:
        super().__init__()
        self.last = nn.Linear(2, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(x.float().sqrt())


def histories(net: Any, X: np.ndarray, stack: bool, reasons: list[str]) -> list[Any]:
    watched = Watched()
    reasons += found(net, X, KFold(3), stack, scoring=watched)[2]
    return watched.histories


@pytest.mark.parametrize("callbacks", [[], [EarlyStopping(patience=2)]])
def test_early_stopping_and_histories_see_the_losses_of_skorch(
    callbacks: list[Any],
) -> None:
    net = classifier(
        Rooted,
        criterion__weight=torch.ones(2),
        callbacks=callbacks,
        max_epochs=6,
        train_split=first_rows,
    )
    for place, reason in ((3, HELD_OUT), (12, WEIGHTS)):
        reasons: list[str] = []
        ours, theirs = (
            histories(net, with_code(-1, place), stack, reasons)
            for stack in (True, False)
        )
        assert reasons == [reason]
        assert len(ours) == len(theirs)
        for one, other in zip(ours, theirs, strict=True):
            for epoch, their_epoch in zip(one, other, strict=True):
                assert epoch.keys() == their_epoch.keys()
                for key, value in their_epoch.items():
                    np.testing.assert_allclose(
                        float(epoch[key]), float(value), rtol=1e-4
                    )


class Masked(nn.Module):
    """Gives up the second class by a logit of -inf, as masks do."""

    def __init__(self) -> None:
        super().__init__()
        self.last = nn.Linear(2, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = x.float()
        return self.last(x).masked_fill(
            (x[:, :1] > 8) & torch.tensor([False, True]), -torch.inf
        )


def test_infinity_on_purpose_is_predicted_by_skorch() -> None:
    net = classifier(Masked, train_split=first_rows)
    assert (
        check(
            net,
            with_code(9, slice(-4, None)),
            TimeSeriesSplit(3),
            scoring="neg_log_loss",
        )
        == []
    )
