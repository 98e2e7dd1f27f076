"""Cases: criteria and callbacks."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from sklearn.model_selection import KFold
from skorch import NeuralNet, NeuralNetBinaryClassifier, NeuralNetClassifier
from skorch.callbacks import (
    Checkpoint,
    EarlyStopping,
    EpochScoring,
    GradientNormClipping,
    LRScheduler,
)
from skorch.dataset import Dataset
from skorch.helper import predefined_split
from torch import Tensor, nn
from torch.nn import functional

from lockstep import HoldOutRecorder
from packages.lockstep.tests.cases.base import (
    FLOATS,
    LABELS,
    NUMBERS,
    REGRESSION,
    Case,
    X,
    case,
    watched,
)
from packages.lockstep.tests.cases.modules import MLP, Constrained


class Probability(MLP):
    def __init__(self, **settings: Any) -> None:
        super().__init__(n_outputs=1, **settings)

    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(super().forward(x))


class LogProbability(MLP):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).log_softmax(-1)


class TwoOutputs(Constrained):
    """Writes into its weights in evaluation as well."""

    def forward(self, x: Tensor) -> Any:
        return super().forward(x), x[:, :3].exp()


class OfTheFirst(NeuralNetClassifier):
    """A net whose loss is that of the first output."""

    def get_loss(self, y_pred: Any, *args: Any, **kwargs: Any) -> Tensor:
        return super().get_loss(y_pred[0], *args, **kwargs)


class Dice(nn.Module):
    """One minus the overlap of predictions and classes, over a batch (Milletari et al. 2016, section 3)."""

    def forward(self, predicted: Tensor, target: Tensor) -> Tensor:
        shares, wanted = (
            predicted.softmax(1),
            nn.functional.one_hot(target, num_classes=predicted.shape[1]),
        )
        return 1 - 2 * (shares * wanted).sum() / (shares.sum() + wanted.sum())


class Scaled(nn.BatchNorm1d):
    """Cross entropy of normalised outputs, with a mean of them that it keeps."""

    def forward(self, predicted: Tensor, target: Tensor) -> Tensor:  # type: ignore[override]
        return nn.functional.cross_entropy(
            predicted / (1 + super().forward(predicted.detach()).abs()), target
        )


class OwnTrainStep(NeuralNetClassifier):
    def train_step_single(self, batch: Any, **fit_params: Any) -> Any:
        return super().train_step_single(batch, **fit_params)


class Weighted(nn.CrossEntropyLoss):
    """Has a trial of its own."""


class Focal(nn.Module):
    def __init__(self, alpha: Any = (1.0, 1.0)) -> None:
        super().__init__()
        self.alpha = alpha

    def forward(self, predicted: Tensor, target: Tensor) -> Tensor:
        logs = predicted.log_softmax(1).gather(1, target.view(-1, 1)).view(-1)
        return -(
            (1 - logs.exp()) ** 2 * logs * torch.as_tensor(self.alpha)[target]
        ).mean()


class WeightsFromRows(NeuralNetClassifier):
    """Weights its criterion by the y that `fit` receives, in some form."""

    def __init__(
        self, *args: Any, form: Callable[[np.ndarray], Any] = np.asarray, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.form = form

    def fit(self, X: Any, y: Any, **fit_params: Any) -> NeuralNet:
        self.set_params(criterion__alpha=self.form(len(y) / 2 / np.bincount(y)))
        return super().fit(X, y, **fit_params)


class LogLoss(nn.Module):
    """Is infinite for a row that is sure of the wrong class."""

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = reduction

    def forward(self, predicted: Tensor, target: Tensor) -> Tensor:
        losses = -predicted.softmax(1).gather(1, target.view(-1, 1)).log().view(-1)
        return losses.mean() if self.reduction == "mean" else losses


class Balanced(nn.Module):
    """Weights classes by how often they occur in a batch, however many there are."""

    def forward(self, predicted: Tensor, target: Tensor) -> Tensor:
        counts = torch.bincount(target)
        losses = functional.cross_entropy(predicted, target, reduction="none")
        return (losses / counts[target]).sum() / counts.numel()


class TrustsShortLess(nn.CrossEntropyLoss):
    def forward(self, predicted: Tensor, target: Tensor) -> Tensor:
        return super().forward(predicted, target) * (1.0 if len(target) >= 8 else 0.1)


def criteria() -> dict[str, Case]:
    about: dict[str, Any] = {"criterion": nn.BCEWithLogitsLoss, "module__n_outputs": 1}
    numbers = partial(case, y=NUMBERS, **REGRESSION)
    weights = [torch.tensor([1.0, 2.0]), torch.tensor([3.0, 1.0])]
    small: dict[str, list[Any]] = {"lr": [0.01, 0.003]}
    equal_first = [torch.tensor([1.0, 1.0]), torch.tensor([1.0, 5.0])]
    few = np.repeat([0, 1, 2], [54, 3, 39])
    rare: dict[str, Any] = {
        "module__n_outputs": 3,
        "criterion__weight": torch.tensor([1.0, 9.0, 1.0]),
    }
    loud = predefined_split(
        Dataset(np.r_[1e6 * X[:1], X[1:22]], np.r_[1 - LABELS[:1], LABELS[1:22]])
    )
    by_class = np.argsort(LABELS, kind="stable")
    halves = [
        (np.arange(0, 96, 2), np.arange(1, 96, 2)),
        (np.arange(1, 96, 2), np.arange(0, 96, 2)),
    ]
    return {
        "BCELoss": case(
            Probability, criterion=nn.BCELoss, module__n_neurons=5, y=FLOATS
        ),
        "NLLLoss": case(
            LogProbability, criterion=nn.NLLLoss, alone="losses are infinite or NaN"
        ),
        "pos_weight": case(
            grid={"criterion__pos_weight": [torch.tensor(2.0), torch.tensor(5.0)]},
            wrapper=NeuralNetBinaryClassifier,
            y=FLOATS[:, 0],
            **about,
        ),
        "class weights": case(grid={"criterion__weight": weights}),
        "label smoothing": case(criterion__label_smoothing=0.1),
        "class weights, equal first": case(
            grid={"criterion__weight": equal_first}, criterion=Weighted
        ),
        "class weights by split": case(
            grid={"form": [list, np.asarray, torch.as_tensor]},
            wrapper=WeightsFromRows,
            criterion=Focal,
            cv=KFold(3),
        ),
        "a rare class with weight": case(
            grid={}, y=few, criterion=Weighted, train_split=None, **rare
        ),
        "an infinite loss in the hold-out": case(criterion=LogLoss, train_split=loud),
        "numbers of classes in a batch": case(
            criterion=Balanced,
            X=X[by_class],
            y=LABELS[by_class],
            cv=halves,
            alone="size may differ",
        ),
        "a loss that trusts short batches less": case(
            criterion=TrustsShortLess, train_split=None, batch_size=15
        ),
        "a loss over a batch, of classes as vectors": case(criterion=Dice),
        "a loss with a buffer": case(criterion=Scaled, criterion__num_features=2),
        "reduction sum": case(
            grid={"lr": [0.01, 0.001]}, criterion__reduction="sum", lr=0.01
        ),
        "MSELoss": numbers(grid=small),
        "L1Loss, two targets": numbers(
            y=np.hstack([NUMBERS, -NUMBERS]), criterion=nn.L1Loss, module__n_outputs=2
        ),
        "a train step of one's own": case(
            grid={}, wrapper=OwnTrainStep, alone="train_step_single"
        ),
    }


def callbacks() -> dict[str, Case]:
    stop = EarlyStopping(patience=2, threshold=0.03)
    return {
        "default callbacks, printing": case(callbacks=None, verbose=1),
        "EarlyStopping": watched(
            stop,
            grid={
                "lr": [0.5, 0.1, 0.001],
                "callbacks__EarlyStopping__patience": [2, 3],
            },
        ),
        "EarlyStopping, load_best": watched(
            EarlyStopping(patience=3, load_best=True), grid={"lr": [2.0, 0.1]}
        ),
        "LRScheduler, StepLR": watched(LRScheduler("StepLR", step_size=2, gamma=0.5)),
        "LRScheduler, plateau": watched(
            LRScheduler("ReduceLROnPlateau", monitor="valid_loss", patience=1)
        ),
        "LRScheduler by batch": watched(
            LRScheduler(
                "CyclicLR", base_lr=0.01, max_lr=0.3, step_every="batch", step_size_up=3
            )
        ),
        "GradientNormClipping": watched(
            GradientNormClipping(0.1),
            grid={
                "callbacks__GradientNormClipping__gradient_clip_value": [0.1, 0.5, None]
            },
        ),
        **{
            f"GradientNormClipping by the norm {kind}": watched(
                GradientNormClipping(0.1, kind)
            )
            for kind in (1, 3, np.inf)
        },
        "EpochScoring": watched(
            EpochScoring("roc_auc", lower_is_better=False),
            EpochScoring("accuracy", on_train=True, name="ta"),
        ),
        "EpochScoring, no caching": watched(
            EpochScoring("accuracy", use_caching=False)
        ),
        "all together, shuffled": watched(
            *(stop, LRScheduler("StepLR", step_size=2), GradientNormClipping(0.5)),
            grid={"lr": [0.5, 0.1]},
            iterator_train__shuffle=True,
        ),
        "a recorder of the hold-out": watched(HoldOutRecorder(), stop),
        "a recorder of two outputs": case(
            TwoOutputs, wrapper=OfTheFirst, callbacks=[HoldOutRecorder()], batch_size=12
        ),
        "Checkpoint": watched(
            Checkpoint(
                dirname="",
                f_params=None,
                f_optimizer=None,
                f_criterion=None,
                f_history=None,
            ),
            grid={},
            alone="writes files",
        ),
    }
