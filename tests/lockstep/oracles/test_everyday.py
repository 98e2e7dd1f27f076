"""What people do around a search: scorers that copy a net, files that callbacks write to, searches inside of others."""

import copy
import pickle
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from joblib import parallel_config
from sklearn.base import BaseEstimator, clone
from sklearn.ensemble import StackingClassifier
from sklearn.feature_selection import SequentialFeatureSelector
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from skorch import NeuralNet, NeuralNetRegressor
from skorch.callbacks import Callback, EpochScoring, PrintLog
from torch import Tensor, nn

from lockstep import LockstepWarning
from tests.lockstep.cases.base import LABELS, classifier
from tests.lockstep.cases.odd.traps import OfAnyWidth
from tests.lockstep.cases.plain.modules import MLP, WIDTH
from tests.lockstep.searches import ROWS, both_ways, probability


def check(estimator: Any, scoring: Any = "neg_log_loss", cv: Any = 3, rtol: float = 1e-5) -> None:
    """Compare the score of each split with skorch's; a net that is fitted one by one is an error."""

    def scores() -> np.ndarray:
        with warnings.catch_warnings():
            warnings.simplefilter("error", LockstepWarning)
            return cross_validate(estimator, ROWS, LABELS, cv=cv, scoring=scoring, error_score="raise")["test_score"]

    np.testing.assert_allclose(*both_ways(scores), rtol=rtol)


def prune_a_copy(net: Any, X: Any, y: Any) -> float:
    other = copy.deepcopy(net)
    with torch.no_grad():
        for weight in other.module_.parameters():
            weight.zero_()
    assert probability(other, X) == 0.5
    return probability(net, X)


def train_a_copy(net: Any, X: Any, y: Any) -> float:
    return probability(copy.deepcopy(net).set_params(lr=1.0).partial_fit(X, y), X)


def fit_a_clone(net: Any, X: Any, y: Any) -> float:
    torch.manual_seed(0)
    return probability(clone(net).set_params(max_epochs=1).fit(X, y), X)


def pickled(net: Any, X: Any, y: Any) -> float:
    return probability(pickle.loads(pickle.dumps(net)), X)


@pytest.mark.parametrize("scorer", [prune_a_copy, train_a_copy, fit_a_clone, pickled])
def test_a_scorer_may_copy_a_net(scorer: Callable[..., float]) -> None:
    check(classifier(), scorer)


def record(net: NeuralNet) -> int:
    net.history.new_epoch()
    net.history.record("epoch", 9)
    return sum(net.history[:, "epoch"])


READ: dict[str, Callable[[NeuralNet], int]] = {
    "reversed": lambda net: next(reversed(net.history))["epoch"],
    "added to": lambda net: len(net.history.__add__([])),
    "copied": lambda net: len(net.history.copy()),
    "copied deeply": lambda net: len(copy.deepcopy(net.history)),
    "shortened": lambda net: net.history.pop()["epoch"] + len(net.history),
    "cut": lambda net: net.history.__delitem__(0) or net.history[0]["epoch"],
    "sorted": lambda net: net.history.sort(key=lambda epoch: -epoch["epoch"]) or net.history[0]["epoch"],
    "recorded": record,
    "beside the parameters": lambda net: len(net.get_params()),
    "of another fit": lambda net: len(net.fit(ROWS[:40], LABELS[:40]).history),
}


@pytest.mark.parametrize("how", READ)
def test_a_net_has_what_it_has_under_skorch(how: str) -> None:
    check(classifier(max_epochs=2), lambda net, X, y: READ[how](net), rtol=0)


class Board:
    """A writer with a lock, which no copy has."""

    def __init__(self) -> None:
        self.lock = threading.Lock()

    def __deepcopy__(self, memo: Any) -> "Board":
        return self


class Tells(Callback):
    def __init__(self, board: Board) -> None:
        self.board = board


