"""Oracle: torch. Given the numbers that torch has drawn, each replacement of a draw does what torch's function does."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from lockstep.stacks.layers import GivenNoise
from lockstep.stacks.noise import DRAWING, Draw

F = nn.functional

# A call, its tensors, and the numbers that torch has drawn, as a function of its result, after the same seed.
Case = tuple[Callable[..., Tensor], list[Tensor], Callable[[Tensor], Tensor]]


def lost(p: float, shared: int = 0) -> Callable[[Tensor], Tensor]:
    """Return the numbers by which what is not above 0 was dropped; `shared` dimensions have one number."""
    first: Any = (..., *[slice(1)] * shared)
    return lambda made: torch.where(made[first] <= 0, p / 2, (1 + p) / 2)


def uniform(made: Tensor) -> Tensor:
    return torch.rand(made.shape, dtype=made.dtype)


def normal(made: Tensor) -> Tensor:
    return torch.randn(made.shape, dtype=made.dtype)


def chosen(p: Any) -> Callable[[Tensor], Tensor]:
    return lambda made: torch.where(made == 1, p / 2, (1 + p) / 2)


def of(function: Any, *rest: Any, **more: Any) -> Callable[..., Tensor]:
    """Return a call of a function with a case's tensors and these arguments."""
    return lambda *tensors: function(*tensors, *rest, **more)


def rows(*shape: int) -> Tensor:
    return torch.linspace(
        0.1, 0.9, torch.Size(shape).numel(), dtype=torch.float64
    ).view(shape)


def cases() -> dict[str, Case]:
    x, image = rows(4, 6), rows(4, 6, 3, 2)
    one, halves = (
        torch.ones((), dtype=torch.float64),
        torch.full((4, 6), 0.5, dtype=torch.float64),
    )
    blind = torch.ones(4, 4, dtype=torch.bool).tril(
        -1
    )  # the first row may look at nothing
    query, values = (
        [rows(2, 4, 3), rows(2, 4, 3).flip(1)],
        torch.eye(4, dtype=torch.float64).expand(2, 4, 4),
    )
    attention: Any = F.scaled_dot_product_attention
    found: dict[str, Case] = {
        "dropout1d of one row": (of(F.dropout1d, 0.4), [x], lost(0.4, 1)),
        "dropout, in place": (
            lambda x: F.dropout(x * one, 0.4, inplace=True),
            [x],
            lost(0.4),
        ),
        "alpha dropout, in place": (
            lambda x: F.alpha_dropout(x * one, 0.4, True, True),
            [x],
            lost(0.4),
        ),
        "attention": (
            of(attention, None, 0.4),
            [*query, values],
            lost(0.4),
        ),
        "attention, causal": (
            of(attention, None, 0.4, True),
            [*query, values],
            lost(0.4),
        ),
        "attention, a mask": (
            of(attention, blind, 0.4, scale=2),
            [*query, values],
            lost(0.4),
        ),
        "attention, numbers": (
            of(attention, 0.4),
            [*query, values, torch.where(blind, one, -torch.inf)],
            lost(0.4),
        ),
        "rand_like": (of(torch.rand_like, dtype=torch.float32), [x], uniform),
        "randn_like": (torch.randn_like, [x], normal),
        "rand": (lambda: torch.rand(4, 6), [], uniform),
        "rand of a size": (
            lambda: torch.rand(size=(4, 6), dtype=torch.float64),
            [],
            uniform,
        ),
        "randn": (lambda: torch.randn((4, 6)), [], normal),
        "normal, a mean": (of(torch.normal, 0.5), [x], normal),
        "normal, a deviation": (lambda x: torch.normal(2.0, x), [x], normal),
        "normal, both": (torch.normal, [x, rows(6)], normal),
        "normal, two types": (
            lambda x, std: torch.normal(x, std.float()),
            [x, rows(6)],
            normal,
        ),
        "normal of a size": (lambda: torch.normal(1.0, 0.5, (4, 6)), [], normal),
        "bernoulli": (torch.bernoulli, [halves], chosen(0.5)),
        "bernoulli, sure": (
            lambda x: torch.bernoulli(x.round()),
            [x],
            chosen(x.round()),
        ),
        "a tensor's bernoulli": (lambda x: x.bernoulli(), [halves], chosen(0.5)),
        "bernoulli with a number": (
            lambda x: torch.bernoulli(x.detach(), 0.4),
            [x],
            chosen(0.4),
        ),
        "bernoulli_": (lambda x: (x * one).bernoulli_(0.4), [x], chosen(0.4)),
        "bernoulli_ of bytes": (
            lambda: torch.zeros(4, 6, dtype=torch.uint8).bernoulli_(0.4),
            [],
            chosen(0.4),
        ),
        "bernoulli_, a tensor": (
            lambda x, p: (x * one).bernoulli_(p),
            [x, halves],
            chosen(0.5),
        ),
        "gumbel_softmax": (lambda x: F.gumbel_softmax(x, tau=2.0), [x], uniform),
        "uniform_": (lambda x: (x * one).uniform_(-1, 3), [x], uniform),
        "uniform_, by name": (
            lambda x: (x * one).uniform_(**{"from": -1, "to": 3}),
            [x],
            uniform,
        ),
        "normal_": (lambda x: (x * one).normal_(-1, std=3), [x], normal),
        "exponential_": (lambda x: (x * one).exponential_(2), [x], uniform),
    }
    for p in (0.0, 0.4, 1.0):
        found |= {
            f"dropout {p}": (of(F.dropout, p), [x], lost(p)),
            f"alpha dropout {p}": (
                of(F.alpha_dropout, p, training=True),
                [x],
                lost(p),
            ),
            f"feature alpha dropout {p}": (
                of(F.feature_alpha_dropout, p, True),
                [image],
                lost(p, 2),
            ),
            f"dropout1d {p}": (
                of(F.dropout1d, p),
                [rows(4, 6, 3)],
                lost(p, 1),
            ),
            f"dropout2d {p}": (of(F.dropout2d, p), [image], lost(p, 2)),
            f"dropout3d {p}": (
                of(F.dropout3d, p),
                [rows(4, 6, 2, 2, 2)],
                lost(p, 3),
            ),
        }
    return found


