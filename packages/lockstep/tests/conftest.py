"""Fixtures of the engine's tests."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

import lockstep.search
from lockstep.checkpoints import checkpoint

# torch takes functions from MKL and oneDNN, which end elsewhere where a processor has AVX-512. These are read when they
# first compute.
os.environ |= {"MKL_CBWR": "COMPATIBLE", "ONEDNN_MAX_CPU_ISA": "AVX2"}


@pytest.fixture
def float64() -> Iterator[None]:
    """Let torch make float64 numbers by default."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Any]]:
    """Return a function that lets another one add to a list, at each call, what `what` makes of its arguments."""

    def note(owner: Any, name: str, what: Callable[..., Any]) -> list[Any]:
        seen, function = list[Any](), getattr(owner, name)

        def called(*args: Any, **kwargs: Any) -> Any:
            seen.append(what(*args, **kwargs))
            return function(*args, **kwargs)

        monkeypatch.setattr(owner, name, called)
        return seen

    return note


@pytest.fixture
def trained(noted: Callable[..., list[Any]]) -> list[int]:
    """Return a list to which each stack that is trained adds its number of nets."""
    return noted(lockstep.search, "_train", lambda job, advance: len(job.members))


@pytest.fixture
def kept_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a checkpoint keep each net as soon as it is trained."""
    monkeypatch.setattr(checkpoint, "_BETWEEN", 0.0)


@pytest.fixture
def kept_at_last(kept_at_once: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a checkpoint keep nets when a search ends, in a file where others are kept at once."""
    monkeypatch.setattr(checkpoint, "_BETWEEN", 1000.0)
