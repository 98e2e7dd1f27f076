"""Oracle: skorch. What people search, and do around a search: files of callbacks, shared parts, edited code."""

import copy
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from joblib import parallel_config
from sklearn.metrics import make_scorer
from sklearn.model_selection import GridSearchCV, cross_val_score, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from skorch import NeuralNet
from skorch.callbacks import PrintLog
from torch import Tensor, nn

from benchmarks.engine.everyday import CASES, regression
from lockstep import LockstepWarning
from lockstep.fits.surroundings import net_of
from tests.lockstep import searches
from tests.lockstep.cases.base import LABELS, classifier
from tests.lockstep.cases.modules import MLP, WIDTH
from tests.lockstep.searches import ROWS, both_ways


def check(estimator: Any, scoring: Any = "neg_log_loss", cv: Any = 3, rtol: float = 1e-5) -> None:
    """Compare the score of each split with skorch's; a net that is fitted one by one is an error."""

    def scores() -> np.ndarray:
        with warnings.catch_warnings():
            warnings.simplefilter("error", LockstepWarning)
            return cross_validate(estimator, ROWS, LABELS, cv=cv, scoring=scoring, error_score="raise")["test_score"]

    np.testing.assert_allclose(*both_ways(scores), rtol=rtol)


@pytest.mark.parametrize("where", ["module", "recursion", "sink"])
@pytest.mark.filterwarnings("ignore::lockstep.LockstepWarning")
def test_what_can_not_be_pickled_is_fitted(where: str, tmp_path: Path) -> None:
    layers = nn

    def deep(rows: Any, n: int = 3) -> Any:
        return rows if n == 0 else deep(rows * 0.9, n - 1)

    with (tmp_path / "log").open("w", encoding="utf-8") as file:
        estimator = {
            "module": lambda: classifier(lambda: layers.Linear(WIDTH, 2)),
            "recursion": lambda: make_pipeline(FunctionTransformer(deep), classifier()),
            "sink": lambda: classifier(
                callbacks=[("log", PrintLog(sink=file.write))], verbose=1, callbacks__print_log=None
            ),
        }[where]()

        def scores() -> np.ndarray:
            found = cross_val_score(estimator, ROWS, LABELS, cv=3, scoring="neg_log_loss")
            assert (file.tell() > 0) == (where == "sink")
            return found

        np.testing.assert_allclose(*both_ways(scores), rtol=1e-5)


def test_stacks_are_not_trained_in_threads() -> None:
    with (
        pytest.raises(ValueError, match="threading"),
        parallel_config(backend="lockstep", inner_backend="threading", n_jobs=2),
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


def predictions(name: str) -> list[np.ndarray]:
    """Return what each net of a search predicts."""
    case = CASES[name]
    seen: list[np.ndarray] = []
    X, y = (part.astype(np.float64) if part.dtype == np.float32 else part for part in case.rows())
    estimator = case.estimator()
    net_of(estimator).set_params(max_epochs=2, callbacks__print_log=None)

    def keep(y: Any, predicted: np.ndarray) -> float:
        seen.append(predicted)
        return 0.0

    # A scorer of scikit-learn's kind, as such searches have: their stacks answer for their nets.
    scorer = make_scorer(keep, response_method="predict" if case.rows is regression else "predict_proba")
    grid = case.grid(min(case.n, 2))
    GridSearchCV(estimator, grid, cv=2, scoring=scorer, refit=False, error_score="raise").fit(X[:400], y[:400])
    return seen


@pytest.mark.filterwarnings("ignore")
@pytest.mark.usefixtures("float64")
@pytest.mark.filterwarnings("error::lockstep.LockstepWarning")
@pytest.mark.parametrize("name", [name for name in CASES if "dropout" not in name])
def test_everyday_searches_are_those_of_skorch(name: str) -> None:
    for ours, theirs in zip(*both_ways(lambda: predictions(name)), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-9)


def bends(x: Tensor) -> Tensor:
    return x.relu()


def centres(x: Tensor) -> Tensor:
    return x - x.mean(0)


class Calls(nn.Module):
    """An activation that calls a function which is edited."""

    function: Callable[[Tensor], Tensor] = staticmethod(bends)

    def forward(self, x: Tensor) -> Tensor:
        return type(self).function(x)


def test_edited_code_is_looked_at_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a notebook, between two searches of one process."""
    grid = {"module__activation": [nn.Tanh, Calls]}
    before = searches.scores(classifier(), grid, "neg_log_loss")
    monkeypatch.setattr(Calls, "function", staticmethod(centres))
    assert not np.allclose(searches.check(classifier(), "neg_log_loss", grid), before, rtol=1e-4)
