"""A notebook: code is edited between two searches of one process, and what was found out about it counts no more."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.lockstep.cases.base import RATES, classifier
from tests.lockstep.searches import check, scores


def bends(x: Tensor) -> Tensor:
    return x.relu()


def centres(x: Tensor) -> Tensor:
    return x - x.mean(0)


class Calls(nn.Module):
    """An activation that calls a function which is edited."""

    function: Callable[[Tensor], Tensor] = staticmethod(bends)

    def forward(self, x: Tensor) -> Tensor:
        return type(self).function(x)


class Steps(torch.optim.SGD):
    """An optimizer whose step is edited."""


def shrinks(self: Any, closure: Any = None) -> Any:
    loss = torch.optim.SGD.step(self, closure)
    for group in self.param_groups:
        for param in group["params"]:
            param.data.sub_(0.1 * param.data.norm())
    return loss


EDITS: dict[str, tuple[type, str, Any, Any]] = {
    "what an activation calls": (Calls, "function", staticmethod(centres), {"module__activation": [nn.Tanh, Calls]}),
    "the step of an optimizer": (Steps, "step", shrinks, {"optimizer": [Steps], **RATES}),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("what", EDITS)
def test_edited_code_is_looked_at_anew(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    edited, name, code, grid = EDITS[what]

    before = scores(classifier(), grid, "neg_log_loss")
    monkeypatch.setattr(edited, name, code)
    assert not np.allclose(check(classifier(), "neg_log_loss", grid), before, rtol=1e-4)
