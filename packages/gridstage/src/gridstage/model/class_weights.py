"""Counts the rows of some classes more than those of others in a net's criterion."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from sklearn.utils.class_weight import compute_class_weight
from torch import Tensor, nn
from torch.nn import functional

from gridstage.common import UserError, in_params

# Losses that take the numbers of classes and an output for each. `class_weight` is put into their parameter `weight`,
# and into `pos_weight` of the other one.
OF_NUMBERED, _POS_WEIGHT = (nn.CrossEntropyLoss, nn.NLLLoss), (nn.BCEWithLogitsLoss,)


class WeightedBCELoss(nn.BCELoss):
    """`BCELoss` in which a row counts as its class does; torch's own weights are those of a batch's places."""

    class_weight: Tensor

    def __init__(self, class_weight: Tensor, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.register_buffer("class_weight", class_weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss of probabilities."""
        weight = torch.where(target > 0.5, self.class_weight[1], self.class_weight[0])
        return functional.binary_cross_entropy(
            input, target, weight=weight, reduction=self.reduction
        )


class ClassWeights:
    """Mixin for a skorch net: its criterion weights the classes, by scikit-learn's formula if they are 'balanced'.

    The weights stand in the criterion's buffers, so that nets on different rows can be trained in lockstep.
    """

    criterion: type[nn.Module]

    def __init__(
        self,
        *args: Any,
        class_weight: str | Sequence[float] | None = None,
        n_classes: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.class_weight, self.n_classes = class_weight, n_classes

    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> Any:
        """Find the weights, then fit as the net does."""
        weights, self.weights_ = self.class_weight, None
        if weights is not None:
            self.weights_ = class_weights(weights, y, self.n_classes or 0)
        return super().fit(X, y, **fit_params)  # type: ignore[misc]

    def initialize_criterion(self) -> Any:
        """Build the criterion, with the weights of the classes."""
        weights = getattr(self, "weights_", None)
        if self.class_weight is None or weights is None:  # not for a fit
            return super().initialize_criterion()  # type: ignore[misc]
        numbers = torch.tensor(weights, dtype=torch.float32)
        settings = self.get_params_for("criterion")  # type: ignore[attr-defined]
        if issubclass(self.criterion, nn.BCELoss):
            self.criterion_: nn.Module = WeightedBCELoss(numbers, **settings)
        elif issubclass(self.criterion, _POS_WEIGHT):
            ratio = torch.tensor(weights[1] / weights[0]).float()
            self.criterion_ = self.criterion(**settings, pos_weight=ratio)
        else:
            self.criterion_ = self.criterion(**settings, weight=numbers)
        return self


def class_weights(
    class_weight: str | Sequence[float], y: Any, n_classes: int
) -> np.ndarray:
    """Return the weight of each class, float64 of shape (n_classes,); 1 for a class without rows in `y`."""
    if not isinstance(class_weight, str):
        return np.asarray(class_weight, dtype=np.float64)
    labels = np.ravel(np.asarray(y)).astype(np.int64)
    present, weights = np.unique(labels), np.ones(n_classes)
    weights[present] = compute_class_weight(class_weight, classes=present, y=labels)
    return weights


def check_class_weight(settings: dict[str, Any], n_classes: int) -> None:
    """Raise `UserError` if there are not as many weights as classes."""
    weights = settings.get("class_weight")
    if weights is None or isinstance(weights, str) or len(weights) == n_classes:
        return
    finding = f", or that of an experiment, has {len(weights)} weights, but the data has {n_classes} classes"
    remedy = "Give one for each, or `balanced`."
    raise UserError(in_params("model.class_weight", finding, remedy))
