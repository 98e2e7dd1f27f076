"""Makes torch compute the same bytes on every processor; see also `stages.lib.common.environment`."""

import warnings
from functools import cache

import torch


@cache
def pin_this_process() -> torch.library.Library:
    """Let torch use one thread, and round square roots as IEEE 754 says, in this process, from now on.

    The engine calls it in each worker, which may know nothing else of this package. The kernels would be withdrawn if
    the library, which is returned, were collected; the cache keeps it.

    torch's own root on a CPU is MKL's, which rounds one float32 in six wrongly, and other ones on each maker's CPU,
    whatever MKL_CBWR says; most optimizers take a root each step. `rsqrt` and `reciprocal` use the processor's own
    instructions, which IEEE 754 defines to the last bit. The root is replaced in the dispatcher, so that optimizers,
    autograd, vmap and `_foreach_sqrt` get the new one, too.
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
