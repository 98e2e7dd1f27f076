"""Oracle: torch. Layers and losses of torch.nn and their gradients, and what the kernel has to refuse."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from lockstep.kernel.program import UnsupportedError
from packages.lockstep.tests.kernel.against_torch import (
    N_NETS,
    by_kernel,
    check,
    numbers,
    special,
    with_gradients,
)

F = nn.functional
aten: Any = torch.ops.aten

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    name: getattr(F, name)
    for name in """relu relu6 elu selu celu gelu silu mish hardtanh hardswish hardsigmoid leaky_relu softplus softsign
    tanhshrink softshrink hardshrink logsigmoid sigmoid tanh""".split()
} | {
    "elu of 0.5": lambda x: F.elu(x, 0.5),
    "celu of 0.5": lambda x: F.celu(x, 0.5),
    "gelu by tanh": lambda x: F.gelu(x, approximate="tanh"),
    "softplus, steep": lambda x: F.softplus(x, 2.0, 3.0),
    "threshold": lambda x: F.threshold(x, 0.1, -2.0),
    "glu": lambda x: F.glu(torch.cat([x, -x], -1)),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name: str, dtype: torch.dtype) -> None:
    # torch's own hardsigmoid divides its gradient by 6 in float32.
    tolerance = (
        {"rtol": 1e-7} if name == "hardsigmoid" and dtype is torch.float64 else {}
    )
    for x in (numbers(4, 6), 5 * numbers(4, 6, seed=1), special(dtype)[:, 2:9]):
        check(with_gradients(ACTIVATIONS[name]), x, dtype=dtype, **tolerance)
    check(ACTIVATIONS[name], special(dtype), dtype=dtype)


def normed(
    x: Tensor, weight: Tensor, bias: Tensor, mean: Tensor, variance: Tensor
) -> Tensor:
    return F.batch_norm(x, mean, variance, weight, bias, training=True, momentum=0.3)


def evaluated(
    x: Tensor, weight: Tensor, bias: Tensor, mean: Tensor, variance: Tensor
) -> Tensor:
    return F.batch_norm(x, mean, variance.abs(), weight, bias)


class TestLayers:
    def test_softmax(self, dtype: torch.dtype) -> None:
        for function in (F.softmax, F.log_softmax, torch.logsumexp):
            for dim in (0, 1, -1):
                check(
                    with_gradients(lambda x, f=function, dim=dim: f(x, dim)),
                    4 * numbers(4, 6),
                    dtype=dtype,
                )
            check(lambda x, f=function: f(x, 0), special(dtype)[:, :8], dtype=dtype)

    def test_linear_and_bilinear_products(self, dtype: torch.dtype) -> None:
        check(
            with_gradients(F.linear),
            numbers(5, 3),
            numbers(4, 3, seed=1),
            numbers(4, seed=2),
            dtype=dtype,
        )
        check(
            with_gradients(F.linear),
            numbers(2, 5, 3),
            numbers(4, 3, seed=1),
            numbers(4, seed=2),
            dtype=dtype,
        )
        check(
            with_gradients(lambda x, y: torch.einsum("bij,bkj->bik", x, y)),
            *[numbers(2, 3, 4)] * 2,
            dtype=dtype,
        )

    @pytest.mark.parametrize("function", [normed, evaluated])
    def test_batch_norm(self, function: Any, dtype: torch.dtype) -> None:
        others = [numbers(3, seed=seed) for seed in range(1, 5)]
        for x in (numbers(8, 3), numbers(4, 3, 2)):
            check(function, x, *others, dtype=dtype)  # the running statistics as well

            def trained(
                x: Tensor, weight: Tensor, bias: Tensor, function: Any = function
            ) -> Tensor:
                return function(
                    x, weight, bias, torch.zeros_like(weight), torch.ones_like(bias)
                )

            check(with_gradients(trained), x, *others[:2], dtype=dtype)

    def test_layer_and_group_norm(self, dtype: torch.dtype) -> None:
        x, weight, bias = numbers(5, 6, 4), numbers(4, seed=1), numbers(4, seed=2)
        check(
            with_gradients(lambda x, w, b: F.layer_norm(x, (4,), w, b)),
            x,
            weight,
            bias,
            dtype=dtype,
        )
        check(with_gradients(lambda x: F.layer_norm(x, (6, 4))), x, dtype=dtype)
        check(with_gradients(lambda x: F.rms_norm(x, (4,))), x, dtype=dtype)
        six = numbers(6, seed=1), numbers(6, seed=2)
        check(
            with_gradients(lambda x, w, b: F.group_norm(x, 3, w, b)),
            x,
            *six,
            dtype=dtype,
        )
        check(with_gradients(lambda x: F.instance_norm(x)), x, dtype=dtype)

    def test_embedding(self, dtype: torch.dtype) -> None:
        weight, index = numbers(5, 3), torch.randint(0, 5, (N_NETS, 4, 2))
        index[:, 0] = 2  # several times in a row
        check(
            with_gradients(lambda w, i: F.embedding(i, w)), weight, index, dtype=dtype
        )
        check(
            with_gradients(lambda w, i: F.embedding(i, w, padding_idx=-3)),
            weight,
            index,
            dtype=dtype,
        )
        found = by_kernel(
            with_gradients(lambda w, i: F.embedding(i, w)),
            weight.to(dtype),
            index,
            dtype=dtype,
        )
        assert not found[0].isnan().any()
        index[3, 1, 1], index[4, 0, 0] = 5, -1
        # torch would raise. NaN shows that the net is lost, and leaves the others as they are.
        lost = by_kernel(
            with_gradients(lambda w, i: F.embedding(i * 1, w)),
            weight.to(dtype),
            index,
            dtype=dtype,
        )
        assert lost[0].isnan().sum() == 2 * 3
        others = [i for i in range(N_NETS) if i not in (3, 4)]
        assert torch.equal(found[0][others], lost[0][others])
        assert torch.equal(found[1][others], lost[1][others])

    def test_clipping(self, dtype: torch.dtype) -> None:
        check(
            lambda x: x * (1 / (torch.linalg.vector_norm(x) + 1e-6)).clamp(max=1),
            numbers(4, 3),
            dtype=dtype,
        )
        check(lambda x: x.renorm(2, 0, 1.0), numbers(4, 3), dtype=dtype)

    def test_many_dimensions(self, dtype: torch.dtype) -> None:
        check(
            lambda x: x.view(1, 2, 1, 2, 3) + x.view(2, 1, 2, 1, 3),
            numbers(4, 3),
            dtype=dtype,
        )
        check(
            with_gradients(lambda x: F.pixel_shuffle(x, 2)),
            numbers(2, 8, 3, 2),
            dtype=dtype,
        )
        index = torch.tensor([[1, 0], [1, 1]])
        check(
            with_gradients(lambda x: x[:, index, :, index.t()]),
            numbers(2, 2, 2, 2, 3),
            dtype=dtype,
        )


# How layers use the operations of places.py, with gradients; ties are those that torch decides by the first place.
BY_PLACES: dict[str, Callable[[Tensor], Tensor]] = {
    "cumsum": lambda x: x.cumsum(1),
    "cumprod": lambda x: x.cumprod(0),
    "prod": lambda x: (x * (x > 0)).prod(1),
    "prod of all": lambda x: x.prod(),
    "max": lambda x: x.relu().max(1)[0],
    "max of all": lambda x: x.relu().max(),
    "amax": lambda x: x.relu().amax(0),
    "min": lambda x: x.min(0)[0],
    "sort": lambda x: x.sort(1, descending=True)[0],
    "argsort": lambda x: x * x.argsort(0),
    "topk": lambda x: x.topk(3)[0].softmax(-1),
    "mixture": lambda x: x.gather(1, x.topk(2)[1]),
    "roll and flip": lambda x: x.roll(1, 0) * x.flip(1),
    "index": lambda x: x[[0, 2, 2], [1, 3, 3]],
    "put": lambda x: torch.zeros_like(x).index_put(
        (torch.tensor([1, 1, 3, 0]),), x, accumulate=True
    ),
    "index_add": lambda x: x.index_add(0, torch.tensor([2, 2]), x[:2]),
    "repeat_interleave": lambda x: x.repeat_interleave(2, 1),
    "tril": lambda x: x.tril(),
    "renorm": lambda x: x / torch.linalg.vector_norm(x, 3, dim=1, keepdim=True),
    "by the largest": lambda x: x / torch.linalg.vector_norm(x, torch.inf),
    "by their sum": lambda x: F.normalize(x, p=1, dim=1),
    "constant pad": lambda x: F.pad(x, (1, 2), value=2.0),
    "reflection pad": lambda x: F.pad(x[None], (2, 1), mode="reflect"),
    "unfold": lambda x: F.unfold(x[None, None], 2),
    "fold": lambda x: F.fold(x[None], (3, 4), (2, 2)),
}


@pytest.mark.parametrize("name", BY_PLACES)
def test_functions_of_places(name: str, dtype: torch.dtype) -> None:
    check(with_gradients(BY_PLACES[name]), numbers(4, 6), dtype=dtype)


def indices(n: int) -> Tensor:
    return torch.randint(0, n, (N_NETS, 8), generator=torch.Generator().manual_seed(1))


SHARES = numbers(8, 3).softmax(-1)
OF_CLASSES = numbers(8, 3), indices(3)
WEIGHTS = numbers(3, seed=3).abs()
ZEROS_AND_ONES = (numbers(8, seed=4) > 0).double()
OF_TWO = numbers(8), ZEROS_AND_ONES
LOSSES: dict[str, tuple[Any, tuple[Tensor, ...]]] = {
    "BCE": (lambda x, y: nn.BCELoss()(x.sigmoid(), y), OF_TWO),
    "BCE at its ends": (
        lambda x, y: nn.BCELoss()((200 * x.sign()).sigmoid(), y),
        OF_TWO,
    ),
    "BCE with weight": (
        lambda x, y, w: nn.BCELoss(w)(x.sigmoid(), y),
        (numbers(8), ZEROS_AND_ONES, numbers(8).abs()),
    ),
    "BCE with logits": (nn.BCEWithLogitsLoss(), OF_TWO),
    "BCE with large logits": (
        nn.BCEWithLogitsLoss(),
        (1e3 * numbers(8), ZEROS_AND_ONES),
    ),
    "BCE with pos_weight": (
        lambda x, y, w: nn.BCEWithLogitsLoss(pos_weight=w)(x, y),
        (numbers(8, 3), numbers(8, 3).sigmoid(), WEIGHTS),
    ),
    "cross-entropy": (nn.CrossEntropyLoss(), OF_CLASSES),
    "cross-entropy of far logits": (
        nn.CrossEntropyLoss(),
        (1e3 * numbers(8, 3), indices(3)),
    ),
    "smoothed": (nn.CrossEntropyLoss(label_smoothing=0.1), OF_CLASSES),
    "weighted": (
        lambda x, y, w: nn.CrossEntropyLoss(w)(x, y),
        (numbers(8, 3), indices(3), WEIGHTS),
    ),
    "weighted and smoothed": (
        lambda x, y, w: nn.CrossEntropyLoss(w, label_smoothing=0.2)(x, y),
        (numbers(8, 3), indices(3), WEIGHTS),
    ),
    "some ignored": (nn.CrossEntropyLoss(ignore_index=1), OF_CLASSES),
    "of shares": (nn.CrossEntropyLoss(label_smoothing=0.1), (numbers(8, 3), SHARES)),
    "of places": (nn.CrossEntropyLoss(), (numbers(2, 3, 4), indices(3).view(-1, 2, 4))),
    "NLL": (
        lambda x, y: nn.NLLLoss()(x.log_softmax(-1), y),
        OF_CLASSES,
    ),
    "NLL, none": (
        lambda x, y: nn.NLLLoss(reduction="none")(x.log_softmax(-1), y),
        OF_CLASSES,
    ),
    "KL": (
        lambda x, y: nn.KLDivLoss(reduction="batchmean")(x.log_softmax(-1), y),
        (numbers(8, 3), SHARES),
    ),
    "Poisson": (nn.PoissonNLLLoss(), (numbers(8), indices(5).double())),
    "hinge": (nn.HingeEmbeddingLoss(), (numbers(8), ZEROS_AND_ONES * 2 - 1)),
    "soft margin": (nn.SoftMarginLoss(), (numbers(8), ZEROS_AND_ONES * 2 - 1)),
} | {
    f"{name}, {reduction}": (
        getattr(nn, name)(reduction=reduction),
        (numbers(8, 2), numbers(8, 2, seed=5)),
    )
    for name in ("MSELoss", "L1Loss", "HuberLoss", "SmoothL1Loss")
    for reduction in ("mean", "sum", "none")
}


@pytest.mark.parametrize("name", LOSSES)
def test_losses(name: str, dtype: torch.dtype) -> None:
    loss, (x, *others) = LOSSES[name]
    weight = others.pop() if len(others) == 2 else None

    def of_predictions(x: Tensor, y: Tensor, *w: Tensor) -> list[Tensor]:
        return with_gradients(lambda x: loss(x, y, *w))(x)

    check(
        of_predictions, x, *others, *([] if weight is None else [weight]), dtype=dtype
    )


REFUSED: dict[str, Callable[[Tensor], Any]] = {
    "remainder": lambda x: x % 2,
    "floor_divide of other than whole numbers": lambda x: x // 0.1,
    "cummax": lambda x: x.cummax(0)[0],
    "index by a mask": lambda x: x[x > 0],
    "index_put by a mask": lambda x: aten.index_put(x, [x > 0], x[0, :1]),
    "lgamma": torch.lgamma,
    "convolution in 3 dimensions": lambda x: F.conv3d(
        x[None, None, None], x[None, None, None]
    ),
    "max_pool3d_with_indices": lambda x: F.max_pool3d(x[None, None], (1, 2, 2)),
    "avg_pool3d": lambda x: F.avg_pool3d(x[None, None], (1, 2, 2)),
    "torch.float64 in a net of torch.float32": lambda x: x.double() * 2,
    "torch.uint8 in a net of torch.float32": lambda x: x.byte() + 1,
    "whole numbers above 2**24": lambda x: x.long() * 2**25,
    "bitwise_and of whole numbers": lambda x: x.long() & 3,
    "bitwise_not of whole numbers": lambda x: ~x.long(),
    "add of bools": lambda x: (x > 0) + (x < 1),
    "copy of other numbers into torch.int64": lambda x: torch.zeros(
        4, 4, dtype=torch.long
    ).copy_(x),
    "fill of other numbers into torch.int64": lambda x: x.long().fill_(0.5),
    "a norm of order 0": lambda x: torch.linalg.vector_norm(x, 0),
    "embedding with scale_grad_by_freq": lambda x: aten.embedding_dense_backward(
        x, (x[0] > 0).long(), 2, -1, True
    ),
    "addmm with beta or alpha": lambda x: torch.addmm(x, x, x, beta=2),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_what_the_kernel_has_not_is_refused_by_name(reason: str) -> None:
    with pytest.raises(UnsupportedError) as caught:
        by_kernel(
            REFUSED[reason], numbers(4, 4, dtype=torch.float32), dtype=torch.float32
        )
    assert str(caught.value).startswith(f"the kernel has no {reason}")
