"""Optimizers, callbacks and scoring functions of people's own that do what no step of the first epochs shows."""

import random
from typing import Any

import numpy as np
import torch
from skorch import NeuralNet
from skorch.callbacks import EpochScoring, LRScheduler
from torch import Tensor, nn

from tests.lockstep.cases.base import LABELS, Case, X, case, watched
from tests.lockstep.cases.odd.own import OwnOptimizer


class ClippedSGD(torch.optim.SGD):
    """Clips the norm of the gradient itself."""

    def __init__(self, params: Any, lr: float = 0.1, max_norm: float = 10.0) -> None:
        super().__init__(params, lr=lr)
        self.param_groups[0]["max_norm"] = max_norm

    def step(self, closure: Any = None) -> Any:
        loss = closure() if closure else None
        for group in self.param_groups:
            nn.utils.clip_grad_norm_(group["params"], group["max_norm"])
        super().step()
        return loss


class NeedsClosure(torch.optim.Optimizer):
    def __init__(self, params: Any, lr: float = 0.1) -> None:
        super().__init__(params, {"lr": lr})

    def step(self, closure: Any) -> Any:  # type: ignore[override]
        with torch.enable_grad():
            loss = closure()
        with torch.no_grad():
            for group in self.param_groups:
                for param in group["params"]:
                    kept = self.state[param].setdefault("kept", torch.zeros_like(param))
                    param.sub_(kept.mul_(0.9).add_(param.grad), alpha=group["lr"])
        return loss


class SeveralMomenta(OwnOptimizer):
    """Keeps a dict in its state, as aggregated momentum does."""

    def direction(self, param: Tensor) -> Tensor:
        kept = self.state[param].setdefault("momenta", {b: torch.zeros_like(param) for b in (0.0, 0.9)})
        return torch.stack([momentum.mul_(beta).add_(param.grad) for beta, momentum in kept.items()]).mean(0)


class NotesItsSteps(torch.optim.SGD):
    """Keeps a list in its group, as the first RAdam does."""

    def __init__(self, params: Any, lr: float = 0.1) -> None:
        super().__init__(params, lr=lr)
        self.param_groups[0]["buffer"] = [[None, None]]

    def step(self, closure: Any = None) -> Any:
        loss = closure() if closure else None
        for group in self.param_groups:
            group["buffer"][0] = [group["lr"], float(group["params"][0].detach().norm())]
        super().step()
        return loss


class SGDW(torch.optim.SGD):
    """Decays its weights before the closure computes their gradient."""

    def __init__(self, params: Any, lr: float = 0.1, wd: float = 0.01) -> None:
        super().__init__(params, lr=lr)
        self.param_groups[0]["wd"] = wd

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        for group in self.param_groups:
            for weight in group["params"]:
                weight.mul_(1 - group["lr"] * group["wd"])
        return super().step(closure)


def now_and_then(net: NeuralNet, rows: Any, y: Any) -> float:
    """Scores all rows after each third epoch; batches of shuffled rows draw a seed each time."""
    return float(np.mean(net.predict(X) == LABELS)) if len(net.history) % 3 == 0 else 0.0


def on_all_rows(net: NeuralNet, rows: Any, y: Any) -> float:
    return float(np.mean(net.predict(X) == LABELS))


class RandomRates(torch.optim.lr_scheduler.LRScheduler):
    def get_lr(self) -> list[float | torch.Tensor]:
        return [rate * random.uniform(0.1, 2) for rate in self.base_lrs]


def outside() -> dict[str, Case]:
    step = LRScheduler("StepLR", step_size=3)
    scored = ("s", EpochScoring("accuracy", name="s", lower_is_better=False))
    shuffled: dict[str, Any] = {"max_epochs": 7, "iterator_train__shuffle": True}
    costly = EpochScoring(now_and_then, name="all", use_caching=False, lower_is_better=False)
    return {
        "an optimizer that clips the norm": case(
            grid={"optimizer__max_norm": [10.0, 1.0, 0.05]}, optimizer=ClippedSGD, alone=" "
        ),
        "an optimizer that decays before its closure": case(
            grid={"optimizer__wd": [1e-6, 1e-3, 0.1, 1.0]}, optimizer=SGDW, alone=" "
        ),
        "an optimizer that needs its closure": case(optimizer=NeedsClosure),
        "an optimizer with a dict in its state": case(
            optimizer=SeveralMomenta, alone="its state has more than numbers"
        ),
        "an optimizer with a list in its group": case(optimizer=NotesItsSteps, alone="outside of its state"),
        "a score now and then, shuffled": watched(costly, **shuffled),
        "a scoring function that draws beside one that does not": watched(
            scored,
            grid=[
                {"callbacks__s__scoring": ["accuracy"]},
                {"callbacks__s__scoring": [on_all_rows], "callbacks__s__use_caching": [False]},
            ],
            **shuffled,
        ),
        "caching or not": case(grid={"use_caching": [True, False]}, callbacks=None, iterator_train__shuffle=True),
        "a scheduler that draws beside one that does not": watched(
            ("s", step),
            grid={"callbacks__s": [step, LRScheduler(RandomRates)]},
            max_epochs=7,
            alone="a schedule of your own",
        ),
    }
