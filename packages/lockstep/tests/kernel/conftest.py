"""The types of numbers that the kernel computes with."""

import pytest
import torch


@pytest.fixture(params=[torch.float32, torch.float64], ids=str)
def dtype(request: pytest.FixtureRequest) -> torch.dtype:
    """Run a test with each type."""
    return request.param
