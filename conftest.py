"""What holds for the tests of all folders: where packages are, how many examples are tried, which tests are long."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# Processes that tests start import this checkout's packages, too.
_SOURCES = sorted(Path(__file__).parent.glob("packages/*/src"))
os.environ["PYTHONPATH"] = os.pathsep.join(map(str, _SOURCES))

# `make test` tries the same few examples every time, `make test-all` many others. How long one takes says more of the
# machine's load than of the code.
settings.register_profile("few", max_examples=20, derandomize=True, deadline=None)
settings.register_profile("many", max_examples=2000, deadline=None)
settings.load_profile("few")


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave the long tests to `make test-all`; let one of several workers begin with what the others would wait for."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(
            key=lambda item: "reproduced" not in getattr(item, "fixturenames", ())
        )
    if config.getoption("--hypothesis-profile") == "many":
        return
    long = [item for item in items if item.get_closest_marker("long")]
    config.hook.pytest_deselected(items=long)
    items[:] = [item for item in items if item not in long]


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Let this process heed Ctrl-C, and those that it starts: a shell may have started pytest so that all ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
