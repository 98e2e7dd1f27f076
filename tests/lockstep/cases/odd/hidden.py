"""What shows only to who looks for it: rows changed on their way, classes and hooks that come late or by the rows."""

from typing import Any

import numpy as np
import torch
from sklearn.model_selection import KFold
from skorch import NeuralNet, NeuralNetClassifier
from skorch.callbacks import LRScheduler
from skorch.dataset import Dataset
from torch import Tensor, nn
from torch.utils.data import Subset

from tests.lockstep.cases.base import LABELS, Case, X, case
from tests.lockstep.cases.plain.modules import MLP, WIDTH


class Clips(Dataset):
    def transform(self, X: Any, y: Any) -> Any:
        X, y = super().transform(X, y)
        return np.clip(X, -1, 1), y


class Doubled(Subset):
    """Gives other rows than it chooses."""

    def __getitem__(self, i: Any) -> Any:
        x, y = super().__getitem__(i)
        return 2 * x, y

    def __getitems__(self, indices: list[int]) -> list[Any]:
        return [self[i] for i in indices]


def doubled_in_training(dataset: Any, y: Any = None, **fit_params: Any) -> tuple[Subset, Subset]:
    places = list(range(len(dataset)))
    return Doubled(dataset, places[:-12]), Subset(dataset, places[-12:])


class Restarts(torch.optim.lr_scheduler.StepLR):
    """Forgets what the optimizer has kept, now and then."""

    def step(self, *args: Any, **kwargs: Any) -> None:
        super().step(*args, **kwargs)
        if self.last_epoch and self.last_epoch % 3 == 0:
            self.optimizer.state.clear()


class ByRows(NeuralNetClassifier):
    """Chooses an activation by the rows that it is fitted on."""

    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> NeuralNet:
        self.module__act = nn.Tanh if X[:, 0].mean() > 0 else nn.Sigmoid
        return super().fit(X, y, **fit_params)


class Acts(nn.Module):
    def __init__(self, act: type[nn.Module] = nn.Tanh) -> None:
        super().__init__()
        self.first, self.act, self.last = nn.Linear(WIDTH, 5), act(), nn.Linear(5, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.act(self.first(x)))


class Auxiliary(NeuralNetClassifier):
    """Adds the loss of another head, where it is to."""

    def __init__(self, *args: Any, share: float = 0.0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.share = share

    def get_loss(self, predicted: Any, target: Tensor, *args: Any, **kwargs: Any) -> Any:
        loss, other = (super(Auxiliary, self).get_loss(made, target, *args, **kwargs) for made in predicted)
        return loss + self.share * other if self.share else loss


class TwoHeads(MLP):
    def __init__(self) -> None:
        super().__init__()
        self.other = nn.Linear(WIDTH, 2)

    def forward(self, x: Tensor) -> Any:
        return super().forward(x), self.other(x)


class SlowSteps(NeuralNetClassifier):
    def _step_optimizer(self, step_fn: Any) -> None:
        super()._step_optimizer(step_fn)


def hidden() -> dict[str, Case]:
    centred = X - X.mean(0)
    restarting = LRScheduler(Restarts, step_size=2)
    return {
        "a dataset that clips": case(dataset=Clips, alone="a dataset of your own"),
        "a subset that doubles": case(train_split=doubled_in_training, alone="a dataset of your own"),
        "workers that stay": case(
            grid={},
            iterator_train__num_workers=1,
            iterator_train__persistent_workers=True,
            max_epochs=1,
            alone="persistent_workers is set",
            cv=2,
        ),
        "a schedule of one's own": case(
            optimizer=torch.optim.Adam,
            callbacks=[("s", restarting)],
            max_epochs=7,
            alone="Restarts is a schedule of your own",
        ),
        "an activation chosen by rows": case(Acts, wrapper=ByRows, X=centred, y=LABELS, cv=KFold(3)),
        "a second head": case(TwoHeads, wrapper=Auxiliary, grid={"share": [0.0, 0.5]}),
        "a second head, the other way round": case(TwoHeads, wrapper=Auxiliary, grid={"share": [0.5, 0.0]}),
        "a step of one's own": case(wrapper=SlowSteps, alone="has its own _step_optimizer"),
    }