def outcome(
    call: Callable[..., Tensor], tensors: list[Tensor]
) -> tuple[Tensor, list[Any]]:
    """Return what a call makes, and the gradients of its tensors."""
    own = [tensor.clone().requires_grad_() for tensor in tensors]
    made = call(*own)
    if not made.requires_grad:
        return made, [None] * len(own)
    upstream = torch.linspace(1, 2, made.numel(), dtype=made.dtype).view_as(made)
    return made, list(torch.autograd.grad(made, own, upstream, allow_unused=True))


@pytest.mark.parametrize("name", cases())
def test_a_replacement_does_what_torch_does(name: str) -> None:
    call, tensors, numbers = cases()[name]
    torch.manual_seed(0)
    theirs, their_gradients = outcome(call, tensors)
    torch.manual_seed(0)
    noise = numbers(theirs.detach())
    mode, drawing = GivenNoise([noise]), GivenNoise()
    before = torch.get_rng_state()
    with mode:
        ours, gradients = outcome(call, tensors)
    torch.testing.assert_close(ours, theirs)
    assert ours.requires_grad == theirs.requires_grad
    for one, other in zip(gradients, their_gradients, strict=True):
        assert (one is None) == (other is None)
        if one is not None:
            torch.testing.assert_close(one, other)
    assert next(mode.noise or iter([X]), None) is None
    assert torch.equal(
        torch.get_rng_state(), before
    )  # the engine seeds what follows a training
    with drawing:
        call(*tensors)
    assert drawing.draws == [Draw(numbers is normal, tuple(noise.shape))]


def test_each_replacement_is_tried() -> None:
    class Notes(TorchFunctionMode):
        def __init__(self) -> None:
            super().__init__()
            self.seen = set[Any]()

        def __torch_function__(
            self, function: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            self.seen.add(function)
            return function(*args, **kwargs or {})

    with Notes() as notes:
        for call, tensors, _ in cases().values():
            call(*tensors)
    assert DRAWING.keys() <= notes.seen


X = rows(4, 6)
REFUSED: dict[str, Callable[[], Tensor]] = {
    "a rate above 1": lambda: F.dropout(X, 1.5),
    "channels of one dimension": lambda: F.feature_alpha_dropout(X[0], training=True),
    "a mask, and causal": lambda: F.scaled_dot_product_attention(
        X, X, X, torch.ones(4, 4), 0.5, True
    ),
    "a probability above 1": lambda: X.clone().bernoulli_(1.5),
    "a gradient through bernoulli": lambda: (
        torch.bernoulli(X.clone().requires_grad_(), 0.5).sum().backward()
    ),
    "bounds in the wrong order": lambda: X.clone().uniform_(2, 1),
    "a negative deviation": lambda: X.clone().normal_(0, -1),
    "a negative deviation of normal": lambda: torch.normal(X, -1.0),
    "a negative rate": lambda: X.clone().exponential_(-1),
    "a weight": lambda: nn.Parameter(X).uniform_(),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_torch_refuses_is_refused(name: str) -> None:
    for mode in (torch.enable_grad(), GivenNoise([X])):
        with pytest.raises((RuntimeError, ValueError)), mode:
            REFUSED[name]()


@pytest.mark.parametrize(
    "call",
    [
        torch.bernoulli,
        lambda x: X.clone().bernoulli_(x),
        lambda x: torch.normal(0.0, x),
    ],
)
def test_numbers_that_torch_refuses_give_none(call: Callable[[Tensor], Tensor]) -> None:
    wrong = X.clone()
    wrong[1, 2] = -0.5
    with pytest.raises(RuntimeError):
        call(wrong)
    with GivenNoise([X]):
        assert call(wrong).isnan().nonzero().tolist() == [[1, 2]]


def test_exponential_numbers_are_never_0() -> None:
    for dtype in (torch.float32, torch.float64):
        with GivenNoise([torch.zeros(3, dtype=dtype)]):
            assert bool((torch.empty(3, dtype=dtype).exponential_() > 0).all())


@pytest.mark.parametrize("draw", [torch.bernoulli, Tensor.uniform_])
def test_a_generator_of_its_own_is_refused(draw: Callable[..., Tensor]) -> None:
    with pytest.raises(ValueError, match="generator"), GivenNoise([X]):
        draw(X.clone(), generator=torch.Generator())


def test_a_layer_that_does_not_train_draws_nothing() -> None:
    with GivenNoise([]):
        assert F.dropout(X, 0.5, training=False) is X
