"""Fixtures of the engine's tests."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch

import lockstep.search
from lockstep.checkpoints import checkpoint


@pytest.fixture
def float64() -> Iterator[None]:
    """Let torch make float64 numbers by default."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list to which each stack that is trained adds its number of nets."""
    sizes, train = list[int](), lockstep.search._train

    def noted(job: Any, advance: Any) -> Any:
        sizes.append(len(job.members))
        return train(job, advance)

    monkeypatch.setattr(lockstep.search, "_train", noted)
    return sizes


@pytest.fixture
def kept_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a checkpoint keep each net as soon as it is trained."""
    monkeypatch.setattr(checkpoint, "_MOST", 0.0)


@pytest.fixture
def kept_at_last(kept_at_once: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a checkpoint keep nets when a search ends, in a file where others are kept at once."""
    monkeypatch.setattr(checkpoint, "_LEAST", 1000.0)
    monkeypatch.setattr(checkpoint, "_MOST", 1000.0)
