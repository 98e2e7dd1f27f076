"""Oracle: torch. Each of its operations that the kernel has gives what torch gives, net by net."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from lockstep.kernel.operations import NATIVE
from lockstep.kernel.program import Program
from lockstep.kernel.translate import name_of, translate
from lockstep.kernel.values import Layout
from packages.lockstep.tests.kernel.against_torch import (
    check,
    numbers,
    recorded,
    special,
    with_gradients,
)
from packages.lockstep.tests.kernel.test_convolutions import OPERATIONS

aten: Any = torch.ops.aten
F = torch.nn.functional

# For each operation, functions of tensors of shapes (3, 4) and (4,): broadcast, into tensors that are given, on views
# that are not contiguous, along each dimension.
CASES: dict[str, list[Callable[[Tensor, Tensor], Any]]] = {
    **{
        name: [getattr(torch, name)]
        for name in ("maximum", "minimum", "gt", "ge", "lt", "le", "eq", "ne")
    },
    "add": [
        torch.add,
        lambda x, y: x.t().add_(2, alpha=3),
        lambda x, y: torch.add(x, y, alpha=-0.5),
    ],
    "sub": [
        torch.sub,
        lambda x, y: x[:, 1:].sub_(y[1:]),
        lambda x, y: torch.sub(y, x, alpha=2),
    ],
    "mul": [
        torch.mul,
        lambda x, y: x[::2].mul_(y),
        lambda x, y: [x * 0.3, (x > 0) * y],
    ],
    "div": [
        torch.div,
        lambda x, y: x.div_(y),
        lambda x, y: [(x > 0) / 2, torch.div(x * 9, y, rounding_mode="trunc")],
    ],
    "where": [
        lambda x, y: [torch.where(x > y, x, y), torch.where(x > 0, 1.0, y)],
    ],
    "sigmoid_backward": [lambda x, y: aten.sigmoid_backward(x, y)],
    "tanh_backward": [lambda x, y: aten.tanh_backward(x, y)],
    **{
        name: [
            partial(lambda name, x, y: getattr(torch, name)(x), name),
            partial(lambda name, x, y: getattr(x, name + "_")(), name),
        ]
        for name in """neg abs sqrt floor trunc exp expm1 log log1p tanh sigmoid erf sin cos sign sgn reciprocal
        rsqrt""".split()
    },
    **{
        name: [partial(lambda name, x, y: getattr(torch, name)(x > 0, y > x), name)]
        for name in ("logical_and", "bitwise_and", "logical_or", "bitwise_or")
    },
    "isnan": [lambda x, y: torch.isnan(x)],
    "logical_not": [
        lambda x, y: [torch.logical_not(x > 0), torch.logical_not(x)],
    ],
    "bitwise_not": [lambda x, y: ~(x > y)],
    "rsub": [lambda x, y: [1 - x, torch.rsub(x, y, alpha=2)]],
    "pow": [
        torch.pow,
        lambda x, y: [2**x, *(x**n for n in (2, 0.5, -0.5, -1, 3, 0, 1.7))],
    ],
    "xlogy": [
        torch.xlogy,
        lambda x, y: [torch.xlogy(x, 2.0), torch.xlogy(0.0, y)],
    ],
    "relu": [lambda x, y: torch.relu(x), lambda x, y: torch.relu_(x[:, 2:])],
    "threshold_backward": [lambda x, y: aten.threshold_backward(x, x * y, 0.2)],
    "clamp": [
        lambda x, y: [x.clamp(-0.5, 0.5), x.clamp(max=y)],
        lambda x, y: x.clamp_(y, y + 1),
    ],
    "clamp_min": [lambda x, y: x.clamp_min(0.1), lambda x, y: x.clamp_min_(0.1)],
    "clamp_max": [lambda x, y: x.clamp_max(y)],
    "masked_fill": [
        lambda x, y: x.masked_fill(x > y, 7),
        lambda x, y: x[0].masked_fill_(y > 0, -torch.inf),
    ],
    "lerp": [lambda x, y: x.lerp(y, 0.3), lambda x, y: x.lerp_(y.expand_as(x), x)],
    "addcmul": [lambda x, y: x.addcmul(y, y, value=0.3), lambda x, y: x.addcmul_(y, x)],
    "addcdiv": [lambda x, y: x.addcdiv(y, x, value=2), lambda x, y: x.addcdiv_(x, y)],
    "alias": [lambda x, y: aten.alias(x)],
    "floor_divide": [
        lambda x, y: [
            (9 * x).long() // 2,
            torch.div((9 * x).long(), -4, rounding_mode="floor"),
        ]
    ],
    "detach": [lambda x, y: x.detach()],
    "copy": [
        lambda x, y: x.t()[1:].copy_(y[:3]),
        lambda x, y: x[:, 1].copy_(y[:3] > 0),
    ],
    "clone": [lambda x, y: x.t().clone().mul_(2)],
    "_to_copy": [
        lambda x, y: [(x * 9).long(), (x > 0).to(x.dtype), x.bool()],
    ],
    "lift_fresh_copy": [
        lambda x, y: torch.tensor([1.0, 2.0, 3.0, 4.0], dtype=x.dtype).add_(y)
    ],
    "fill": [lambda x, y: x[1:, ::2].fill_(3), lambda x, y: x[0].zero_().fill_(y[0])],
    "zeros": [lambda x, y: torch.zeros(2, 3, dtype=x.dtype).add_(1)],
    "ones": [lambda x, y: torch.ones(3, 4, dtype=x.dtype) * x],
    "empty": [lambda x, y: torch.empty(4, dtype=x.dtype).copy_(y)],
    "full": [
        lambda x, y: [
            torch.full((2, 2), 0.1, dtype=x.dtype),
            torch.full((3, 1), 2) * x,
        ],
    ],
    **{
        f"{name}_like": [
            partial(lambda name, x, y: getattr(torch, f"{name}_like")(x), name)
        ]
        for name in ("zeros", "ones")
    },
    "empty_like": [lambda x, y: torch.empty_like(x).copy_(y)],
    "full_like": [lambda x, y: torch.full_like(x, 0.3)],
    "new_zeros": [lambda x, y: [x.new_zeros(5), x.new_zeros((2, 3))]],
    "new_ones": [lambda x, y: x.new_ones(2, 3)],
    "new_empty": [lambda x, y: x.new_empty(4).copy_(y)],
    "new_empty_strided": [lambda x, y: x.new_empty_strided((2, 4), (4, 1)).copy_(y)],
    "new_full": [lambda x, y: x.new_full((2, 3), 1.5)],
    "scalar_tensor": [lambda x, y: aten.scalar_tensor(0.1, dtype=x.dtype) * x],
    "arange": [
        lambda x, y: [
            torch.arange(4) * y,
            torch.arange(0.5, 3, 0.7, dtype=x.dtype) * y,
        ],
    ],
    "sum": [
        lambda x, y: [x.sum(dim) for dim in (0, 1, -1, -2, (0, 1), (-1, 0))],
        lambda x, y: [
            x.expand(2, 3, 4).sum(dim, keepdim=True) for dim in (0, 1, 2, (0, 2))
        ],
        lambda x, y: [
            x.sum(),
            y[0].sum(),
            y[0].sum(0),
            x[:0].sum(0),
            (x > 0).sum(),
            (x > 0).sum(1),
        ],
    ],
    "amax": [
        lambda x, y: [x.amax(0), x.amax(-1, keepdim=True), x.amax(), x.amax((0, 1))]
    ],
    "amin": [lambda x, y: [x.amin(0), x.t().amin(-1)]],
    "mean": [
        lambda x, y: [
            x.mean(),
            x.mean(0),
            x.mean(-1, keepdim=True),
            x.t().mean((0, 1)),
            y[0].mean(0),
        ]
    ],
    "var": [
        lambda x, y: [
            x.var(),
            x.var(0),
            x.var(-1, keepdim=True),
            x.var(0, correction=0),
            y[:1].var(0, correction=0),
        ]
    ],
    "var_mean": [
        lambda x, y: torch.var_mean(x, 1),
        lambda x, y: torch.var_mean(x, (0, 1), correction=0, keepdim=True),
    ],
    "linalg_vector_norm": [
        lambda x, y: [torch.linalg.vector_norm(x, dim=dim) for dim in (None, 0, -1)]
    ],
    "mm": [
        lambda x, y: [x @ x.t(), x.t()[1:] @ x[:, ::2], x[:, :0] @ x[:, :0].t()],
    ],
    "addmm": [
        lambda x, y: torch.addmm(y, x, x.t() @ x),
        lambda x, y: (x.t() @ x).addmm_(x.t(), x),
    ],
    "bmm": [lambda x, y: x.expand(2, 3, 4) @ x.t().expand(2, 4, 3)],
    "baddbmm": [
        lambda x, y: torch.baddbmm(y[:3], x.expand(2, 3, 4), x.t().expand(2, 4, 3))
    ],
    "t": [lambda x, y: [x.t(), y.t()]],
    "transpose": [
        lambda x, y: [x.transpose(0, -1), x.expand(2, 3, 4).transpose(-1, 0)]
    ],
    "permute": [lambda x, y: x.expand(2, 3, 4).permute(2, 0, -2)],
    "unsqueeze": [lambda x, y: [x.unsqueeze(dim) for dim in (0, 1, 2, -1, -3)]],
    "squeeze": [
        lambda x, y: [
            x[None, :, :1].squeeze(),
            x[:, :1].squeeze(-1),
            x[:1].squeeze((0, 1)),
            y[0].squeeze(0),
        ]
    ],
    "expand": [lambda x, y: [x.expand(2, -1, 4), y[0].expand(3)]],
    "view": [lambda x, y: [x.view(2, -1), x.view(-1), x[1].view(2, 2), y[0].view(1)]],
    "_unsafe_view": [lambda x, y: aten._unsafe_view(x, [4, 3])],
    "reshape": [lambda x, y: aten.reshape.default(x.t(), [2, 6])],
    "select": [lambda x, y: [x[1], x[:, -1], x[-1, -2]]],
    "slice": [lambda x, y: [x[1:], x[:, :-1], x[:, 1::2], x[5:], x[:, -2:]]],
    "split": [lambda x, y: x.split(2, dim=1), lambda x, y: x.chunk(2, -2)],
    "split_with_sizes": [lambda x, y: x.split([1, 0, 3], dim=-1)],
    "unbind": [lambda x, y: x.unbind(), lambda x, y: x.unbind(-1)],
    "cat": [
        lambda x, y: [torch.cat([x, y[None]]), torch.cat([x, y[:0], x[:, :2]], -1)],
    ],
    "stack": [
        lambda x, y: [torch.stack([x[0], y]), torch.stack([x, x * 2], -1)],
    ],
    "slice_backward": [lambda x, y: aten.slice_backward(x, [3, 9], 1, 0, 8, 2)],
    "select_backward": [lambda x, y: aten.select_backward(y, [3, 4], 0, -1)],
    "gather": [
        lambda x, y: [
            x.gather(0, places(x, 3)[:2]),
            x.gather(-1, places(x, 4)),
            y[0].gather(0, at(0)),
        ]
    ],
    "scatter": [
        lambda x, y: x.scatter(1, places(x, 4)[:, :1], 7.0),
        lambda x, y: x.scatter_(0, at([[2, 0]]), x * 2),
    ],
    "scatter_add": [
        lambda x, y: x.scatter_add(1, places(x, 4) * 0, x),
        lambda x, y: y.scatter_add_(0, at([3, 3]), x[0]),
    ],
    "embedding": [lambda x, y: torch.nn.functional.embedding(places(x, 3), x)],
    "embedding_dense_backward": [
        lambda x, y: aten.embedding_dense_backward(x, at([1, 2, 1]), 4, 2, False)
    ],
    "softshrink_backward": [lambda x, y: aten.softshrink_backward(x, x * 2, 0.5)],
    "hardshrink_backward": [lambda x, y: aten.hardshrink_backward(x, x, 0.5)],
    "_softmax": [lambda x, y: [x.softmax(0), x.softmax(-1), y.softmax(0)]],
    "_log_softmax": [lambda x, y: [x.log_softmax(1), (100 * y).log_softmax(0)]],
    "_softmax_backward_data": [
        lambda x, y: aten._softmax_backward_data(x, x.softmax(-2), -2, x.dtype)
    ],
    "_log_softmax_backward_data": [
        lambda x, y: aten._log_softmax_backward_data(
            x * 2, x.log_softmax(1), 1, x.dtype
        )
    ],
    "native_layer_norm": [lambda x, y: torch.native_layer_norm(x, [4], y, y * 2, 1e-5)],
    "native_group_norm": [
        lambda x, y: torch.native_group_norm(x[None], y[:3], None, 1, 3, 4, 1, 1e-5)
    ],
    "index": [
        lambda x, y: [
            x[places(x, 3)[0]],
            x[places(x, 3)[:, 0], places(x, 4)[:, 1]],
            x[:, at([-1, 0])],
            x[at([[0], [2]]), 1:],
            x.expand(2, 3, 4)[at([1, 0]), :, at([2, -1])],
            x.t()[at([0, 3]), at(1)],
            y.expand(3, 4)[at([2, 0])],
        ],
    ],
    "_unsafe_index": [lambda x, y: aten._unsafe_index(x, [at([1, 0]), None])],
    "index_put": [
        lambda x, y: [
            x.index_put((at([2, 0]),), y),
            x.index_put((at([1, 1]), at([0, 0])), y[:2], accumulate=True),
        ],
        lambda x, y: torch.zeros_like(x).index_put_((x > 0,), at(2.0).to(x.dtype)),
        lambda x, y: aten.index_put_(x, [None, places(x, 4)[0]], y[0], True),
    ],
    "_unsafe_index_put": [
        lambda x, y: aten._unsafe_index_put(x, [None, at([1, 3])], x[:, :2], True)
    ],
    "index_select": [
        lambda x, y: [
            x.index_select(1, at([3, 0, 3])),
            x.index_select(-2, places(x, 3)[1]),
        ]
    ],
    "flip": [lambda x, y: [x.flip(0), x.flip(0, -1), x.t().flip(1)]],
    "roll": [lambda x, y: [x.roll(1), x.roll(-3, 1), x.roll((2, 5), (0, -1))]],
    "constant_pad_nd": [
        lambda x, y: [F.pad(x, (1, 2)), F.pad(x, (-1, 2, 1, -2), value=3.0)]
    ],
    "cumsum": [
        lambda x, y: [x.cumsum(0), x.cumsum(-1), y[0].cumsum(0), x.t().cumsum(1)],
        lambda x, y: x.cumsum_(1),
    ],
    "cumprod": [lambda x, y: [x.cumprod(0), x.cumprod(1)]],
    "prod": [lambda x, y: [x.prod(), x.prod(0), x.prod(-1, keepdim=True)]],
    "argmax": [
        lambda x, y: [
            x.argmax(),
            x.argmax(0),
            x.argmax(-1, keepdim=True),
            (x > 0).to(x.dtype).argmax(1),
        ]
    ],
    "argmin": [
        lambda x, y: [
            x.argmin(),
            x.argmin(0, keepdim=True),
            x.t().argmin(0),
            y[0].argmin(),
        ]
    ],
    "max": [
        lambda x, y: [x.max(), *x.max(0), *x.max(-1, keepdim=True), *(x * 0).max(1)]
    ],
    "min": [lambda x, y: [x.min(), *x.t().min(0), *(x > 0).to(x.dtype).min(1)]],
    "sort": [
        lambda x, y: [
            *x.sort(),
            *x.sort(0, descending=True),
            *y.sort(),
            *x.sign().sort(dim=0, stable=True),
            *x.t().sign().sort(stable=True, dim=1, descending=True),
        ],
    ],
    "topk": [lambda x, y: [*x.topk(2), *x.topk(1, 0), *y.topk(3, largest=False)]],
    "_trilinear": [
        lambda x, y: torch.bilinear(
            x, x[:, 1:], x.expand(2, 3, 4).transpose(1, 2), y[:2]
        )
    ],
}


def at(places: Any) -> Tensor:
    return torch.tensor(places)


def places(x: Tensor, n: int) -> Tensor:
    """Return places below n that differ by net."""
    return (
        (x.abs() * 10).long().clamp(max=n - 1)
        if n > 3
        else (x > 0).long() + (x > 0.5).long()
    )


def test_every_operation_has_cases() -> None:
    assert NATIVE.keys() <= CASES.keys() | OPERATIONS


@pytest.mark.parametrize("name", CASES)
def test_an_operation_gives_what_torchs_does(name: str, dtype: torch.dtype) -> None:
    inputs = [numbers(3, 4, dtype=dtype), numbers(4, dtype=dtype, seed=1)]
    for function in CASES[name]:
        check(function, *inputs, dtype=dtype)
    nodes = [
        node for function in CASES[name] for node in recorded(function, *inputs).nodes
    ]
    names = {name_of(node.target) for node in nodes if node.op == "call_function"}
    # The others are computed by what torch says that they consist of; a reshape is in a step's graph alone.
    assert name not in NATIVE or name == "reshape" or name in names


# Without lerp, whose other half torch computes by another formula; a function that only gets what sigmoid gives; and
# sine and cosine, which are NaN beyond 1e6.
ELEMENTWISE = sorted(
    {*list(CASES)[: list(CASES).index("alias")]}
    - {"lerp", "sigmoid_backward", "sin", "cos"}
)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_infinite_numbers_and_nan_travel_as_in_torch(
    name: str, dtype: torch.dtype
) -> None:
    x, y = special(dtype).unsqueeze(2).repeat(1, 1, 15), special(dtype)
    for function in CASES[name]:
        check(function, x, y, dtype=dtype)


def test_a_costly_function_is_computed_once() -> None:
    """SiLU's gradient has the sigmoid of its result again."""
    layout, program = Layout(), Program()
    graph = recorded(with_gradients(torch.nn.functional.silu), numbers(5))
    assert [
        name_of(node.target) for node in graph.nodes if node.op == "call_function"
    ].count("sigmoid") == 2
    translate(program, graph, [layout.new((5,))])
    assert [each.operation for each in program.emitted].count("sigmoid") == 1


def test_a_costly_function_is_computed_again_after_a_tensor_was_written() -> None:
    def written(x: Tensor) -> Tensor:
        before = torch.sigmoid(x)
        before.mul_(3)
        x[1:].add_(before[1:])
        return before + torch.sigmoid(x)

    check(written, numbers(5), dtype=torch.float64)


def test_a_constant_is_not_taken_for_a_tensor_that_is_gone() -> None:
    """Python gives a new object the identity of one that is gone, of which the recorder may have noted a node."""

    def tens_and_temporaries(x: Tensor) -> Tensor:
        total = x
        for i in range(9):
            total = total + (x + i).sum() + torch.from_numpy(np.full(5, 10.0 * i))
        return total

    check(tens_and_temporaries, numbers(5), dtype=torch.float64)
