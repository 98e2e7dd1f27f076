"""Callbacks that do something late, or now and then, which the first epochs do not show."""

import pickle
from functools import partial
from typing import Any

import torch
from sklearn.base import clone
from skorch import NeuralNet
from skorch.callbacks import Callback, EarlyStopping, GradientNormClipping, LRScheduler
from torch import nn

from lockstep import reads_only
from tests.lockstep.cases.base import LABELS, Case, X, case, watched


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


def late() -> dict[str, Case]:
    seven = partial(watched, max_epochs=7)
    stopping = [Scores(every=1), EarlyStopping(patience=2, threshold=0.05)]
    plateau = LRScheduler("ReduceLROnPlateau", monitor="valid_loss", patience=0)
    clipping = [("a", GradientNormClipping(9.0)), ("b", GradientNormClipping(9.0))]
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
    }
