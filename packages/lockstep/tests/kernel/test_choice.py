"""Which nets the kernel trains and which skorch, what a user is told of it, and what happens where the kernel fails."""

import re
from itertools import chain
from typing import Any

import numpy as np
import pytest
import torch
from joblib import parallel_config
from sklearn.model_selection import GridSearchCV, cross_validate
from skorch.callbacks import GradientNormClipping
from torch import Tensor, nn

from lockstep import LockstepWarning, backend, explain, explaining, plan
from lockstep.grouping.checks import check_parts
from lockstep.kernel import blocks
from lockstep.kernel.values import Layout
from lockstep.members.refusals import RefusalError
from lockstep.optimizers.per_net import PerNet, Watched
from lockstep.stacks import stack
from lockstep.stacks.programs import steps as programs
from packages.lockstep.tests.cases.base import LABELS, RATES, classifier
from packages.lockstep.tests.cases.modules import CountsInABuffer
from packages.lockstep.tests.searches import ROWS, check, scores

SLOW = "the kernel takes its steps no faster than skorch"
LONG_TRIAL = (
    "trying whether it goes in lockstep takes longer than its training by skorch"
)
MISSING = "The kernel has no version for Plan 9 on m68k."


CONVOLUTION = (
    nn.Unflatten(1, (1, -1, 1, 1)),
    nn.Conv3d(1, 2, (3, 1, 1)),
    nn.Flatten(),
    nn.Linear(8, 2),
)


class Halves(nn.Linear):
    """Has numbers of 16 bits."""

    def __init__(self) -> None:
        super().__init__(ROWS.shape[1], 2, dtype=torch.bfloat16)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.bfloat16()).float()


class Wide(nn.Sequential):
    def __init__(self, width: int, table: int = 0) -> None:
        super().__init__(
            nn.Linear(ROWS.shape[1], width),
            nn.ReLU(),
            nn.Linear(width, width),
            nn.Linear(width, 2),
        )
        self.table = nn.Parameter(torch.zeros(table, 2))

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + self.table[:1].sum()


class Sorts(nn.Module):
    """Sorts 300 numbers of each row, or the rows by 300 numbers."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.up, self.out, self.how = (
            nn.Linear(ROWS.shape[1], 300),
            nn.Linear(300, 2),
            how,
        )

    def forward(self, x: Tensor) -> Tensor:
        made = self.up(x)
        if self.how == "sort":
            return self.out(made.sort(1)[0])
        return self.out(made + made.argsort(0) / 100)


class Deep(nn.Sequential):
    def __init__(self) -> None:
        width = ROWS.shape[1]
        layers = [
            (nn.Linear(width, width), nn.BatchNorm1d(width), nn.ReLU())
            for _ in range(60)
        ]
        super().__init__(*chain.from_iterable(layers), nn.Linear(width, 2))


class Embedded(nn.Module):
    """Looks up a large table."""

    def __init__(self) -> None:
        super().__init__()
        self.table, self.out = nn.Embedding(50_000, 16), nn.Linear(16, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.table((x[:, 0] > 0).long()))


@pytest.fixture
def no_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let there be no kernel, of which nobody has been told."""
    monkeypatch.setattr(backend, "missing", lambda: MISSING)
    monkeypatch.setattr(explaining, "missing", lambda: MISSING)
    backend._warn_once.cache_clear()


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (
            {"module": nn.Sequential(*CONVOLUTION)},
            "the kernel has no convolution in 3 dimensions",
        ),
        ({"module": Wide, "module__width": 640, "batch_size": 64}, SLOW),
        ({"module": Sorts, "module__how": "sort", "batch_size": 32}, SLOW),
        ({"module": Sorts, "module__how": "argsort", "batch_size": 64}, SLOW),
        ({"module": Deep, "max_epochs": 2}, LONG_TRIAL),
        ({"module": Embedded, "max_epochs": 2}, LONG_TRIAL),
        (
            {"module": Wide, "module__width": 4, "module__table": 2_000_000},
            "a net takes ",
        ),
        (
            {"criterion": nn.MultiMarginLoss},
            "the kernel has no multi_margin_loss_backward",
        ),
        ({"module": Halves}, "the kernel has no torch.bfloat16"),
    ],
)
def test_explain_says_why_skorch_trains_a_net(
    settings: dict[str, Any], reason: str
) -> None:
    said = explain(classifier(**settings), ROWS, LABELS)
    assert said.startswith(f"NeuralNetClassifier is fitted alone: {reason}")


def test_nets_that_take_more_memory_than_there_is_are_trained_in_the_smallest_stack() -> (
    None
):
    """The larger of two groups is told; memory decides how many nets share a stack, never who trains them."""
    grid = RATES | {"module__table": [50_000, 100_000]}
    found, why, sizes = list[Any](), list[str | None](), list[int]()

    def searched(max_memory_mb: int) -> None:
        large = classifier(Wide, module__width=4, max_epochs=1)
        options = {
            "max_memory_mb": max_memory_mb,
            "on_result": lambda result: why.append(result["not_by_kernel"]),
        }
        with parallel_config(backend="lockstep", **options):
            search = GridSearchCV(
                large, grid, cv=12, scoring="neg_log_loss", refit=False
            ).fit(ROWS, LABELS)
            sizes.append(plan(search, ROWS, LABELS).groups[0].n_in_stack)
        found.append(
            [search.cv_results_[f"split{i}_test_score"].tobytes() for i in range(12)]
        )

    with pytest.warns(LockstepWarning) as caught:
        searched(1)
    (said,) = (str(each.message) for each in caught)
    assert said.endswith(
        " MiB more than max_memory_mb=1 leaves; it is trained nevertheless"
    )
    mib, more = (
        int(number.replace(",", "")) for number in re.findall(r"([\d,]+) MiB", said)
    )
    assert said.startswith("a stack of 16 nets takes about ")
    assert mib == pytest.approx(16 * 15 * 2 * 100_000 * 4 / 2**20, rel=0.3)
    assert mib - more == 64
    searched(16_000)
    assert sizes == [16, 24]
    assert found[0] == found[1]
    assert set(why) == {None}


