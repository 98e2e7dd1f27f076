"""Oracle: torch's optimizers. One that steps several nets gives each the very bits of an optimizer of its own."""

import inspect
from typing import Any

import pytest
import torch
from torch import Tensor

from lockstep.optimizers import settings as tried
from lockstep.optimizers.per_net import EachItsOwn, MixedError, PerNet
from lockstep.optimizers.settings import varying_numbers
from lockstep.optimizers.stacked import StackedOptimizer, step_key

Settings = dict[str, Any]
N_NETS, N_NUMBERS, STEPS = 16, 48, 5

# Two settings of each; numbers that differ are those that people search.
ACCEPTED: dict[str, list[Settings]] = {
    "SGD, momentum": [{"lr": 0.1, "momentum": 0.9, "nesterov": True}, {"lr": 0.03, "momentum": 0.5, "nesterov": True}],
    "SGD, dampening": [
        {"lr": 0.1, "momentum": 0.9, "dampening": 0.1, "weight_decay": 0.01},
        {"lr": 0.1, "momentum": 0.7, "dampening": 0.3, "weight_decay": 0.1},
    ],
    "SGD, maximize": [{"lr": 0.1, "maximize": True}, {"lr": 0.2, "maximize": True}],
    "RMSprop, centered": [
        {"lr": 0.01, "centered": True, "momentum": 0.9},
        {"lr": 0.02, "centered": True, "momentum": 0.5},
    ],
    "Adagrad": [{"lr": 0.1, "lr_decay": 0.1}, {"lr": 0.01, "lr_decay": 0.2}],
    "Adadelta": [{"lr": 1.0, "rho": 0.9}, {"lr": 0.5, "rho": 0.8}],
    "Adam, betas": [{"betas": (0.9, 0.999), "eps": 1e-8}, {"betas": (0.5, 0.9), "eps": 1e-6}],
    "Adam, amsgrad": [{"amsgrad": True, "weight_decay": 0.1}, {"amsgrad": True, "weight_decay": 0.01}],
    "AdamW": [{"lr": 0.01, "weight_decay": 0.1}, {"lr": 0.003, "weight_decay": 0.01}],
    "Adamax": [{"lr": 0.01, "betas": (0.9, 0.999)}, {"lr": 0.003, "betas": (0.8, 0.99)}],
    "NAdam": [{"lr": 0.01, "momentum_decay": 0.004}, {"lr": 0.003, "momentum_decay": 0.01}],
    "RAdam": [{"lr": 0.01}, {"lr": 0.003, "betas": (0.8, 0.99)}],
    "ASGD": [{"lr": 0.01, "lambd": 1e-4}, {"lr": 0.003, "lambd": 1e-3}],
    "Rprop, etas": [{"etas": (0.5, 1.2)}, {"etas": (0.4, 1.1)}],
}


@pytest.fixture(autouse=True)
def nothing_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start without what trials in other tests have shown."""
    monkeypatch.setattr(tried, "_TRIED", {})


def rows(dtype: torch.dtype = torch.float32) -> list[Tensor]:
    """Return parameters and the gradients of some steps, a row for each net."""
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(N_NETS, N_NUMBERS, generator=generator, dtype=dtype) for _ in range(STEPS + 1)]


def complete(name: str, settings: Settings) -> tuple[type[torch.optim.Optimizer], Settings]:
    """Return an optimizer's class, and all of its settings."""
    cls = getattr(torch.optim, name.partition(",")[0])
    (group,) = cls([torch.zeros(1)], **settings).param_groups
    return cls, {key: value for key, value in group.items() if key != "params"}


def stepped(listed: list[tuple[type, Settings]], dtype: torch.dtype = torch.float32) -> tuple[Tensor, StackedOptimizer]:
    params, *gradients = rows(dtype)
    gradient = torch.zeros_like(params)
    optimizer = StackedOptimizer(params, gradient, listed)
    for each in gradients:
        gradient.copy_(each)
        optimizer.step()
    return params, optimizer


def stepped_alone(
    cls: type[torch.optim.Optimizer], settings: Settings, place: int, dtype: torch.dtype = torch.float32
) -> tuple[Tensor, Settings]:
    """Return a net's parameters after its own optimizer, with the state of it."""
    params, *gradients = (tensor[place].clone() for tensor in rows(dtype))
    chosen = {key: value for key, value in settings.items() if key in inspect.signature(cls).parameters}
    optimizer = cls([params], **chosen | {"foreach": False})
    for each in gradients:
        params.grad = each
        optimizer.step()
    return params, optimizer.state[params]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", ACCEPTED)
