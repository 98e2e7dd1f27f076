"""Callbacks that do something late, or now and then, which the first epochs do not show."""

import copy
import pickle
from typing import Any

import torch
from sklearn.base import clone
from skorch import NeuralNet
from skorch.callbacks import Callback, EarlyStopping, GradientNormClipping, LRScheduler
from skorch.dataset import Dataset
from torch import nn

from tests.lockstep.cases.base import LABELS, RATES, Case, X, classifier
from tests.lockstep.cases.odd.surprises import FourthEpoch


class Scores(Callback):
    """Scores the net itself after some epochs."""

    def __init__(self, every: int = 3) -> None:
        self.every = every

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        if len(net.history) % self.every == 0:
            net.history.record("accuracy", float(net.score(X, LABELS)))


class ScoresInside(Callback):
    """Scores the net itself before each step of an epoch."""

    def on_batch_begin(self, net: NeuralNet, training: bool = False, **kwargs: Any) -> None:
        if training and len(net.history) == 3:
            net.score(X, LABELS)


class CallsTheModule(Callback):
    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        if len(net.history) % 4 == 0:
            with torch.no_grad():
                net.history.record("mean", float(net.module_(torch.as_tensor(X)).mean()))


class Forget(FourthEpoch):
    def change(self, net: NeuralNet) -> None:
        net.optimizer_.state.clear()


class GoBack(FourthEpoch):
    """Goes back to the weights, and to the optimizer, of the first epoch."""

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        if len(net.history) == 1:
            self.kept_ = copy.deepcopy((net.module_.state_dict(), net.optimizer_.state_dict()))

    def change(self, net: NeuralNet) -> None:
        net.module_.load_state_dict(self.kept_[0])
        net.optimizer_.load_state_dict(self.kept_[1])


class OtherWeights(Callback):
    """Evaluates the hold-out with smaller weights from an epoch on, and puts the others back."""

    def __init__(self, first: int = 4, factor: float = 0.5) -> None:
        self.first, self.factor = first, factor

    def on_batch_begin(self, net: NeuralNet, training: bool = False, **kwargs: Any) -> None:
        if not training and len(net.history) >= self.first and "others" not in net.history[-1]:
            net.history.record("others", 1)
            self.kept_ = copy.deepcopy(net.module_.state_dict())
            net.module_.load_state_dict({name: self.factor * weight for name, weight in self.kept_.items()})

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        if "others" in net.history[-1]:
            net.module_.load_state_dict(self.kept_)


class Switched(Dataset):
    on = False

    def __getitem__(self, i: Any) -> Any:
        x, y = super().__getitem__(i)
        return (x / 2 if self.on else x), y


class SwitchesRows(Callback):
    def on_epoch_begin(self, net: NeuralNet, dataset_train: Any = None, **kwargs: Any) -> None:
        dataset_train.dataset.on = len(net.history) > 4


class SetsBatch(Callback):
    def __init__(self, share: float = 0.1) -> None:
        self.share = share

    def on_train_begin(self, net: NeuralNet, X: Any = None, **kwargs: Any) -> None:
        net.set_params(batch_size=int(len(X) * self.share))


class Tightens(GradientNormClipping):
    """Clips more with each epoch; nothing at first."""

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        self.gradient_clip_value *= 0.2


class TightensOther(FourthEpoch):
    def change(self, net: NeuralNet) -> None:
        dict(net.callbacks_)["clip"].gradient_clip_value = 0.01


PATCHED = ("infer", "get_loss", "step")


class Patches(FourthEpoch):
    """Gives a net, or its optimizer, another method."""

    def __init__(self, what: str = "") -> None:
        self.what = what

    def change(self, net: NeuralNet) -> None:
        plain = {"infer": net.infer, "get_loss": net.get_loss, "step": net.optimizer_.step}[self.what]

        def patched(*args: Any, **kwargs: Any) -> Any:
            return 0.5 * plain(*args, **kwargs)

        setattr(net.optimizer_ if self.what == "step" else net, self.what, patched)


