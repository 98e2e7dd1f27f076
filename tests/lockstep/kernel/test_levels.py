"""A net's bytes are the same on every processor, in any company, at any lane, and in steps one by one."""

from typing import Any

import numpy as np
import pytest
import torch
from joblib import parallel_config
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from skorch import NeuralNet, NeuralNetBinaryClassifier, NeuralNetClassifier
from skorch.callbacks import Callback
from torch import Tensor, nn

from lockstep import reads_only
from lockstep.kernel import blocks
from lockstep.kernel.library import Library, levels, load

ROWS = np.random.RandomState(0).randn(70, 6).astype(np.float32)
LABELS = (ROWS[:, 0] * ROWS[:, 1] > 0).astype(np.float32)
N_SPLITS = 3
# Masks, as a splitter may give them.
SPLITS = [(np.arange(70) % 4 != i, np.arange(70) % 4 == i) for i in range(N_SPLITS)]
RATE = 0.02
# With these, 14 rates on three splits fill two blocks, and a part of a third. The net of each split is at another lane.
OTHERS = [0.001 * i for i in range(1, 7)] + [0.03 + 0.001 * i for i in range(7)]


class Layers(nn.Module):
    def __init__(self, norm: bool, n_outputs: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(6, 9)
        self.between = nn.BatchNorm1d(9) if norm else nn.Dropout(0.3)
        self.again, self.out = nn.Linear(9, 5), nn.Linear(5, n_outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(torch.tanh(self.again(self.between(nn.functional.gelu(self.hidden(x))))))


SHARED: dict[str, Any] = {"optimizer": torch.optim.Adam, "max_epochs": 3, "batch_size": 16, "verbose": 0}
NETS: dict[str, NeuralNet] = {
    "dropout": NeuralNetBinaryClassifier(Layers, module__norm=False, module__n_outputs=1, train_split=None, **SHARED),
    "batch norm": NeuralNetClassifier(
        Layers, module__norm=True, module__n_outputs=2, criterion=nn.CrossEntropyLoss, **SHARED
    ),
}


@reads_only
class Bytes:
    """A scorer that keeps the bytes of a net's numbers, and of what it predicts."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def __call__(self, net: NeuralNet, X: Any, y: Any = None) -> float:
        states = [each.numpy() for state in net.optimizer_.state.values() for each in state.values()]
        tensors = [each.detach().numpy() for each in net.module_.state_dict().values()]
        losses = net.history[:, "train_loss"]
        self.seen.append(([each.tobytes() for each in (*tensors, *states)], losses, net.forward(X).numpy().tobytes()))
        return len(self.seen) - 1


@reads_only
class EveryBatch(Callback):
    """Looks at each batch, so that the kernel takes step by step."""

    def on_batch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        assert all(param.isfinite().all() for param in net.module_.parameters())


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note each use of the kernel."""
    noted: list[str] = []

    def noting() -> Library:
        noted.append("load")
        return load()

    monkeypatch.setattr(blocks, "load", noting)
    return noted


def trained(net: NeuralNet, rates: list[float], splits: list[Any]) -> list[Any]:
    """Return the bytes of the net with `RATE` on each split."""
    kept = Bytes()
    search = GridSearchCV(net, {"lr": rates}, cv=splits, scoring=kept, refit=False, error_score="raise")
    labels = LABELS if isinstance(net, NeuralNetBinaryClassifier) else LABELS.astype(np.int64)
    with parallel_config(backend="lockstep", random_state=5):
        found = search.fit(ROWS, labels).cv_results_
    return [kept.seen[int(found[f"split{i}_test_score"][rates.index(RATE)])] for i in range(len(splits))]


@pytest.fixture(scope="module", params=NETS)
def together(request: pytest.FixtureRequest) -> tuple[NeuralNet, list[Any]]:
    """A net, and what it gives among 41 others, on each split."""
    return NETS[request.param], trained(NETS[request.param], [*OTHERS, RATE], SPLITS)


def test_alone_and_at_other_lanes_a_net_gives_the_same_bytes(together: Any, calls: list[str]) -> None:
    net, wanted = together
    assert trained(net, [RATE], SPLITS[:1]) == wanted[:1]
    assert calls
    assert trained(net, [RATE, *OTHERS[:5]], SPLITS) == wanted


@pytest.mark.parametrize("level", levels()[1:])
def test_each_level_gives_the_same_bytes(level: str, together: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    net, wanted = together
    monkeypatch.setattr(blocks, "load", lambda: load(level))
    assert trained(net, [RATE, *OTHERS[:2]], SPLITS) == wanted


def test_steps_one_by_one_give_the_same_bytes_as_whole_epochs(together: Any, calls: list[str]) -> None:
    net, wanted = together
    assert trained(clone(net).set_params(callbacks=[EveryBatch()]), [RATE], SPLITS) == wanted
    assert len(calls) >= 3 * 4  # epochs, batches


def test_a_net_that_diverges_leaves_its_neighbours_as_they_are() -> None:
    net = NETS["batch norm"]
    wanted = trained(net, [RATE, 0.01], SPLITS)
    assert trained(net, [1e30, RATE, 1e25], SPLITS) == wanted
