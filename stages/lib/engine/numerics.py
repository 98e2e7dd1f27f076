"""Makes torch compute the same bytes on every processor, and ends fits that leave the finite numbers."""

import warnings
from functools import cache
from typing import Any

import torch


@cache
def pin_this_process() -> torch.library.Library:
    """Let torch use one thread, and round square roots as IEEE 754 says, in this process, from now on.

    The engine calls it in each worker, which may know nothing else of this package. The kernels would be withdrawn if
    the library, which is returned, were collected; the cache keeps it.

    torch's own root on a CPU is MKL's, which rounds one float32 in six wrongly, and other ones on each maker's CPU,
    whatever MKL_CBWR says. `rsqrt` and `reciprocal` use the processor's own instructions, which IEEE 754 defines to the
    last bit. The root is replaced in the dispatcher, so that optimizers, autograd and vmap get the new one, too.
    """
    torch.set_num_threads(1)

    def root(x: torch.Tensor, *, out: torch.Tensor | None = None) -> torch.Tensor:
        if not x.is_complex():
            return torch.rsqrt(x, out=out).reciprocal_()
        return x.pow(0.5) if out is None else out.copy_(x.pow(0.5))

    aten = torch.library.Library("aten", "IMPL")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="(?s).*Overriding a previously registered kernel")
        for operator, kernel in {"sqrt": root, "sqrt_": lambda x: root(x, out=x), "sqrt.out": root}.items():
            aten.impl(operator, kernel, "CPU")
    return aten


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
    weights = all(bool(torch.isfinite(weight).all()) for weight in net.module_.parameters())
    return weights and bool(torch.isfinite(torch.as_tensor(net.forward(X))).all())
