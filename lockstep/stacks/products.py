"""Products of matrices by numpy's OpenBLAS, for wide nets; torch's pinned kernels take up to three times as long."""

from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.fx import Graph

from lockstep.members.lean import LeanMode

aten = torch.ops.aten

# From this many floating-point operations in a net's largest product, numpy saves more than its call costs.
LARGE_PRODUCT = 500_000


def _product(a: Tensor, b: Tensor) -> Tensor:
    return torch.from_numpy(np.matmul(a.detach().numpy(), b.detach().numpy()))


def _product_plus(c: Tensor, a: Tensor, b: Tensor) -> Tensor:
    return _product(a, b).add_(c)


@cache
def _operators() -> tuple[torch.library.Library, dict[Any, Any]]:
    """Define both as operators, which TorchScript can call; returns their library, and the operators by torch's."""
    library, ours = torch.library.Library("lockstep", "DEF"), torch.ops.lockstep
    library.impl(library.define("product(Tensor a, Tensor b) -> Tensor"), _product, "CPU")
    library.impl(library.define("product_plus(Tensor c, Tensor a, Tensor b) -> Tensor"), _product_plus, "CPU")
    products = dict.fromkeys((aten.mm.default, aten.bmm.default), ours.product.default)
    return library, products | dict.fromkeys((aten.addmm.default, aten.baddbmm.default), ours.product_plus.default)


def let_numpy_multiply(graph: Graph) -> None:
    """Replace the products of a graph."""
    for node in graph.nodes:
        if not node.kwargs:
            node.target = _operators()[1].get(node.target, node.target)


def numpys_products(wanted: bool) -> AbstractContextManager[Any]:
    """Return a context in which numpy multiplies, if that is wanted."""
    return _NumpysProducts() if wanted else nullcontext()


class _NumpysProducts(LeanMode):
    """Replaces the products that are computed under it."""

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if kwargs:
            return function(*args, **kwargs)
        return _operators()[1].get(function, function)(*args)
