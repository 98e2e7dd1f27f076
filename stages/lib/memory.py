"""How many nets one stack may hold."""

from typing import Any

import numpy as np
import psutil
import torch
from skorch import NeuralNet
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from stages.lib.estimator import shallow_copy
from stages.lib.lockstep import build_module
from stages.lib.stack import EVALUATED_ROWS, NETS, SplitRows

# A stack of more nets is no faster a net: its tensors no longer fit a core's cache.
_MOST_NETS = 512


def stack_size(n_nets: int, bytes_each: int, max_memory_mb: int, n_jobs: int) -> int:
    """Cut nets into equal stacks: small enough for memory and cache, and enough of them for the jobs.

    Parameters
    ----------
    n_nets : int
    bytes_each : int
        As `bytes_per_net` tells.
    max_memory_mb : int
        What this process may take, in MiB.
    n_jobs : int

    Returns
    -------
    int
        Nets a stack, a multiple of `NETS`.
    """
    free = max_memory_mb * 2**20 - psutil.Process().memory_info().rss
    most = max(NETS, min(_MOST_NETS, free // bytes_each // NETS * NETS))
    n_stacks = max(-(-n_nets // most), min(n_jobs, n_nets // NETS), 1)
    return int(np.ceil(n_nets / n_stacks / NETS)) * NETS


def bytes_per_net(net: NeuralNet, rows: SplitRows, n_rows: int) -> int:
    """Return the bytes that one more net in a stack takes at most.

    Counted are all results of one step and of one evaluation of a lone net, as if none were freed, and three
    tensors of an optimizer's state.
    """
    module = build_module(net, seed=0)
    trial = shallow_copy(net.initialize(), module_=module)
    x, y = rows.X[: net.batch_size], rows.y[: net.batch_size]
    evaluated = rows.X[:1].expand(min(n_rows, EVALUATED_ROWS), *rows.X.shape[1:])
    with _Bytes() as counted:
        trial.get_loss(trial.infer(x), y, X=x, training=True).backward()
        with torch.no_grad():
            trial.infer(evaluated.clone())
    return counted.total + 5 * sum(tensor.numel() * tensor.element_size() for tensor in module.parameters())


class _Bytes(TorchDispatchMode):
    """Adds up the bytes of all results."""

    total = 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = function(*args, **(kwargs or {}))
        self.total += sum(t.numel() * t.element_size() for t in tree_leaves(result) if isinstance(t, Tensor))
        return result
