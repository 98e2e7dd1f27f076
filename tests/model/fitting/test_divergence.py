"""What is advised against nets that diverge depends on what is set already."""

from typing import Any

import pytest
import torch
from skorch import NeuralNetRegressor
from skorch.callbacks import GradientNormClipping
from torch import nn

from stages.lib.config import Prepare
from stages.lib.model import Candidates, against_divergence
from tests.search_results import net_settings

CLIP = "clip gradients with the callback GradientNormClipping: {gradient_clip_value: 1.0}"
CLIPPED = {"callbacks": [("GradientNormClipping", GradientNormClipping())]}
REGRESSION = {"wrapper": NeuralNetRegressor, "criterion": nn.MSELoss}


@pytest.mark.parametrize(
    ("changes", "prepare", "advice"),
    [
        ({}, Prepare(), f"Lower lr (0.01 now), scale the inputs with prepare.scale: standard or {CLIP}."),
        ({}, Prepare(scale="standard"), f"Lower lr (0.01 now) or {CLIP}."),
        ({"prepare__scale": "minmax"} | CLIPPED, Prepare(), "Lower lr (0.01 now)."),
        ({"optimizer__lr": 3.0} | CLIPPED, Prepare(scale="robust"), "Lower optimizer__lr (3.0 now)."),
        (
            REGRESSION | CLIPPED,
            Prepare(scale="standard"),
            "Lower lr (0.01 now) or scale the target with prepare.target: standard.",
        ),
        (REGRESSION | CLIPPED, Prepare(scale="standard", target="quantile"), "Lower lr (0.01 now)."),
    ],
)
def test_what_is_set_already_is_not_advised(changes: dict[str, Any], prepare: Prepare, advice: str) -> None:
    assert against_divergence(net_settings() | changes, prepare) == advice


def test_what_a_search_varies_has_been_tried() -> None:
    candidate = {"lr": 0.1, "prepare__scale": None, "optimizer": torch.optim.SGD}
    candidates = Candidates("mine", {key: [value] for key, value in candidate.items()}, [candidate])
    assert against_divergence(net_settings(), Prepare(), candidates) == f"Lower the values of lr or {CLIP}."
