"""Oracle: skorch. What people search, and do around a search: files of callbacks, and shared parts."""

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import make_scorer
from sklearn.model_selection import GridSearchCV
from skorch import NeuralNet
from skorch.callbacks import PrintLog
from torch import Tensor, nn

from benchmarks.engine.everyday import CASES, regression
from lockstep.fits.surroundings import net_of
from packages.lockstep.tests.cases.base import classifier
from packages.lockstep.tests.cases.modules import MLP, WIDTH
from packages.lockstep.tests.searches import both_ways, check


@pytest.mark.filterwarnings("ignore::lockstep.LockstepWarning")
def test_a_callback_that_writes_into_an_open_file_is_fitted(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w", encoding="utf-8") as file:
        log = ("log", PrintLog(sink=file.write))
        check(
            classifier(callbacks=[log], verbose=1, callbacks__print_log=None),
            "neg_log_loss",
        )
        assert file.tell() > 0


@pytest.mark.filterwarnings("error::lockstep.LockstepWarning")
def test_a_backbone_that_nets_share_is_left_as_it_was() -> None:
    backbone = (
        nn.Sequential(nn.Linear(WIDTH, 5), nn.ReLU()).requires_grad_(False).eval()
    )
    before = copy.deepcopy(backbone.state_dict())

    class Head(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.backbone, self.out = backbone, nn.Linear(5, 2)

        def forward(self, x: Tensor) -> Tensor:
            return self.out(self.backbone(x))

    check(classifier(Head), "neg_log_loss")
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


@pytest.mark.filterwarnings("error::lockstep.LockstepWarning")
def test_a_scorer_may_read_what_a_module_remembers() -> None:
    def remembered(net: NeuralNet, X: Any, y: Any) -> float:
        net.predict(X)
        return float(net.module_.seen.mean())

    check(classifier(Remembering, train_split=None), remembered, rtol=1e-5)


def predictions(name: str) -> list[np.ndarray]:
    """Return what each net of a search predicts."""
    case = CASES[name]
    seen: list[np.ndarray] = []
    X, y = (
        part.astype(np.float64) if part.dtype == np.float32 else part
        for part in case.rows()
    )
    estimator = case.estimator()
    net_of(estimator).set_params(max_epochs=2, callbacks__print_log=None)

    def keep(y: Any, predicted: np.ndarray) -> float:
        seen.append(predicted)
        return 0.0

    # A scorer of scikit-learn's kind, as such searches have: their stacks answer for their nets.
    scorer = make_scorer(
        keep, response_method="predict" if case.rows is regression else "predict_proba"
    )
    grid = case.grid(min(case.n, 2))
    GridSearchCV(
        estimator, grid, cv=2, scoring=scorer, refit=False, error_score="raise"
    ).fit(X[:400], y[:400])
    return seen


@pytest.mark.filterwarnings("ignore")
@pytest.mark.usefixtures("float64")
@pytest.mark.filterwarnings("error::lockstep.LockstepWarning")
@pytest.mark.parametrize("name", [name for name in CASES if "dropout" not in name])
def test_everyday_searches_are_those_of_skorch(name: str) -> None:
    for ours, theirs in zip(*both_ways(lambda: predictions(name)), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-9)
