"""A pytest plugin: every test runs under the backend, which takes every call for one that may fit nets."""

import pytest

from lockstep.calls.inside import Inside
from tests.lockstep.oracles.under_lockstep import under_lockstep  # noqa: F401 (a fixture)

# What these tests of scikit-learn want can't be had in threads, with any backend.
_OF_CALLERS = "finds out which function of the calling thread has led to a fit"
_NOT_IN_THREADS = {
    "test_metadata_routing_for_voting_estimators": _OF_CALLERS,
    "test_metadata_routing_for_stacking_estimators": _OF_CALLERS,
    "test_metadata_routing_with_dynamic_method_selection": _OF_CALLERS,
    "test_multi_metric_search_forwards_metadata": _OF_CALLERS,
    "test_validation_functions_routing": _OF_CALLERS,
    "test_learning_curve_exploit_incremental_learning_routing": _OF_CALLERS,
    "test_multi_output_classification_partial_fit_parallelism": "wants copies, which processes make",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if reason := _NOT_IN_THREADS.get(item.name.partition("[")[0]):
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(autouse=True)
def as_if_with_nets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Inside, "has_net", lambda self, *things: True)
