"""What is told of nets that the kernel does not train: by a warning, and by the result of each fit."""

from pathlib import Path
from typing import Any

import pytest
import torch

from packages.lockstep.tests.nets import LABELS, logit_net, told

# The kernel trains the first one, and skorch the others.
NETS = [
    {"optimizer": [torch.optim.SGD]},
    {"criterion": [torch.nn.MultiMarginLoss]},
    {"optimizer": [torch.optim.LBFGS]},
]
LACKS, ALONE = (
    "the kernel has no multi_margin_loss_backward",
    "LBFGS can't step stacked nets: ",
)


def outcomes(grid: Any, **backend: Any) -> tuple[list[str], list[Any]]:
    """Return the engine's warnings, and of each fit of a search what its result says."""
    results: list[dict[str, Any]] = []
    _, said = told(
        logit_net(), grid, LABELS, cv=2, backend={"on_result": results.append} | backend
    )
    return said, [each["not_by_kernel"] for each in results]


def test_a_search_tells_what_skorch_fits() -> None:
    said, results = outcomes(NETS)
    lacks, alone = sorted(said, reverse=True)
    assert lacks == f"{LACKS}, so 1 of 3 candidates are fitted one by one"
    assert alone.startswith(ALONE)
    assert "so 1 of 3 candidates are fitted one by one" in alone
    assert results[:4] == [None, None, LACKS, LACKS]
    assert [each.startswith(ALONE) for each in results[4:]] == [True, True]


def test_of_nets_that_are_not_to_be_stacked_only_the_results_tell() -> None:
    assert outcomes({"lr": [0.1, 0.2]}) == ([], [None] * 4)
    assert outcomes({"lr": [0.1, 0.2]}, stack=False) == (
        [],
        ["nets are not to be stacked"] * 4,
    )


def test_a_net_that_skorch_fits_again_because_it_diverges_is_told() -> None:
    said, results = outcomes({"lr": [0.1, 1e38], "optimizer": [torch.optim.SGD]})
    assert said == [
        "weights become infinite or NaN, so 1 of 2 candidates are fitted one by one"
    ]
    assert results == [None, None, *["weights become infinite or NaN"] * 2]


@pytest.mark.usefixtures("kept_at_once")
def test_a_search_that_goes_on_tells_the_same_of_nets_that_it_finds(
    tmp_path: Path,
) -> None:
    first = outcomes(NETS, checkpoint=tmp_path)
    counts: list[tuple[int, int]] = []
    again = outcomes(
        NETS, checkpoint=tmp_path, on_kept=lambda *count: counts.append(count)
    )
    assert counts == [(6, 6)]
    assert (sorted(again[0]), again[1]) == (sorted(first[0]), first[1])
