"""Measures the cost of a net's step, and which parameters it uses, before the net is stacked."""

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import torch
from skorch import NeuralNet
from torch import Tensor
from torch.utils.flop_counter import flop_registry

from lockstep._compat import LeanMode, tree_leaves
from lockstep.kernel.translate import is_native, name_of
from lockstep.members.member import Member
from lockstep.members.own_code import step_view
from lockstep.members.parts import Tensors, cloned, named_tensors, trained_params
from lockstep.members.refusals import RefusalError
from lockstep.members.rows import taken
from lockstep.members.state import AS_BUFFER, other_attribute
from lockstep.stacks.layers import GivenNoise

aten = torch.ops.aten

# Operations on each number that take much longer than a sum.
_FUNCTIONS = frozenset(
    """exp expm1 log log1p tanh sigmoid erf pow sin cos gelu gelu_backward softplus softplus_backward mish mish_backward
    silu silu_backward elu elu_backward log_sigmoid_forward log_sigmoid_backward _softmax _log_softmax
    _log_softmax_backward_data binary_cross_entropy binary_cross_entropy_with_logits""".split()
)

# What the kernel writes for a pair of numbers as it sorts.
_COMPARISONS = 5

# About how many operations an operation consists of that the kernel does not have, such as batch norm.
_PARTS = 12


@dataclass(frozen=True)
class Measured:
    """The measures of a net's step."""

    n_bytes: int  # the most memory of a net in a block: of all that a step and an evaluation make
    step_bytes: int  # of all that a step makes
    n_operations: int  # of torch in a step, but for views
    n_recorded: int  # about how many operations a recording of the step has
    n_products: int  # floating-point operations of products
    n_numbers: int  # written by other operations
    n_functions: int  # of these, by functions such as exp
    n_between: int  # of these, by the kernel alone, to sort and the like
    n_weights: int  # numbers that the optimizer updates
    unused: frozenset[str]  # the parameters that the loss does not use
    row_bytes: int  # of the module's outputs for a row
    row_noise: int  # numbers that a step draws for a row
    net_bytes: int  # of a net's parameters and buffers
    # Whether an evaluation changes buffers, and so the steps that follow.
    evaluation_counts: bool = False
    # Whether torch evaluates the net otherwise than it is recorded.
    evaluated_by_torch: bool = False


def measure(member: Member, n_rows: int) -> Measured:
    """Run a step of a single net on `n_rows` of its rows, and an evaluation, and measure them.

    The bytes are those of all results, as if none were freed. The memory and the work of an optimizer are added.
    """
    net = member.net
    train = member.train
    module, criterion = copy.deepcopy((net.module_, net.criterion_))
    trial = step_view(net, module, criterion)
    x, y = taken((train.X, train.y), np.resize(np.arange(train.n), n_rows))
    state = torch.get_rng_state()
    try:
        with GivenNoise(in_stack=True) as noise:
            with torch.enable_grad(), _Counts() as step:
                trial._set_training(True)
                trial.get_loss(trial.infer(x), y, X=x, training=True).backward()
            # Found out here, because a trial takes longer; it finds what else a step changes.
            if path := other_attribute(module, net.module_):
                raise RefusalError(
                    f"a training step changes the module's attribute {path}", AS_BUFFER
                )
            draws = noise.draws if noise.matters else []
            n_drawn = sum(prod(draw.shape) for draw in draws)
            buffers = cloned(_buffers(trial))
            with torch.no_grad(), _Counts() as evaluation:
                trial._set_training(False)
                outputs = tree_leaves(trial.infer(x))
    finally:
        torch.set_rng_state(state)
    stepped = named_tensors(trial)
    trained = trained_params(net)
    own_types = {param.dtype for param in trained.values()}
    half = step.types & {torch.float16, torch.bfloat16} - own_types
    if halves := sorted(map(str, half)):
        raise RefusalError(
            f"a step computes in {halves[0]}, as torch.autocast does, and a trial, which is in float64, can't show that"
        )
    net_bytes = _n_bytes(named_tensors(net).values())
    return Measured(
        n_bytes=step.n_bytes + evaluation.n_bytes + 6 * net_bytes,
        step_bytes=step.n_bytes,
        n_operations=step.n_operations,
        n_recorded=step.n_recorded,
        n_products=step.n_products,
        n_numbers=step.n_numbers,
        n_functions=step.n_functions,
        n_between=step.n_between,
        n_weights=sum(param.numel() for param in trained.values()),
        unused=frozenset(name for name in trained if stepped[name].grad is None),
        row_bytes=sum(part.nbytes for part in outputs) // n_rows,
        row_noise=n_drawn // n_rows,
        net_bytes=net_bytes,
        evaluated_by_torch=noise.masks_rows,
        evaluation_counts=not all(
            torch.equal(each, buffers[name]) for name, each in _buffers(trial).items()
        ),
    )


def _buffers(net: NeuralNet) -> Tensors:
    return dict(net.module_.named_buffers())


def _n_bytes(tensors: Iterable[Tensor]) -> int:
    # A sparse tensor has no `nbytes`.
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


class _Counts(LeanMode):
    """Counts operations, the bytes and numbers of their results, and the floating-point operations of products."""

    n_bytes = n_operations = n_recorded = n_products = n_numbers = n_functions = (
        n_between
    ) = 0
    types: frozenset[torch.dtype] = frozenset()

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        result = function(*args, **kwargs)
        made = [t for t in tree_leaves(result) if isinstance(t, Tensor)]
        self.types |= {t.dtype for t in made}
        self.n_bytes += _n_bytes(made)
        if function.is_view:
            return result
        self.n_operations += 1
        self.n_recorded += 1 if is_native(function) else _PARTS
        if count := flop_registry.get(function.overloadpacket):
            self.n_products += count(*args, **kwargs, out_val=result)
        elif function.overloadpacket in _BETWEEN:
            n_written = _BETWEEN[function.overloadpacket](*args, **kwargs)
            self.n_numbers += n_written
            self.n_between += n_written
            self.n_bytes += n_written * made[0].element_size()
        elif any(t.is_floating_point() for t in made):
            n_written = sum(t.numel() for t in made)
            self.n_numbers += n_written
            self.n_functions += n_written * (name_of(function) in _FUNCTIONS)
        return result


def _pairs(x: Tensor, *about: Any, **named: Any) -> int:
    """Return what the kernel writes to sort: it compares each number with all others along a dimension."""
    longest = max(x.shape, default=1)  # whichever the dimension is
    return _COMPARISONS * x.numel() * longest


def _products_of_three(
    a: Tensor, b: Tensor, c: Tensor, in_a: Any, in_b: Any, in_c: Any, *about: Any
) -> int:
    """Return what the kernel writes for sums of products of three tensors: all these products."""
    shapes = map(_with_ones, (a, b, c), (in_a, in_b, in_c))
    return 2 * prod(torch.broadcast_shapes(*shapes))


def _with_ones(tensor: Tensor, dims: list[int]) -> list[int]:
    shape = list(tensor.shape)
    for dim in dims:
        shape.insert(dim, 1)
    return shape


# Operations for which the kernel writes more than their results, with the numbers that it writes.
_BETWEEN: dict[Any, Callable[..., int]] = {
    aten.sort: _pairs,
    aten.topk: _pairs,
    aten._trilinear: _products_of_three,
}
