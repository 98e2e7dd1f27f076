"""Oracle: the same instructions as they were given. In strips they compute the same bits, whatever they are."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from skorch.callbacks import GradientNormClipping
from torch import Tensor, nn

from lockstep.kernel import program, strips
from lockstep.kernel.values import Emitted
from packages.lockstep.tests.cases.base import RATES, classifier
from packages.lockstep.tests.cases.modules import Digits
from packages.lockstep.tests.kernel.against_torch import (
    by_kernel,
    numbers,
    with_gradients,
)
from packages.lockstep.tests.kernel.test_convolutions import CONVOLUTIONS, POOLS
from packages.lockstep.tests.kernel.test_layers import LOSSES
from packages.lockstep.tests.kernel.test_operations import CASES
from packages.lockstep.tests.searches import scores

F = nn.functional
ROWS, WEIGHTS, BIAS, OUT = (
    numbers(13, 4),
    numbers(6, 4, seed=1),
    numbers(6, seed=2),
    numbers(3, 6, seed=3),
)
CLASSES = (numbers(13, seed=4).abs() * 2).long().clamp(max=2)


def layers(x: Tensor, w: Tensor, b: Tensor, out: Tensor, y: Tensor) -> Tensor:
    return F.cross_entropy(F.linear(F.relu(F.linear(x, w, b)), out), y)


def normed(x: Tensor, w: Tensor, b: Tensor, out: Tensor, y: Tensor) -> Tensor:
    return F.cross_entropy(
        F.linear(F.batch_norm(F.linear(x, w, b), None, None, training=True), out), y
    )


def updated(x: Tensor, w: Tensor, b: Tensor, out: Tensor, y: Tensor) -> Tensor:
    made = F.linear(x, w)
    w.mul_(made.sum())  # which reads all rows, and changes what each has read
    return F.linear(x, w) + made


# Functions whose rows depend on one another, or on sums over all rows.
MIXED: dict[str, Callable[[Tensor], Any]] = {
    "neighbours": lambda x: x[1:] + x[:-1],
    "in place": lambda x: x[1:].add_(x[:-1].clone()),
    "a sum that is read": lambda x: (x * 2 - (x * 2).mean(0)) / x.std(0),
    "a sum that goes on": lambda x: (x.sum(0) + 1).add_((x * x).sum(0)),
    "over rows and columns": lambda x: [
        x.sum(),
        x.t().sum(1),
        x.amax(0),
        x.t().contiguous().sum(1),
    ],
    "places in rows": lambda x: x.gather(0, (x > 0).long()),
    "added at places": lambda x: torch.zeros_like(x).scatter_add_(0, (x > 0).long(), x),
    "added by row": lambda x: torch.zeros_like(x).scatter_add_(1, (x > 0).long(), x),
    "every other row": lambda x: torch.cat([x[::2] * 2, x[1::2] * 3]).exp(),
    "other rows": lambda x: x.view(26, 2) * 2 + x.view(26, 2)[:1],
    "a table": lambda x: F.embedding((x > 0).long(), x[:2] * 2) + 1,
    "squares": lambda x: (x @ x.t()) @ x + (x.t() @ x).sum(),
}


def cut(monkeypatch: pytest.MonkeyPatch, numbers_of_a_strip: int) -> None:
    monkeypatch.setattr(strips, "_LARGE", 1)
    monkeypatch.setattr(strips, "_strip", lambda *sizes: numbers_of_a_strip)


@pytest.fixture(params=[1, 4])
def both(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Callable[..., int]:
    """Return a function that runs another one in strips and as it is, and returns how many loops there were."""

    def compared(function: Callable[..., Any], *inputs: Tensor) -> int:
        loops = list[int]()

        def noted(emitted: list[Emitted]) -> list[Emitted]:
            made = strips.in_strips(emitted)
            loops.append(
                sum(each.operation == "repeat" and each.n[0] > 1 for each in made)
            )
            return made

        with monkeypatch.context() as patch:
            patch.setattr(program, "in_strips", noted)
            found = list[list[Tensor]]()
            for size in (request.param, 2**40):
                cut(patch, size)
                found.append(
                    by_kernel(
                        function,
                        *(each.clone() for each in inputs),
                        dtype=torch.float32,
                    )
                )
        for ours, theirs in zip(*found, strict=True):
            torch.testing.assert_close(ours, theirs, rtol=0, atol=0, equal_nan=True)
        assert loops[1] == 0
        return loops[0]

    return compared


@pytest.mark.parametrize("function", [layers, normed, updated])
def test_steps(function: Any, both: Any) -> None:
    given = ROWS, WEIGHTS, BIAS, OUT, CLASSES
    assert both(function if function is updated else with_gradients(function), *given)


@pytest.mark.parametrize("name", MIXED)
def test_rows_that_are_mixed(name: str, both: Any) -> None:
    both(MIXED[name], ROWS)
    both(lambda x: MIXED[name](x * 2 + 1), ROWS)


def test_each_operation(both: Any) -> None:
    inputs = numbers(3, 4), numbers(4, seed=1)
    assert (
        sum(
            both(function, *inputs)
            for functions in CASES.values()
            for function in functions
        )
        > 20
    )


def test_windows_and_losses(both: Any) -> None:
    loops = [both(with_gradients(function), x) for function, x in POOLS.values()]
    for function, x, shape, options in CONVOLUTIONS.values():
        loops.append(
            both(
                with_gradients(partial(function, **options)), x, numbers(*shape, seed=1)
            )
        )
    for loss, (x, *others) in LOSSES.values():
        loops.append(both(loss, x, *others))
    assert sum(loops) > 20


@pytest.mark.parametrize(
    "settings",
    [
        {"module": Digits},
        {"optimizer": torch.optim.Adam, "callbacks": [GradientNormClipping(0.1)]},
    ],
)
def test_searches(settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of 16 rows, of 12 at the end, and hold-outs."""
    net = classifier(**settings)
    wanted = scores(net, RATES, "neg_log_loss")
    cut(monkeypatch, 100)
    assert scores(net, RATES, "neg_log_loss") == wanted
