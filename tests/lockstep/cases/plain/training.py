"""Cases: optimizers, criteria and callbacks."""

from functools import partial
from typing import Any

import numpy as np
import torch
from skorch import NeuralNetBinaryClassifier, NeuralNetClassifier
from skorch.callbacks import Checkpoint, EarlyStopping, EpochScoring, Freezer, GradientNormClipping, LRScheduler
from torch import Tensor, nn

from tests.lockstep.cases.base import FLOATS, NUMBERS, RATES, REGRESSION, THREE, Case, case, watched
from tests.lockstep.cases.plain.modules import LogProbability, Probability


class OwnLoss(NeuralNetClassifier):
    def get_loss(self, y_pred: Tensor, y_true: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        loss = super().get_loss(y_pred, y_true, *args, **kwargs)
        return loss + 1e-3 * sum(weight.abs().sum() for weight in self.module_.parameters())


class BalancedClasses(NeuralNetClassifier):
    """Weights its criterion by the y that `fit` receives."""

    def fit(self, X: Any, y: Any, **fit_params: Any) -> "BalancedClasses":
        counts = np.bincount(np.asarray(y))
        self.set_params(criterion__weight=torch.tensor(len(y) / len(counts) / counts))
        return super().fit(X, y, **fit_params)


class Dice(nn.Module):
    """One minus the overlap of predictions and classes, over a batch (Milletari et al. 2016, section 3)."""

    def forward(self, predicted: Tensor, target: Tensor) -> Tensor:
        shares, wanted = predicted.softmax(1), nn.functional.one_hot(target, num_classes=predicted.shape[1])
        return 1 - 2 * (shares * wanted).sum() / (shares.sum() + wanted.sum())


class OwnTrainStep(NeuralNetClassifier):
    def train_step_single(self, batch: Any, **fit_params: Any) -> Any:
        return super().train_step_single(batch, **fit_params)


def optimizers() -> dict[str, Case]:
    names = ["SGD", "RMSprop", "Adagrad", "Adadelta", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "ASGD", "Rprop"]
    cases = {f"optimizer {name}": case(optimizer=getattr(torch.optim, name)) for name in names}
    return cases | {
        "optimizers side by side": case(grid={"optimizer": [getattr(torch.optim, name) for name in names]}),
        "momentum, Nesterov": case(
            grid=RATES | {"optimizer__momentum": [0.5, 0.9]}, optimizer__nesterov=True, optimizer__momentum=0.9
        ),
        "weight decay": case(grid={"optimizer__weight_decay": [0.0, 0.1, 0.3]}, optimizer=torch.optim.AdamW),
        "betas": case(grid={"optimizer__betas": [(0.9, 0.999), (0.5, 0.9)]}, optimizer=torch.optim.Adam),
        "LBFGS": case(grid={}, optimizer=torch.optim.LBFGS, max_epochs=2, alone="LBFGS"),
        "Adafactor": case(grid={}, optimizer=torch.optim.Adafactor, alone="Adafactor"),
        "param groups": case(grid={}, optimizer__param_groups=[("layers.0.*", {"lr": 0.01})], alone="groups"),
    }


def criteria() -> dict[str, Case]:
    about: dict[str, Any] = {"criterion": nn.BCEWithLogitsLoss, "module__n_outputs": 1}
    binary = partial(case, wrapper=NeuralNetBinaryClassifier, y=FLOATS[:, 0], **about)
    numbers = partial(case, y=NUMBERS, **REGRESSION)
    weights = [torch.tensor([1.0, 2.0]), torch.tensor([3.0, 1.0])]
    return {
        "BCELoss": case(Probability, criterion=nn.BCELoss, module__n_neurons=5, y=FLOATS),
        "NLLLoss": case(LogProbability, criterion=nn.NLLLoss),
        "three classes": case(module__n_outputs=3, y=THREE),
        "binary": binary(),
        "pos_weight": binary(grid={"criterion__pos_weight": [torch.tensor(2.0), torch.tensor(5.0)]}),
        "class weights": case(grid={"criterion__weight": weights}),
        "class weights from y": case(wrapper=BalancedClasses),
        "label smoothing": case(criterion__label_smoothing=0.1),
        "a loss over a batch, of classes as vectors": case(criterion=Dice),
        "reduction sum": case(grid={"lr": [0.01, 0.001]}, criterion__reduction="sum", lr=0.01),
        "MSELoss": numbers(grid={"lr": [0.01, 0.003]}),
        "HuberLoss": numbers(grid={"lr": [0.01, 0.003]}, criterion=nn.HuberLoss),
        "L1Loss, two targets": numbers(y=np.hstack([NUMBERS, -NUMBERS]), criterion=nn.L1Loss, module__n_outputs=2),
        "get_loss of one's own": case(wrapper=OwnLoss),
        "a train step of one's own": case(grid={}, wrapper=OwnTrainStep, alone="train_step_single"),
    }


def callbacks() -> dict[str, Case]:
    stop = EarlyStopping(patience=2, threshold=0.03)
    return {
        "default callbacks": case(callbacks=None),
        "default callbacks, printing": case(callbacks=None, verbose=1),
        "EarlyStopping": watched(stop, grid={"lr": [0.5, 0.1, 0.001], "callbacks__EarlyStopping__patience": [2, 3]}),
        "EarlyStopping, load_best": watched(EarlyStopping(patience=3, load_best=True), lr=2.0),
        "EarlyStopping on accuracy": watched(EarlyStopping("valid_acc", lower_is_better=False, patience=2)),
        "LRScheduler, StepLR": watched(LRScheduler("StepLR", step_size=2, gamma=0.5)),
        "LRScheduler, cosine": watched(LRScheduler("CosineAnnealingLR", T_max=12)),
        "LRScheduler, plateau": watched(LRScheduler("ReduceLROnPlateau", monitor="valid_loss", patience=1)),
        "LRScheduler by batch": watched(
            LRScheduler("CyclicLR", base_lr=0.01, max_lr=0.3, step_every="batch", step_size_up=3)
        ),
        "LRScheduler, OneCycleLR": watched(
            LRScheduler(torch.optim.lr_scheduler.OneCycleLR, max_lr=0.3, total_steps=60, step_every="batch")
        ),
        "GradientNormClipping": watched(
            GradientNormClipping(0.1), grid={"callbacks__GradientNormClipping__gradient_clip_value": [0.1, 0.5, None]}
        ),
        "EpochScoring": watched(
            EpochScoring("roc_auc", lower_is_better=False), EpochScoring("accuracy", on_train=True, name="ta")
        ),
        "EpochScoring, no caching": watched(EpochScoring("accuracy", use_caching=False)),
        "all together, shuffled": watched(
            *(stop, LRScheduler("StepLR", step_size=2), GradientNormClipping(0.5)),
            grid={"lr": [0.5, 0.1]},
            iterator_train__shuffle=True,
        ),
        "Freezer": watched(Freezer("layers.0.*"), grid={}, alone="Freezer"),
        "Checkpoint": watched(
            Checkpoint(dirname="unwritten", f_params=None, f_optimizer=None, f_criterion=None, f_history=None),
            grid={},
            alone="Checkpoint",
        ),
    }
