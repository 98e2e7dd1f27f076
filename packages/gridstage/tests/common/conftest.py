"""A command without arguments."""

import pytest


@pytest.fixture(autouse=True)
def no_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take pytest's own arguments away."""
    monkeypatch.setattr("sys.argv", ["stage"])
