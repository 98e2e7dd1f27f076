"""What is told with `same_bytes` of nets that the kernel does not train; without it, of those that go alone only."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from joblib import parallel_config
from sklearn.ensemble import BaggingClassifier
from sklearn.model_selection import GridSearchCV

from lockstep import LockstepWarning
from lockstep.checkpoints import checkpoint
from tests.lockstep.cases.base import LABELS, classifier
from tests.lockstep.searches import ROWS

# The kernel trains the first one, torch the second one, and skorch the last one.
NETS = [
    {"optimizer": [torch.optim.SGD]},
    {"criterion": [torch.nn.MultiMarginLoss]},
    {"optimizer": [torch.optim.LBFGS]},
]
BY_TORCH, ALONE = "the kernel has no multi_margin_loss_backward", "LBFGS can't step stacked nets: "
UNSTACKED = "nets are not to be stacked"
ELSEWHERE = ", and last digits may be others on another processor"


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


def test_a_search_tells_what_torch_trains_and_skorch_fits() -> None:
    run = search(NETS)
    said, results = told(run, same_bytes=True)
    by_torch, alone = sorted(said, reverse=True)
    assert by_torch == f"{BY_TORCH}, so 1 of 3 candidates are trained by torch{ELSEWHERE}"
    assert alone.startswith(ALONE)
    assert f"so 1 of 3 candidates are fitted one by one{ELSEWHERE}" in alone
    assert results[:4] == [None, None, BY_TORCH, BY_TORCH]
    assert [each.startswith(ALONE) for each in results[4:]] == [True, True]
    assert told(run) == ([alone.replace(ELSEWHERE, "")], results)


def test_of_nets_that_are_not_to_be_stacked_only_the_results_tell() -> None:
    run = search({"lr": [0.1, 0.2]})
    assert told(run, same_bytes=True) == ([], [None] * 4)
    assert told(run, same_bytes=True, stack=False) == ([], [UNSTACKED] * 4)
    assert told(run, stack=False) == ([], [UNSTACKED] * 4)


def test_a_net_that_skorch_fits_again_because_it_diverges_is_told() -> None:
    said, results = told(search({"lr": [0.1, 1e38]}), same_bytes=True)
    assert said == [f"weights become infinite or NaN, so 1 of 2 candidates are fitted one by one{ELSEWHERE}"]
    assert results == [None, None, *["weights become infinite or NaN"] * 2]


@pytest.mark.parametrize(
    ("settings", "stack", "expected"),
    [
        ({}, True, []),
        (NETS[1], True, [f"{BY_TORCH}, so 3 nets are trained by torch{ELSEWHERE}"]),
        ({}, False, [f"{UNSTACKED}, so 3 nets are fitted one by one{ELSEWHERE}"]),
    ],
)
def test_nets_of_an_ensemble_are_told(settings: Any, stack: bool, expected: list[str]) -> None:
    def run() -> None:
        BaggingClassifier(classifier(**{key: each[0] for key, each in settings.items()}), n_estimators=3).fit(
            ROWS, LABELS
        )

    assert told(run, same_bytes=True, stack=stack)[0] == expected
    assert told(run, stack=stack)[0] == []


def test_a_search_that_goes_on_tells_the_same_of_nets_that_it_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "_MOST", 0.0)
    run = search(NETS)
    first = told(run, same_bytes=True, checkpoint=tmp_path)
    counts: list[tuple[int, int]] = []
    again = told(run, same_bytes=True, checkpoint=tmp_path, on_kept=lambda *count: counts.append(count))
    assert counts == [(6, 6)]
    assert (sorted(again[0]), again[1]) == (sorted(first[0]), first[1])
