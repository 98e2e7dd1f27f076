"""Draws tables, fits a learner on their splits, and says whether the interval of its mean holds the true score."""

from dataclasses import replace

import numpy as np

from packages.resampled.tests.simulation.drawing import Said
from packages.resampled.tests.simulation.fits import LEARNERS
from packages.resampled.tests.simulation.pairs.halves import Equal, judged_pair
from resampled.means.intervals import intervals
from resampled.scorers import bounds_of

_COMPONENTS = "3 of its components"
# The learner sees both halves of the inputs.
FITTED = {
    f"both halves: {case}": case
    for case in (
        *(
            Equal("ridge", 2, shape)
            for shape in ((300, 10, 3), (100, 5, 5), (300, 1, 5))
        ),
        Equal("ridge", 2, (178, 1, 5), signal=30.0),  # hardly a row is wrong
        Equal("ridge", 5, (300, 10, 3), "r2"),
        Equal("ridge", 30, (100, 5, 5)),
        Equal("ridge", 2, (200, 10, 4), n_groups=20),
        Equal("ridge", 2, (300, 10, 3), "roc_auc", positives=0.1),
        *(Equal("net of 12", 4, shape) for shape in ((300, 10, 3), (300, 1, 5))),
        Equal("tree of depth 3", 2, (300, 10, 3)),
        Equal("boosted trees", 2, (300, 10, 3)),
        Equal("5 nearest rows", 2, (300, 2, 5)),
        *(Equal(_COMPONENTS, 5, shape) for shape in ((300, 10, 3), (300, 1, 5))),
    )
}


def judge_fitted(name: str, n_draws: int) -> list[Said]:
    """Draw tables; the truth is the mean of their means, because each is what a learner reaches on average.

    `covers, scores alone` is the interval that knows no single row.
    """
    case, found = FITTED[name], []
    fit = LEARNERS[case.learner]
    for draw in range(n_draws):
        rng = np.random.default_rng((draw, list(FITTED).index(name), 68))
        X, y, groups = case.table(rng)
        pair = judged_pair([(fit, X)] * 2, y, groups, case, rng)
        assert pair.by_unit is not None
        n_rows = len(y) if groups is None else len(np.unique(groups))
        resampling = replace(
            pair.resampling, n_rows=n_rows, bounds=bounds_of(case.scorer)
        )
        by_rows, alone = (
            intervals(pair.old[None], resampling, by_unit=each)
            for each in (pair.by_unit.take([0]), None)
        )
        found.append(
            (
                pair.old.mean(),
                by_rows.low[0],
                by_rows.high[0],
                alone.low[0],
                alone.high[0],
            )
        )
    means, low, high, low_alone, high_alone = np.transpose(found)
    truth = means.mean()
    columns = {
        "covers": (low <= truth) & (truth <= high),
        "covers, scores alone": (low_alone <= truth) & (truth <= high_alone),
        "width": high - low,
        "width, scores alone": high_alone - low_alone,
    }
    return [
        dict(zip(columns, row, strict=True))
        for row in zip(*columns.values(), strict=True)
    ]