class ChoosesRows(FourthEpoch):
    def on_epoch_begin(self, net: NeuralNet, dataset_train: Any = None, **kwargs: Any) -> None:
        if len(net.history) == 4:
            dataset_train.indices[:20] = dataset_train.indices[20:40]


class Augments(Callback):
    """Exchanges the rows of a batch; not in the first epochs."""

    def on_batch_begin(self, net: NeuralNet, batch: Any = None, training: bool = False, **kwargs: Any) -> None:
        if len(net.history) > 3:
            batch[0] = batch[0] * 1.1


class FitsACopy(Callback):
    """Fits an unfitted copy, and pickles the net."""

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        copied = clone(net).set_params(max_epochs=1, callbacks=None).fit(X, LABELS)
        net.history.record("loss of a copy", copied.history[-1, "train_loss"])
        self.pickled_ = pickle.dumps(net)


def late() -> dict[str, Case]:
    def watched(callback: Any, **settings: Any) -> Any:
        return classifier(callbacks=[("own", callback)], **{"max_epochs": 7} | settings)

    stopping = [Scores(every=1), EarlyStopping(patience=2, threshold=0.05)]
    plateau = LRScheduler("ReduceLROnPlateau", monitor="valid_loss", patience=0)
    clipping = classifier(callbacks=[("a", GradientNormClipping(9.0)), ("b", GradientNormClipping(9.0))])
    adam: dict[str, Any] = {"optimizer": torch.optim.Adam}
    return {
        "a tensor as rate": Case(
            watched(plateau, optimizer__lr=torch.tensor(0.5), max_epochs=9), {"module__n_neurons": [4, 6]}
        ),
        "clipped twice": Case(clipping, {"callbacks__b__gradient_clip_value": [9.0, 0.01]}, alone="clipped twice"),
        "scored now and then": Case(watched(Scores()), RATES),
        "scored now and then, shuffled": Case(watched(Scores(), iterator_train__shuffle=True), RATES),
        "scored where a schedule changes rates": Case(classifier(callbacks=[Scores(), plateau], max_epochs=7), RATES),
        "scored until the training ends": Case(classifier(callbacks=stopping, max_epochs=20), RATES),
        "scored within epochs until the training ends": Case(
            classifier(callbacks=[ScoresInside(), *stopping], max_epochs=20), RATES, alone="draws random numbers"
        ),
        "a module called now and then": Case(watched(CallsTheModule(), module__norm=nn.BatchNorm1d), RATES),
        "an optimizer that forgets late": Case(watched(Forget(), **adam), RATES, alone="what the optimizer keeps"),
        "going back": Case(watched(GoBack(), **adam), RATES, alone="what the optimizer keeps"),
        "other weights for the hold-out late": Case(watched(OtherWeights()), RATES, alone="for the hold-out"),
        "other weights for the hold-out, by a setting": Case(
            watched(OtherWeights(first=1)), {"callbacks__own__factor": [1.0, 0.5]}, alone="for the hold-out"
        ),
        "other rows late": Case(watched(SwitchesRows(), dataset=Switched), RATES, alone="changes the net"),
        "clipping that tightens": Case(watched(Tightens(10.0)), {"callbacks__own__gradient_clip_value": [10.0, 5.0]}),
        "clipping that another callback tightens": Case(
            classifier(callbacks=[("clip", GradientNormClipping(10.0)), TightensOther()], max_epochs=7), RATES
        ),
        **{f"another {what} late": Case(watched(Patches(what)), RATES, alone="changes the net") for what in PATCHED},
        "other rows chosen late": Case(watched(ChoosesRows()), RATES, alone="changes the net"),
        "rows of a batch exchanged late": Case(watched(Augments()), RATES, alone="exchanges the rows"),
        "a copy fitted by a callback": Case(watched(FitsACopy()), RATES),
        "a batch size by a setting": Case(watched(SetsBatch()), {"callbacks__own__share": [0.1, 0.3]}),
    }
