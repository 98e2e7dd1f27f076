"""Which numbers of torch's optimizers may differ between nets that one object steps, and how these are computed."""

from typing import Any

import pytest
import torch

from lockstep.optimizers import settings as tried
from lockstep.optimizers.per_net import EachItsOwn, MixedError, PerNet
from lockstep.optimizers.settings import step_key, varying_numbers

Settings = dict[str, Any]


@pytest.fixture(autouse=True)
def nothing_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start without what trials in other tests have shown."""
    monkeypatch.setattr(tried, "_TRIED", {})


def complete(name: str, settings: Settings) -> tuple[type[torch.optim.Optimizer], Settings]:
    """Return an optimizer's class, and all of its settings."""
    cls = getattr(torch.optim, name.partition(",")[0])
    (group,) = cls([torch.zeros(1)], **settings).param_groups
    return cls, {key: value for key, value in group.items() if key != "params"}


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