@pytest.mark.parametrize("where", ["transformer", "module", "recursion", "sink", "scoring", "lock"])
@pytest.mark.filterwarnings("ignore::lockstep.LockstepWarning")
def test_what_can_not_be_pickled_is_fitted(where: str, tmp_path: Path) -> None:
    numpy, layers = np, nn

    def deep(rows: Any, n: int = 3) -> Any:
        return rows if n == 0 else deep(rows * 0.9, n - 1)

    with (tmp_path / "log").open("w", encoding="utf-8") as file:
        quiet: dict[str, Any] = {"callbacks__print_log": None}
        estimator = {
            "transformer": lambda: make_pipeline(FunctionTransformer(lambda rows: numpy.tanh(rows)), classifier()),
            "module": lambda: classifier(lambda: layers.Linear(WIDTH, 2)),
            "recursion": lambda: make_pipeline(FunctionTransformer(deep), classifier()),
            "sink": lambda: classifier(callbacks=[("log", PrintLog(sink=file.write))], verbose=1, **quiet),
            "scoring": lambda: classifier(callbacks=[EpochScoring(lambda net, X, y: file.write("x"), name="written")]),
            "lock": lambda: classifier(callbacks=[Tells(Board())]),
        }[where]()

        def scores() -> np.ndarray:
            found = cross_val_score(estimator, ROWS, LABELS, cv=3, scoring="neg_log_loss")
            assert (file.tell() > 0) == (where in {"sink", "scoring"})
            return found

        np.testing.assert_allclose(*both_ways(scores), rtol=1e-5)


class Searched(GridSearchCV):
    def transform(self, X: Any) -> Any:
        return self.predict_proba(X)


BEFORE: dict[str, Callable[[], BaseEstimator]] = {
    "a selection of columns": lambda: SequentialFeatureSelector(classifier(OfAnyWidth), n_features_to_select=2, cv=2),
    "a search": lambda: Searched(classifier(), {"lr": [0.1, 0.02]}, cv=2),
    "a stacking of nets": lambda: StackingClassifier([("a", classifier()), ("b", classifier(lr=0.02))], cv=2),
}


@pytest.mark.parametrize("what", BEFORE)
def test_nets_are_searched_before_a_net(what: str) -> None:
    check(make_pipeline(BEFORE[what](), classifier(OfAnyWidth, max_epochs=2)), cv=2)


def test_stacks_are_not_trained_in_threads() -> None:
    with (
        pytest.raises(ValueError, match="threading"),
        parallel_config(backend="lockstep", inner_backend="threading", inner_n_jobs=2),
    ):
        GridSearchCV(classifier(), {"lr": [0.1, 0.02]}, cv=3).fit(ROWS, LABELS)


def test_a_backbone_that_nets_share_is_left_as_it_was() -> None:
    backbone = nn.Sequential(nn.Linear(WIDTH, 5), nn.ReLU()).requires_grad_(False).eval()
    before = copy.deepcopy(backbone.state_dict())

    class Head(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.backbone, self.out = backbone, nn.Linear(5, 2)

        def forward(self, x: Tensor) -> Tensor:
            return self.out(self.backbone(x))

    check(classifier(Head))
    for name, values in backbone.state_dict().items():
        torch.testing.assert_close(values, before[name], rtol=0, atol=0)


def test_rows_that_are_read_only_are_no_matter() -> None:
    rows = ROWS.copy()
    rows.flags.writeable = False
    torch.set_warn_always(True)
    try:
        with parallel_config(backend="lockstep"), warnings.catch_warnings():
            warnings.filterwarnings("error", message=".*not writable")
            found = cross_val_score(classifier(), rows, LABELS, cv=3)
    finally:
        torch.set_warn_always(False)
    assert np.isfinite(found).all()


class Squeezed(MLP):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).squeeze()


@pytest.mark.parametrize("stack", [True, False])
def test_a_net_that_can_not_predict_a_lone_row_says_so(stack: bool) -> None:
    net = NeuralNetRegressor(
        Squeezed, module__n_outputs=1, train_split=None, batch_size=16, max_epochs=2, callbacks="disable", verbose=0
    )
    with parallel_config(backend="lockstep", stack=stack), pytest.raises(ValueError, match="dimension"):
        cross_val_score(net, ROWS[:51], ROWS[:51, 0], cv=KFold(3), error_score="raise")


class Remembering(MLP):
    """Keeps what it has last computed in evaluation."""

    seen: Any = None

    def forward(self, x: Tensor) -> Tensor:
        outputs = super().forward(x)
        if not self.training:
            self.seen = outputs.detach()
        return outputs


def test_a_scorer_may_read_what_a_module_remembers() -> None:
    def remembered(net: NeuralNet, X: Any, y: Any) -> float:
        net.predict(X)
        return float(net.module_.seen.mean())

    check(classifier(Remembering, train_split=None), remembered)
