"""Ways into a training that leave no trace: rows changed on their way, methods on the net itself, names in private."""

import functools
from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np
import torch
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from skorch import NeuralNet, NeuralNetClassifier
from skorch.callbacks import LRScheduler
from skorch.dataset import Dataset
from torch import Tensor, nn
from torch.utils.data import Subset

from tests.lockstep.cases.base import LABELS, Case, X, case, classifier
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


class Notifies(NeuralNetClassifier):
    """Lowers its rate by itself, late."""

    def notify(self, method_name: str, **about: Any) -> None:
        super().notify(method_name, **about)
        if method_name == "on_epoch_end" and len(self.history) >= 3:
            self.optimizer_.param_groups[0]["lr"] *= 0.5


class StopsNorms(NeuralNetClassifier):
    def _set_training(self, training: bool = True) -> None:
        super()._set_training(training)
        if len(self.history) > 3:
            self.module_.layers[1].eval()


def scaled(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def get_loss(self: Any, *args: Any, **kwargs: Any) -> Any:
        return method(self, *args, **kwargs) * self.factor

    return get_loss


class Scaled(NeuralNetClassifier):
    """Has the loss of skorch, wrapped."""

    def __init__(self, *args: Any, factor: float = 1.0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.factor = factor

    get_loss = scaled(NeuralNetClassifier.get_loss)


class ChoosesItsLoss(NeuralNetClassifier):
    def __init__(self, *args: Any, factor: float = 1.0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.factor = factor

    def initialize(self) -> NeuralNet:
        super().initialize()
        if self.factor != 1:
            self.get_loss = self._scaled
        return self

    def _scaled(self, *args: Any, **kwargs: Any) -> Any:
        return NeuralNetClassifier.get_loss(self, *args, **kwargs) * self.factor


class ScaledInPrivate(NeuralNetClassifier):
    """Scales its loss by a number that follows from the rows, under a name that Python changes."""

    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> NeuralNet:
        self.__scale_ = float(np.abs(X).mean())
        return super().fit(X, y, **fit_params)

    def get_loss(self, *args: Any, **kwargs: Any) -> Any:
        return super().get_loss(*args, **kwargs) * self.__scale_


class Widened(NeuralNetClassifier):
    """Keeps a parameter under another name."""

    width_ = 4

    def set_params(self, **params: Any) -> NeuralNet:
        self.width_ = params.pop("width", self.width_)
        return super().set_params(**params)

    def get_params_for(self, prefix: str) -> dict[str, Any]:
        return super().get_params_for(prefix) | ({"n_neurons": self.width_} if prefix == "module" else {})


class Of(nn.Module):
    """Applies a function to its rows first."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function, self.rest = function, MLP()

    def forward(self, x: Tensor) -> Tensor:
        return self.rest(self.function(x))


def times(factor: float) -> Any:
    """Return a function of the same code as others, which takes its number from a module of its own."""

    def scaled_by(x: Any) -> Any:
        return x * FACTOR  # type: ignore[name-defined]  # noqa: F821

    return FunctionType(scaled_by.__code__, {"FACTOR": factor, "__name__": "a module"})


def back_doors() -> dict[str, Case]:
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
        "a net that notifies": case(wrapper=Notifies, max_epochs=6, alone="Notifies has its own notify"),
        "a net that stops norms": case(
            wrapper=StopsNorms, module__norm=nn.BatchNorm1d, max_epochs=6, alone="own _set_training"
        ),
        "a loss that is wrapped": case(grid={"factor": [1.0, 3.0]}, wrapper=Scaled),
        "a loss on the net itself": case(
            grid={"factor": [1.0, 3.0]}, wrapper=ChoosesItsLoss, alone="a get_loss of its own"
        ),
        "a private number": case(wrapper=ScaledInPrivate),
        "a parameter under another name": case(grid={"width": [2, 7]}, wrapper=Widened, alone="has its own set_params"),
        "functions of the same code": case(Of, {"module__function": [times(1.0), times(3.0)]}),
        "steps of the same code": Case(
            make_pipeline(FunctionTransformer(), classifier()), {"functiontransformer__func": [times(1.0), times(3.0)]}
        ),
    }
