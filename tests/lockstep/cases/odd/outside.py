"""Optimizers, callbacks and scoring functions of people's own that do what no step of the first epochs shows."""

import pickle
import random
from functools import partial
from typing import Any

import numpy as np
import torch
from sklearn.base import clone
from skorch import NeuralNet
from skorch.callbacks import Callback, EarlyStopping, EpochScoring, GradientNormClipping, LRScheduler
from torch import Tensor, nn

from lockstep import reads_only
from tests.lockstep.cases.base import LABELS, Case, X, case, watched
from tests.lockstep.cases.odd.own import OwnOptimizer


@reads_only
class Scores(Callback):
    """Scores the net itself after some epochs."""

    def __init__(self, every: int = 3) -> None:
        self.every = every

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        if len(net.history) % self.every == 0:
            net.history.record("accuracy", float(net.score(X, LABELS)))


@reads_only
class CallsTheModule(Callback):
    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        if len(net.history) % 4 == 0:
            with torch.no_grad():
                net.history.record("mean", float(net.module_(torch.as_tensor(X)).mean()))


@reads_only
class FitsACopy(Callback):
    """Fits an unfitted copy, and pickles the net."""

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        copied = clone(net).set_params(max_epochs=1, callbacks=None).fit(X, LABELS)
        net.history.record("loss of a copy", copied.history[-1, "train_loss"])
        self.pickled_ = pickle.dumps(net)


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
    seven = partial(watched, max_epochs=7)
    stopping = [Scores(every=1), EarlyStopping(patience=2, threshold=0.05)]
    plateau = LRScheduler("ReduceLROnPlateau", monitor="valid_loss", patience=0)
    clipping = [("a", GradientNormClipping(9.0)), ("b", GradientNormClipping(9.0))]
    step = LRScheduler("StepLR", step_size=3)
    scored = ("s", EpochScoring("accuracy", name="s", lower_is_better=False))
    shuffled: dict[str, Any] = {"max_epochs": 7, "iterator_train__shuffle": True}
    costly = EpochScoring(now_and_then, name="all", use_caching=False, lower_is_better=False)
    return {
        "a tensor as rate": watched(
            ("own", plateau), grid={"module__n_neurons": [4, 6]}, optimizer__lr=torch.tensor(0.5), max_epochs=9
        ),
        "clipped twice": case(
            grid={"callbacks__b__gradient_clip_value": [9.0, 0.01]}, callbacks=clipping, alone="clipped twice"
        ),
        "scored now and then": seven(("own", Scores())),
        "scored now and then, shuffled": seven(("own", Scores()), iterator_train__shuffle=True),
        "scored where a schedule changes rates": seven(Scores(), plateau),
        "scored until the training ends": case(callbacks=stopping, max_epochs=20),
        "a module called now and then": seven(("own", CallsTheModule()), module__norm=nn.BatchNorm1d),
        "a copy fitted by a callback": seven(("own", FitsACopy())),
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
