"""What is told of nets that the kernel does not train: by a warning, and by the result of each fit."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from joblib import parallel_config
from sklearn.model_selection import GridSearchCV

from lockstep import LockstepWarning
from lockstep.checkpoints import checkpoint
from tests.lockstep.cases.base import LABELS, classifier
from tests.lockstep.searches import ROWS

# The kernel trains the first one, and skorch the others.
NETS = [
    {"optimizer": [torch.optim.SGD]},
    {"criterion": [torch.nn.MultiMarginLoss]},
    {"optimizer": [torch.optim.LBFGS]},
]
LACKS, ALONE = "the kernel has no multi_margin_loss_backward", "LBFGS can't step stacked nets: "
UNSTACKED = "nets are not to be stacked"


def told(run: Callable[[], Any], **options: Any) -> tuple[list[str], list[Any]]:
    """Return the engine's warnings, and of each fit of a search what its result says."""
    results: list[dict[str, Any]] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with parallel_config(backend="lockstep", on_result=results.append, **options):
            run()
    said = [str(each.message) for each in caught if each.category is LockstepWarning]
    return said, [each["not_by_kernel"] for each in results]


def search(grid: Any, **settings: Any) -> Callable[[], Any]:
    return lambda: GridSearchCV(classifier(**settings), grid, cv=2, refit=False).fit(ROWS, LABELS)


def test_a_search_tells_what_skorch_fits() -> None:
    said, results = told(search(NETS))
    lacks, alone = sorted(said, reverse=True)
    assert lacks == f"{LACKS}, so 1 of 3 candidates are fitted one by one"
    assert alone.startswith(ALONE)
    assert "so 1 of 3 candidates are fitted one by one" in alone
    assert results[:4] == [None, None, LACKS, LACKS]
    assert [each.startswith(ALONE) for each in results[4:]] == [True, True]


def test_of_nets_that_are_not_to_be_stacked_only_the_results_tell() -> None:
    run = search({"lr": [0.1, 0.2]})
    assert told(run) == ([], [None] * 4)
    assert told(run, stack=False) == ([], [UNSTACKED] * 4)


def test_a_net_that_skorch_fits_again_because_it_diverges_is_told() -> None:
    said, results = told(search({"lr": [0.1, 1e38]}))
    assert said == ["weights become infinite or NaN, so 1 of 2 candidates are fitted one by one"]
    assert results == [None, None, *["weights become infinite or NaN"] * 2]


def test_a_search_that_goes_on_tells_the_same_of_nets_that_it_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "_MOST", 0.0)
    run = search(NETS)
    first = told(run, checkpoint=tmp_path)
    counts: list[tuple[int, int]] = []
    again = told(run, checkpoint=tmp_path, on_kept=lambda *count: counts.append(count))
    assert counts == [(6, 6)]
    assert (sorted(again[0]), again[1]) == (sorted(first[0]), first[1])
