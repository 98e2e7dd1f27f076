"""Oracle: skorch. Nets that nobody wrote down, put together by hypothesis, train in lockstep as skorch trains them.

`make test` tries 20, the same every time; `make test-all` tries thousands.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from skorch.callbacks import EarlyStopping, GradientNormClipping, LRScheduler
from torch import Tensor, nn, optim

from packages.lockstep.tests.cases.base import Case, X, classifier
from packages.lockstep.tests.cases.modules import WIDTH
from packages.lockstep.tests.searches import compare, run_case

# With a large eps: norms of a few numbers that are nearly alike enlarge rounding a hundredfold, each of them.
NORMS: dict[str, Any] = {
    "batch": lambda width: nn.BatchNorm1d(width, eps=0.1),
    "layer": lambda width: nn.LayerNorm(width, eps=0.1),
    "group": lambda width: nn.GroupNorm(1, width, eps=0.1),
}
ACTIVATIONS = [
    nn.ReLU,
    nn.Tanh,
    nn.GELU,
    nn.ELU,
    nn.Sigmoid,
    nn.PReLU,
    nn.Softplus,
    nn.LeakyReLU,
]
# Rows that a fit trains on, with skorch's hold-out and without.
N_TRAIN = {True: 51, False: 64}


class Grown(nn.Module):
    """Blocks of a linear layer, a norm and an activation, some with a way around them."""

    def __init__(self, blocks: Any) -> None:
        super().__init__()
        self.blocks, self.around = nn.ModuleList(), []
        before = WIDTH
        for width, norm, activation, bias, around in blocks:
            parts = [
                nn.Linear(before, width, bias=bias),
                *([NORMS[norm](width)] if norm else []),
                activation(),
            ]
            self.blocks.append(nn.Sequential(*parts))
            self.around.append(around and width == before)
            before = width
        self.last = nn.Linear(before, 2)

    def forward(self, x: Tensor) -> Tensor:
        for block, around in zip(self.blocks, self.around, strict=True):
            x = block(x) + x if around else block(x)
        return self.last(x)


blocks = st.lists(
    st.tuples(
        st.integers(4, 9),
        st.sampled_from([None, *NORMS]),
        st.sampled_from(ACTIVATIONS),
        st.booleans(),
        st.booleans(),
    ),
    min_size=1,
    max_size=3,
)
# Batch norm takes biases before it away again: their gradient is rounding, which most optimizers divide by its size.
EPS = {"optimizer__eps": 1e-4}
optimizers: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {
            "optimizer": optim.SGD,
            "optimizer__momentum": 0.9,
            "optimizer__nesterov": True,
        },
        {"optimizer": optim.SGD, "optimizer__weight_decay": 0.01},
        {"optimizer": optim.Adam, "optimizer__amsgrad": True, **EPS},
        {"optimizer": optim.AdamW, "optimizer__weight_decay": 0.1, **EPS},
        # Not centered: the root of a difference near 0 turns changes of 2e-16 into 1e-8, with skorch alone as well.
        {"optimizer": optim.RMSprop, "optimizer__momentum": 0.5, **EPS},
        {"optimizer": optim.NAdam, **EPS},
        {"optimizer": optim.Adagrad, **EPS},
        {"optimizer": optim.Adadelta},
    ]
)
callbacks = st.sampled_from(
    [
        "disable",
        None,
        [EarlyStopping(patience=2, threshold=0.02)],
        [
            EarlyStopping(patience=2, load_best=True),
            LRScheduler(policy="StepLR", step_size=1, gamma=0.5),
        ],
        [GradientNormClipping(0.3), LRScheduler(policy="CosineAnnealingLR", T_max=4)],
    ]
)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    watched, held_out = draw(callbacks), draw(st.booleans())
    # What callbacks watch is on the hold-out.
    held_out = held_out or isinstance(watched, list)
    batch_size = draw(st.integers(5, 40))
    # Batch norm refuses a batch of a single row.
    assume(N_TRAIN[held_out] % batch_size != 1)
    given_split: dict[str, Any] = {} if held_out else {"train_split": None}
    net = classifier(
        Grown,
        module__blocks=tuple(draw(blocks)),
        batch_size=batch_size,
        max_epochs=draw(st.integers(1, 5)),
        callbacks=watched,
        criterion__label_smoothing=draw(st.sampled_from([0.0, 0.1])),
        criterion__weight=draw(
            st.sampled_from([None, torch.tensor([1.0, 3.0], dtype=torch.float64)])
        ),
        iterator_train__shuffle=draw(st.booleans()),
        iterator_train__drop_last=draw(st.booleans()),
        **draw(optimizers),
        **given_split,
    )
    return Case(net, {"lr": [0.02, 0.1]})


@pytest.mark.usefixtures("float64")
@settings(
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(cases())
def test_a_grown_net_is_skorchs(case: Case) -> None:
    ours, told, _ = run_case(case)
    theirs, _, _ = run_case(case, stack=False)
    # A gradient that is nothing but rounding may fail a trial; then skorch trains the net.
    assert all("in a trial" in message for message in told)
    try:
        for one, other in zip(ours, theirs, strict=True):
            compare(one, other)
    except AssertionError:
        # Some nets turn rounding into more than 1e-9. Then the two are no further apart than skorch's nets on rows that
        # differ in their last bit.
        nudged, _, _ = run_case(replace(case, X=np.nextafter(X, np.inf)), stack=False)
        assert distance(ours, theirs) <= 10 * distance(nudged, theirs)


def distance(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> float:
    """Return the largest difference of nets' weights."""
    pairs = [
        (one[key], other[key])
        for one, other in zip(ours, theirs, strict=True)
        for key in other
    ]
    return max(
        float((a - b).abs().max())
        for a, b in pairs
        if isinstance(a, torch.Tensor) and a.numel()
    )
