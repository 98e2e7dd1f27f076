"""A fixture of the package's tests, which all others use too."""

from typing import Any

import numpy as np
import pytest

# Of each module's `RNG` after its import.
STATES: dict[str, Any] = {}


@pytest.fixture(autouse=True)
def same_draws(request: pytest.FixtureRequest) -> None:
    """Let a module's `RNG` start anew for each test, so that the tests draw the same numbers in any order."""
    rng = getattr(request.module, "RNG", None)
    if isinstance(rng, np.random.Generator):
        rng.bit_generator.state = STATES.setdefault(
            request.module.__name__, rng.bit_generator.state
        )
