"""A callback that keeps a net's outputs for its held-out rows; in a stack it costs nearly nothing."""

from typing import Any

import torch
from skorch import NeuralNet
from skorch.callbacks import Callback
from skorch.dataset import unpack_data
from torch import Tensor

from lockstep._compat import tree_map


class HoldOutRecorder(Callback):
    """Keeps a net's outputs for its held-out rows after each epoch, to score them when the training is over.

    skorch's `EpochScoring` scores during the training. This callback only keeps the outputs, so a stack can pass them
    on at the end, and a score can be computed for every epoch afterwards.

    Attributes
    ----------
    outputs_ : list of tensors
        For each epoch, the module's outputs for the held-out rows, one row each; empty without a hold-out. If the
        module returns several tensors, a tuple of them.
    y_ : tensor or None
        The targets of these rows.

    Examples
    --------
    skorch holds out a fifth of the rows. Which share of them is right after each of 20 epochs?

    >>> from lockstep import HoldOutRecorder
    >>> from sklearn.datasets import load_iris
    >>> from skorch import NeuralNetClassifier
    >>> from torch import nn
    >>> X, y = load_iris(return_X_y=True)
    >>> X = X.astype("float32")
    >>> net = NeuralNetClassifier(
    ...     nn.Linear, module__in_features=4, module__out_features=3, criterion=nn.CrossEntropyLoss, verbose=0
    ... )
    >>> net = net.set_params(lr=0.1, max_epochs=20, callbacks=[("held_out", HoldOutRecorder)]).fit(X, y)
    >>> recorder = dict(net.callbacks_)["held_out"]
    >>> tuple(recorder.outputs_[0].shape)  # rows, classes
    (30, 3)
    >>> accuracies = [(each.argmax(1) == recorder.y_).float().mean().item() for each in recorder.outputs_]
    >>> len(accuracies), max(accuracies) > 0.5
    (20, True)
    """

    outputs_: list[Any]
    y_: Tensor | None

    def initialize(self) -> "HoldOutRecorder":
        """Forget the outputs of an earlier training."""
        self.outputs_ = []
        self.y_ = None
        return self

    def on_epoch_begin(self, net: NeuralNet, **about: Any) -> None:
        """Start an epoch."""
        self._batches: list[tuple[Any, Any]] = []

    def on_batch_end(
        self,
        net: NeuralNet,
        batch: Any = None,
        training: bool = False,
        y_pred: Any = None,
        **about: Any,
    ) -> None:
        """Keep the outputs of a held-out batch."""
        if not training:
            self._batches.append((unpack_data(batch)[1], y_pred))

    def on_epoch_end(self, net: NeuralNet, **about: Any) -> None:
        """Join the batches."""
        if self._batches:
            self.y_, made = tree_map(
                lambda *parts: torch.cat(
                    [torch.atleast_1d(part.detach().cpu()) for part in parts]
                ),
                *self._batches,
            )
            self.outputs_.append(made)
