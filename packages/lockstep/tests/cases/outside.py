"""Cases: optimizers, callbacks and scores of people's own that do what no step of the first epochs shows."""

import copy
import io
import pickle
import random
from typing import Any

import numpy as np
import torch
from sklearn.base import clone
from skorch import NeuralNet
from skorch.callbacks import (
    Callback,
    EarlyStopping,
    EpochScoring,
    GradientNormClipping,
    LRScheduler,
)
from skorch.dataset import ValidSplit

from lockstep import reads_only
from packages.lockstep.tests.cases.base import LABELS, Case, X, case, watched

TEN = np.arange(len(X)) % 10


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
    """Fits an unfitted copy, pickles the net, and notes how many bytes its weights take in a file."""

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        copied = clone(net).set_params(max_epochs=1, callbacks=None).fit(X, LABELS)
        net.history.record("loss of a copy", copied.history[-1, "train_loss"])
        self.pickled_, file = pickle.dumps(net), io.BytesIO()
        torch.save(copy.deepcopy(net.module_.state_dict()), file)
        torch.save(net.module_.state_dict(), file)
        net.history.record("bytes", len(file.getvalue()))


@reads_only
class Keeps(Callback):
    """Keeps weights and gradients without copying them, and notes modes, and that an epoch begins without gradients."""

    def on_train_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        self.kept_: list[Any] = []

    def on_epoch_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        self.kept_.append([weight.grad is None for weight in net.module_.parameters()])

    def on_batch_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        net.history.record_batch("mode at first", net.module_.training)

    def on_batch_end(
        self, net: NeuralNet, training: bool = False, **kwargs: Any
    ) -> None:
        net.history.record_batch("mode at last", net.module_.training)
        if training:
            self.kept_.append(net.module_.layers[-1].bias.grad.numpy())

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        net.history.record("mode", net.module_.training)
        self.kept_.append([net.module_.layers[-1].bias.grad, net.module_.state_dict()])


@reads_only
class Budget(Callback):
    """Ends the training after some steps, in the middle of an epoch."""

    def on_train_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        self.steps_ = 0

    def on_batch_end(
        self, net: NeuralNet, training: bool = False, **kwargs: Any
    ) -> None:
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
    drawing = [
        ("drawn", EpochScoring(Draws(), name="drawn")),
        ("bound", EpochScoring(Draws().__call__, name="bound")),
    ]
    log_loss = EpochScoring("neg_log_loss", lower_is_better=False, name="score")
    shuffled: dict[str, Any] = {"max_epochs": 7, "iterator_train__shuffle": True}
    twenty: dict[str, Any] = {"grid": {"lr": [0.5, 0.01]}, "max_epochs": 20}
    tensors = [torch.tensor(rate) for rate in (0.00012, 0.00014)]
    return {
        "rates that are tensors": case(
            grid={"optimizer__lr": tensors}, optimizer=torch.optim.Adam
        ),
        "numbers of NumPy": case(
            grid={
                "criterion__label_smoothing": np.linspace(0, 0.2, 2),
                "max_epochs": np.arange(2, 4),
            }
        ),
        "clipped twice": case(
            grid={"callbacks__b__gradient_clip_value": [9.0, 0.01]},
            callbacks=clipping,
            alone="clipped twice",
        ),
        "scored now and then, shuffled": watched(own, **shuffled),
        "a copy fitted by a callback": watched(("own", FitsACopy()), max_epochs=7),
        "weights and gradients that are kept": watched(
            Keeps(), EarlyStopping(patience=1, threshold=0.1), **twenty
        ),
        "scored where a schedule changes rates": watched(
            Scores(), plateau, max_epochs=7
        ),
        "scored until the training ends": watched(
            Scores(every=1),
            EarlyStopping(patience=2),
            grid={"lr": [5.0, 0.02]},
            **shuffled,
        ),
        "a training that ends within an epoch": case(
            callbacks=[Budget()], alone="within an epoch"
        ),
        "a score of ten classes": case(
            callbacks=[log_loss], module__n_outputs=10, y=TEN, cv=3
        ),
        "a scorer that is an object": case(
            callbacks=drawing, train_split=ValidSplit(2), iterator_train__shuffle=True
        ),
        "a scoring function that draws beside one that does not": watched(
            scored,
            grid=[
                {"callbacks__s__scoring": ["accuracy"]},
                {
                    "callbacks__s__scoring": [on_all_rows],
                    "callbacks__s__use_caching": [False],
                },
            ],
            **shuffled,
        ),
        "caching or not": case(
            grid={"use_caching": [True, False]},
            callbacks=None,
            iterator_train__shuffle=True,
        ),
        "a scheduler that draws beside one that does not": watched(
            ("s", step),
            grid={"callbacks__s": [step, LRScheduler(RandomRates)]},
            max_epochs=7,
            alone="a schedule of your own",
        ),
    }