def test_a_net_that_is_not_on_the_cpu_is_left_to_skorch() -> None:
    elsewhere = classifier().initialize()
    elsewhere.module_.to("meta")
    elsewhere.initialize_optimizer()
    with pytest.raises(
        RefusalError, match="the kernel computes on the CPU, not on meta"
    ):
        check_parts(elsewhere)


def test_an_optimizer_whose_state_begins_with_numbers_goes_in_lockstep() -> None:
    adagrad = classifier(
        optimizer=torch.optim.Adagrad, optimizer__initial_accumulator_value=0.1, lr=1.0
    )
    clipped = classifier(
        callbacks=[GradientNormClipping(0.1, np.inf)], optimizer=torch.optim.Rprop
    )
    for net in (
        adagrad,
        clipped,
        classifier(optimizer=type("Own", (torch.optim.SGD,), {})),
    ):
        assert " goes in lockstep: " in explain(net, ROWS, LABELS)


def test_a_step_that_is_recorded_wrongly_is_refused_though_no_trial_comes_to_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rounded = Watched.rounded

    def lost(watched: Watched, number: PerNet, dtype: torch.dtype) -> Tensor:
        tensor = rounded(watched, number, dtype)
        watched.numbers[-1] = (
            number.each
        )  # into which ASGD writes, once it has begun to average
        return tensor

    monkeypatch.setattr(Watched, "rounded", lost)
    averaged = classifier(optimizer=torch.optim.ASGD, optimizer__t0=8)
    reason = "in a step that was tried, ax of ASGD differed from torch's"
    assert explain(averaged, ROWS, LABELS).endswith(f" is fitted alone: {reason}.")
    with pytest.warns(
        LockstepWarning, match=f"^{reason}, so 2 candidates are fitted one by one$"
    ):
        check(averaged, "neg_log_loss")


@pytest.mark.usefixtures("no_kernel")
def test_without_a_kernel_a_warning_says_so_once_and_skorch_trains() -> None:
    with pytest.warns(LockstepWarning) as caught:
        found = scores(classifier(), RATES, "neg_log_loss")
    said = (
        "There is no kernel, so every net is fitted one by one, as without lockstep: "
    )
    assert [str(each.message) for each in caught] == [said + MISSING]
    assert scores(classifier(), RATES, "neg_log_loss", stack=False) == found
    said = "Nothing goes in lockstep here: "
    assert explain(classifier(), ROWS, LABELS) == said + MISSING


def test_a_step_is_recorded_once_though_an_optimizers_first_step_is_another(
    noted: Any,
) -> None:
    graphs, steps = (
        noted(*of, lambda *_: None)
        for of in ((programs, "graph_of_step"), (programs.StepPrograms, "step"))
    )
    scores(classifier(optimizer=torch.optim.Adam), RATES, "neg_log_loss")
    # In the trial, and in the training.
    assert (len(graphs), len(steps)) == (2, 4)


def test_what_an_evaluation_changes_counts_in_the_next_epoch_where_nobody_looks_at_a_hold_out() -> (
    None
):
    check(classifier(CountsInABuffer), "neg_log_loss")


class Times(nn.Module):
    """Gets whole numbers, of which the difference counts."""

    def __init__(self) -> None:
        super().__init__()
        self.out = nn.Linear(1, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.out((x[:, :1] - x[:, 1:]).float() / 100)


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (0, " goes in lockstep: "),
        (2**31, "the kernel has no whole numbers above 2**24."),
    ],
)
def test_whole_numbers_that_float32_would_round_are_left_to_skorch(
    start: int, expected: str
) -> None:
    times = start + np.random.RandomState(0).randint(0, 500, (96, 2))
    assert expected in explain(classifier(Times), times, LABELS)


def test_a_whole_number_that_no_trial_sees_is_said_once_and_no_net_is_tried_again() -> (
    None
):
    times = np.random.RandomState(0).randint(0, 500, (96, 2))
    times[50] = 2**31
    with pytest.warns(LockstepWarning) as caught, parallel_config(backend="lockstep"):
        cross_validate(classifier(Times), times, LABELS, cv=3, scoring="neg_log_loss")
    reason = "the kernel has no whole numbers above 2**24, so 1 candidate is fitted one by one"
    assert [str(each.message) for each in caught] == [reason]


def test_where_no_memory_is_to_be_had_skorch_fits_and_the_warning_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Limited(blocks.Blocks):
        def __init__(
            self, n_nets: int, layout: Layout, dtype: torch.dtype, n_threads: int
        ) -> None:
            if dtype == torch.float32:  # a trial is in float64
                np.empty(2**60, np.uint8)
            super().__init__(n_nets, layout, dtype, n_threads)

    monkeypatch.setattr(stack, "Blocks", Limited)
    with pytest.warns(LockstepWarning) as caught:
        check(classifier(), "neg_log_loss")
    said = "a stack takes more memory than there is, so 2 candidates are fitted one by one; lower max_memory_mb"
    assert str(caught[-1].message).startswith(said)
