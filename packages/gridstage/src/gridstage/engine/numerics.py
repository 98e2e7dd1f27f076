"""Lets torch use one thread, and ends fits that leave the finite numbers."""

from cmath import isfinite
from typing import Any

import torch


def pin_this_process() -> None:
    """Let torch use one thread in this process, from now on; the engine calls it in each worker, too."""
    torch.set_num_threads(1)


class FiniteOrUnfit:
    """Mixin for a skorch net: a fit that leaves the finite numbers ends there, without an exception.

    Such a net has `diverged_` set. Other failures are raised. The engine fits a net that diverges again, by skorch
    alone, unless its class has an attribute `diverged_`, because its criterion may raise on the way.
    """

    diverged_ = False

    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> Any:
        """Fit as the net does; `BCELoss` refuses NaN with a RuntimeError, other criteria train on in silence."""
        self.diverged_ = False
        try:
            super().fit(X, y, **fit_params)  # type: ignore[misc]
        except RuntimeError:
            if _is_finite(self, X):
                raise
        self.diverged_ = not _is_finite(self, X)
        return self


def _is_finite(net: Any, X: Any) -> bool:
    """Whether the net's parameters and its outputs for the rows `X` are finite numbers, all of them."""
    return all(map(_all_finite, net.module_.parameters())) and _all_finite(
        torch.as_tensor(net.forward(X))
    )


def _all_finite(numbers: torch.Tensor) -> bool:
    # A finite sum, which takes a third of the time, has finite terms; an infinite one may be too large.
    return isfinite(numbers.detach().sum().item()) or bool(numbers.isfinite().all())
