"""Cases: optimizers, callbacks and scores of people's own that do what no step of the first epochs shows."""

import pickle
import random
from typing import Any

import numpy as np
import torch
from sklearn.base import clone
from skorch import NeuralNet
from skorch.callbacks import Callback, EarlyStopping, EpochScoring, GradientNormClipping, LRScheduler
from skorch.dataset import ValidSplit
from torch import Tensor, nn

from lockstep import reads_only
from tests.lockstep.cases.base import LABELS, Case, X, case, watched

TEN = np.arange(len(X)) % 10


class OwnOptimizer(torch.optim.Optimizer):
    def __init__(self, params: Any, lr: float = 0.1) -> None:
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        with torch.enable_grad():
            loss = closure() if closure else None
        for group in self.param_groups:
            for param in group["params"]:
                param.add_(self.direction(param), alpha=-group["lr"])
        return loss

    def direction(self, param: Tensor) -> Tensor:
        raise NotImplementedError


class OwnMomentum(OwnOptimizer):
    def __init__(self, params: Any, lr: float = 0.1, beta: float = 0.9) -> None:
        super().__init__(params, lr)
        self.beta = beta

    def direction(self, param: Tensor) -> Tensor:
        kept = self.state[param].setdefault("kept", torch.zeros_like(param))
        return kept.mul_(self.beta).add_(param.grad, alpha=1 - self.beta)


class Decaying(OwnOptimizer):
    def __init__(self, params: Any, lr: float = 0.1) -> None:
        super().__init__(params, lr)
        self._steps = 0

    def step(self, closure: Any = None) -> Any:
        self._steps += 1
        return super().step(closure)

    def direction(self, param: Tensor) -> Tensor:
        return param.grad / self._steps**0.5


class KeepsATensor(OwnOptimizer):
    """Has a tensor as an attribute, which belongs to no parameter."""

    def __init__(self, params: Any, lr: float = 0.1) -> None:
        super().__init__(params, lr)
        self.kept = torch.zeros(())

    def direction(self, param: Tensor) -> Tensor:
        return torch.as_tensor(param.grad)


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


class SeveralMomenta(OwnOptimizer):
    """Keeps a dict in its state, as aggregated momentum does."""

    def direction(self, param: Tensor) -> Tensor:
        kept = self.state[param].setdefault("momenta", {b: torch.zeros_like(param) for b in (0.0, 0.9)})
        return torch.stack([momentum.mul_(beta).add_(param.grad) for beta, momentum in kept.items()]).mean(0)


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


@reads_only
class Scores(Callback):
    """Scores the net itself after some epochs."""

    def __init__(self, every: int = 3) -> None:
        self.every = every

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        if len(net.history) % self.every == 0:
            net.history.record("accuracy", float(net.score(X, LABELS)))


@reads_only
class FitsACopy(Callback):
    """Fits an unfitted copy, and pickles the net."""

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        copied = clone(net).set_params(max_epochs=1, callbacks=None).fit(X, LABELS)
        net.history.record("loss of a copy", copied.history[-1, "train_loss"])
        self.pickled_ = pickle.dumps(net)


@reads_only
class Keeps(Callback):
    """Keeps the weights without copying them, and records them at the end."""

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        self.kept_ = net.module_.state_dict()


@reads_only
class Budget(Callback):
    """Ends the training after some steps, in the middle of an epoch."""

    def on_train_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        self.steps_ = 0

    def on_batch_end(self, net: NeuralNet, training: bool = False, **kwargs: Any) -> None:
        self.steps_ += training
        if self.steps_ == 11:
            raise KeyboardInterrupt


def on_all_rows(net: NeuralNet, rows: Any, y: Any) -> float:
    return float(np.mean(net.predict(X) == LABELS))


class RandomRates(torch.optim.lr_scheduler.LRScheduler):
    def get_lr(self) -> list[float | torch.Tensor]:
        return [rate * random.uniform(0.1, 2) for rate in self.base_lrs]


class Draws:
    """A scorer that draws numbers where it is given many rows, as one that resamples does."""

    def __call__(self, net: NeuralNet, X: Any, y: Any) -> float:
        return float(torch.randperm(len(y))[0]) if len(y) > 20 else 0.0


def outside() -> dict[str, Case]:
    own, step = ("own", Scores()), LRScheduler("StepLR", step_size=3)
    plateau = LRScheduler("ReduceLROnPlateau", monitor="valid_loss", patience=0)
    clipping = [("a", GradientNormClipping(9.0)), ("b", GradientNormClipping(9.0))]
    scored = ("s", EpochScoring("accuracy", name="s", lower_is_better=False))
    drawing = [("drawn", EpochScoring(Draws(), name="drawn")), ("bound", EpochScoring(Draws().__call__, name="bound"))]
    log_loss = EpochScoring("neg_log_loss", lower_is_better=False, name="score")
    warm_up = LRScheduler(torch.optim.lr_scheduler.LambdaLR, lr_lambda=lambda epoch: min(epoch / 3, 1.0))
    shuffled: dict[str, Any] = {"max_epochs": 7, "iterator_train__shuffle": True}
    tensors = [torch.tensor(rate) for rate in (0.00012, 0.00014)]
    return {
        "an optimizer's own setting": case(grid={"optimizer__beta": [0.9, 0.1]}, optimizer=OwnMomentum),
        "an optimizer that counts in private": case(optimizer=Decaying, alone="outside of its state"),
        "an optimizer with a tensor of its own": case(optimizer=KeepsATensor, alone="outside of its state"),
        "an optimizer that clips the norm": case(
            grid={"optimizer__max_norm": [10.0, 1.0, 0.05]}, optimizer=ClippedSGD, alone=" "
        ),
        "an optimizer that decays before its closure": case(
            grid={"optimizer__wd": [1e-6, 1e-3, 0.1, 1.0]}, optimizer=SGDW, alone=" "
        ),
        "an optimizer with a dict in its state": case(
            optimizer=SeveralMomenta, alone="its state has more than numbers"
        ),
        "rates that are tensors": case(grid={"optimizer__lr": tensors}, optimizer=torch.optim.Adam),
        "numbers of NumPy": case(
            grid={"criterion__label_smoothing": np.linspace(0, 0.2, 2), "max_epochs": np.arange(2, 4)}
        ),
        "a rate that starts at 0": case(callbacks=[warm_up]),
        "clipped twice": case(
            grid={"callbacks__b__gradient_clip_value": [9.0, 0.01]}, callbacks=clipping, alone="clipped twice"
        ),
        "scored now and then, shuffled": watched(own, **shuffled),
        "a copy fitted by a callback": watched(("own", FitsACopy()), max_epochs=7),
        "scored where a schedule changes rates": watched(Scores(), plateau, max_epochs=7),
        "scored until the training ends": watched(
            Scores(every=1), EarlyStopping(patience=2), grid={"lr": [5.0, 0.02]}, **shuffled
        ),
        "a training that ends within an epoch": case(callbacks=[Budget()], alone="within an epoch"),
        "a score of ten classes": case(callbacks=[log_loss], module__n_outputs=10, y=TEN),
        "a scorer that is an object": case(callbacks=drawing, train_split=ValidSplit(2), iterator_train__shuffle=True),
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
