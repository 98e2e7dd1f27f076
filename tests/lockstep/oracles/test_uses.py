"""Oracle: skorch. Uses of nets in scikit-learn give, in lockstep, the numbers of `stack=False`, up to rounding."""

import numpy as np
import pytest

import lockstep  # noqa: F401 (registers the backend)
from benchmarks.engine.use_cases import CASES
from benchmarks.engine.uses import LOCKSTEP, run

# Few fits of each kind; the others are long.
FAST = ("cross_val_predict", "VotingRegressor, pipelines", "MultiOutputClassifier", "OneVsOneClassifier")


@pytest.mark.parametrize(
    "use", [*FAST, *(pytest.param(use, marks=pytest.mark.long) for use in CASES if use not in FAST)]
)
@pytest.mark.filterwarnings("ignore")
def test_a_use_gives_the_numbers_of_one_by_one(use: str) -> None:
    alone, own = run(use, LOCKSTEP | {"stack": False}), run(use, LOCKSTEP)
    assert alone.error == own.error == ""
    assert len(alone.numbers) > 0
    assert np.isfinite(alone.numbers).all()
    np.testing.assert_allclose(own.numbers, alone.numbers, rtol=1e-4, atol=1e-5)
    assert own.fits <= alone.fits
