"""What is recorded of contenders for their intervals. Oracle: the sample of a share."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import get_scorer

from resampled.means.intervals import interval
from resampled.means.pooling import pooling
from resampled.means.ttest import half_width
from resampled.resampling import Resampling
from stages.lib.data import Columns, Dataset
from stages.lib.scores.scorer import all_alike
from stages.lib.scores.splits import Table
from stages.lib.winners.baseline_scores import score_baseline
from stages.lib.winners.baselines import Baseline
from tests.winners.settings import params_of

RNG = np.random.default_rng(4)
X = RNG.normal(size=(300, 2))
Y = (X[:, 0] + RNG.normal(size=300) > 0.6) * 1.0
DATA = Dataset(pd.DataFrame(X, columns=["a", "b"]), Y, Columns(dict.fromkeys("ab", "number")), ("0", "1"))


@pytest.mark.parametrize("scoring", ["accuracy", "f1_macro"])
@pytest.mark.parametrize("model", [DummyClassifier(), LogisticRegression()], ids=["constant", "learned"])
def test_a_constant_has_the_interval_of_its_rows_or_none(scoring: str, model: DummyClassifier) -> None:
    fresh = Table(params_of(cv={"n_splits": 3, "n_repeats": 5, "scoring": scoring}), DATA).fresh
    scorers = {scoring: get_scorer(scoring)}
    reached, seen = score_baseline("model", Baseline(model, ""), fresh, scorers, pooling(scoring))
    assert seen is not None
    assert (len(seen.predictions), seen.importances.shape) == (15, (15, 2))
    scores, found = reached.scores["score"], reached.ci95
    if isinstance(model, LogisticRegression):
        assert found >= half_width(scores, Resampling.of_folds(3))
    elif scoring == "f1_macro":
        assert np.isnan(found)
    else:
        share = float(scores.mean())
        low, _ = interval(
            share, stats.t.ppf(0.975, 299) * (share * (1 - share) / 300) ** 0.5, Resampling.of_folds(3, 300, (0, 1))
        )
        assert found == pytest.approx(share - low, rel=0.01)
        assert half_width(scores, Resampling.of_folds(3)) < found / 4


def test_answers_that_are_all_alike() -> None:
    same, other = np.full((5, 2), 0.5), np.array([[0.4, 0.6], [0.6, 0.4]])
    assert all_alike({"predict_proba": same, "predict": np.zeros(5)})
    assert not all_alike({"predict_proba": other, "predict": np.ones(2)})  # it ranks the rows
    assert not all_alike({})
    assert all_alike({"predict": np.full((4, 1), 1e9) + np.array([[0], [1], [0], [1]])})  # rounding of float32
