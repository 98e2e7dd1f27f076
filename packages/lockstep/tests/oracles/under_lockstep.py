"""A pytest plugin: every test runs under the backend. `pytest -p packages.lockstep.tests.oracles.under_lockstep`."""

from collections.abc import Iterator

import pytest
from joblib import parallel_config

import lockstep  # noqa: F401 (registers the backend)


@pytest.fixture(autouse=True)
def under_lockstep() -> Iterator[None]:
    with parallel_config(backend="lockstep", random_state=3):
        yield
