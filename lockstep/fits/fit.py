"""What a fit of a search gives, and what it is given."""

from typing import Any, NamedTuple

import numpy as np
from joblib.parallel import BatchedCalls

from lockstep.members.numerics import seed_everything
from lockstep.members.refusals import Refusal

# The result of a fit, or its exception.
Outcome = tuple[Any, Exception | None]

# Why skorch fits a net again that a stack has trained.
DIVERGED = Refusal("weights become infinite or NaN")


class Table(NamedTuple):
    """Rows that many fits share, of which each trains on some."""

    X: Any
    y: Any
    train: np.ndarray


def outcome_of(run: BatchedCalls, seed: int) -> Outcome:
    """Let scikit-learn fit and score, under a seed."""
    seed_everything(seed)
    try:
        (result,) = run()
    except Exception as error:
        return None, error
    return result, None
