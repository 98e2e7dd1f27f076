"""Which numbers of torch's optimizers may differ between nets that one object steps, and how these are computed."""

from typing import Any

import numpy as np
import pytest
import torch
from torch.optim import Optimizer

from lockstep.optimizers import settings as tried
from lockstep.optimizers.per_net import EachItsOwn, MixedError, PerNet
from lockstep.optimizers.recorded import RecordedOptimizer, Run
from lockstep.optimizers.settings import step_key, varying_numbers
from packages.lockstep.tests.cases.optimizers import SETTINGS

Settings = dict[str, Any]


@pytest.fixture(autouse=True)
def nothing_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start without what trials in other tests have shown."""
    monkeypatch.setattr(tried, "_TRIED", {})


def complete(name: str, settings: Settings) -> tuple[type[Optimizer], Settings]:
    """Return an optimizer's class, and all of its settings."""
    cls = getattr(torch.optim, name)
    (group,) = cls([torch.zeros(1)], **settings).param_groups
    return cls, {key: value for key, value in group.items() if key != "params"}


OTHERS = {
    name
    for name, cls in vars(torch.optim).items()
    if isinstance(cls, type) and issubclass(cls, Optimizer)
}


@pytest.mark.parametrize("name", sorted(OTHERS - SETTINGS.keys() - {"Optimizer"}))
def test_what_is_not_elementwise_is_refused(name: str) -> None:
    with pytest.raises((ValueError, RuntimeError)):
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
    assert key("SGD", momentum=0.9, lr=0.1) != key(
        "SGD", momentum=0.9, nesterov=True, lr=0.1
    )


def test_a_comparison_must_come_out_alike_and_a_number_of_all_stays_one() -> None:
    each: Any = PerNet.of(torch.tensor([[0.1], [0.2]], dtype=torch.float64))
    with EachItsOwn():
        assert [each > bound for bound in (0, 1)] == [True, False]
        with pytest.raises(MixedError, match="a comparison comes out differently"):
            bool(each > 0.15)
        with pytest.raises(
            MixedError, match="mul_ would give one number another value for each net"
        ):
            torch.tensor(1.0).mul_(each)


@pytest.mark.parametrize("name", ["Adam", "NAdam", "RAdam", "Adagrad"])
def test_numbers_that_are_computed_ahead_are_those_of_the_steps_that_are_taken(
    noted: Any, name: str
) -> None:
    settings = [complete(name, {"lr": 0.1 / (1 + i)})[1] for i in range(18)]
    nets = optimizer_of(name, settings)
    runs = noted(nets, "_take_step", lambda *_: None)
    for epoch in range(60):
        if epoch == 12:  # in the middle of what is computed by then
            settings = [
                each | {"lr": each["lr"] / (1 + 0.1 * i)}
                for i, each in enumerate(settings)
            ]
        nets.set(settings)
        others = optimizer_of(name, settings)
        if epoch:
            others.load(nets.state())
        for i, found in enumerate(of_steps(nets.runs(3))):
            (wanted,) = of_steps(others.runs(1))
            np.testing.assert_array_equal(
                found.astype("f4"),
                wanted.astype("f4"),
                err_msg=f"epoch {epoch}, step {i}",
            )
        assert int(nets.state()["step"]) == 3 * epoch + 3
    assert len(runs) < 60


def optimizer_of(name: str, settings: list[Settings]) -> RecordedOptimizer:
    return RecordedOptimizer(
        [(getattr(torch.optim, name), each) for each in settings], torch.float32, {}
    )


def of_steps(runs: list[Run]) -> list[np.ndarray]:
    """Return the numbers of each step, shape (n_nets or 1, n_numbers)."""
    return [numbers for run in runs for numbers in run.numbers.transpose(1, 0, 2)]