def test_each_net_gets_the_bits_of_an_optimizer_of_its_own(name: str, dtype: torch.dtype) -> None:
    cls, _ = complete(name, {})
    settings = [complete(name, each)[1] for each in ACCEPTED[name]]
    listed = [(cls, settings[i % 2]) for i in range(N_NETS)]
    listed.sort(key=lambda each: repr(step_key(*each)))
    together, optimizer = stepped(listed, dtype)
    for place, (_, own) in enumerate(listed):
        alone, state = stepped_alone(cls, own, place, dtype)
        assert torch.equal(together[place], alone), f"net {place}"
        for key, value in optimizer.state_of(place).items():
            torch.testing.assert_close(torch.as_tensor(value), torch.as_tensor(state[key]), check_dtype=False)


def test_settings_may_change_in_the_middle_and_states_move_to_another_stack() -> None:
    listed = [complete("Adam", {"lr": rate}) for rate in torch.linspace(0.001, 0.1, N_NETS).tolist()]
    halved = [(cls, settings | {"lr": settings["lr"] / 2}) for cls, settings in listed]
    params, *gradients = rows()
    gradient = gradients[0].clone()
    whole = StackedOptimizer(params, gradient, listed)
    whole.step()
    left = [0, 3, 4]
    some, own = params[left].clone(), gradient[left].clone()
    fewer = StackedOptimizer(some, own, [listed[i] for i in left])
    fewer.load_states([whole.state_of(i) for i in left])
    for optimizer, places, grad in ((whole, range(N_NETS), gradient), (fewer, left, own)):
        grad.copy_(gradients[1][list(places)])
        optimizer.set([halved[i][1] for i in places])
        optimizer.step()
    assert torch.equal(params[left], some)
    _, settings = listed[3]
    alone = rows()[0][3].clone()
    stock = torch.optim.Adam([alone], lr=settings["lr"], foreach=False)
    for i in range(2):
        stock.param_groups[0]["lr"] = settings["lr"] / (i + 1)
        alone.grad = gradients[i][3]
        stock.step()
    assert torch.equal(params[3], alone)


@pytest.mark.parametrize("name", ["Adafactor", "LBFGS"])
def test_what_is_not_elementwise_is_refused(name: str) -> None:
    with pytest.raises(Exception, match=r"."):
        varying_numbers(*complete(name, {}))


def test_nets_share_an_object_unless_what_differs_is_no_number_that_may() -> None:
    def key(name: str, **settings: Any) -> Any:
        return step_key(*complete(name, settings))

    assert key("Adam", lr=0.1) == key("Adam", lr=0.2, betas=(0.9, 0.9), eps=1e-6)
    # In float64, torch's lerp rounds a number for each row in another way than one for all.
    assert key("Adam") != key("Adam", betas=(0.5, 0.999))
    assert key("Adam", weight_decay=0.1) == key("Adam", weight_decay=0.2)
    # A part that is left out, another class, a switch.
    assert key("Adam", weight_decay=0.0) != key("Adam", weight_decay=0.1)
    assert key("Adam") != key("AdamW")
    assert key("Adam") != key("Adam", amsgrad=True)
    assert key("SGD", momentum=0.9, lr=0.1) != key("SGD", momentum=0.9, nesterov=True, lr=0.1)


class TestNumbersThatDiffer:
    each = torch.tensor([[0.1], [0.2]], dtype=torch.float64)

    def test_beside_parameters_they_are_rounded_as_floats_are(self) -> None:
        params = torch.ones(2, 3) / 3
        number: Any = PerNet.of(self.each)
        with EachItsOwn():
            found = params.clone().mul_(number), params.add(params, alpha=number), params.sub(params, alpha=1 - number)
        for i, own in enumerate((0.1, 0.2)):
            assert torch.equal(found[0][i], params[i] * own)
            assert torch.equal(found[1][i], params[i].add(params[i], alpha=own))
            assert torch.equal(found[2][i], params[i].sub(params[i], alpha=1 - own))

    def test_a_comparison_that_all_share_is_decided(self) -> None:
        with EachItsOwn():
            found: list[Any] = [PerNet.of(self.each) > bound for bound in (0, 1)]
        assert found[0] is True
        assert found[1] is False

    def test_a_comparison_that_they_do_not_share_is_an_error(self) -> None:
        with EachItsOwn(), pytest.raises(MixedError, match="a comparison comes out differently"):
            bool(PerNet.of(self.each) > 0.15)

    def test_a_number_of_all_cannot_become_one_of_each(self) -> None:
        with EachItsOwn(), pytest.raises(MixedError, match="mul_ would give one number another value for each net"):
            torch.tensor(1.0).mul_(PerNet.of(self.each))
