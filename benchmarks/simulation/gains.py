"""Draws pairs of learners of which the new one is better by a known gain, and says whether that is found."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import ttest_1samp

from packages.resampled.tests.simulation.drawing import Said
from packages.resampled.tests.simulation.fits import LEARNERS, Fit, net, ridge
from packages.resampled.tests.simulation.other_fits import OTHERS
from packages.resampled.tests.simulation.pairs.before import (
    claimed_before,
    claimed_by_nadeau_and_bengio,
)
from packages.resampled.tests.simulation.pairs.changes import word_of
from packages.resampled.tests.simulation.pairs.halves import Equal, judged_pair
from resampled.means.ttest import ALPHA
from resampled.pairs.family import BETTER
from resampled.pairs.pair import Pair

# Two learners on the same eight inputs, or each on eight of its own, of which one matters.
Gain = tuple[Fit, Fit, Literal["the same inputs", "other inputs"], float]
GAINS: dict[str, Gain] = {
    "nets of 12 and 24 units": (net(12), net(24), "the same inputs", 1.5),
    "a net of 16 units and ridge": (net(16), ridge(), "the same inputs", 1.0),
    "nets of 24 units": (net(24), net(24), "other inputs", 1.1),
}


def judge_gain(name: str, draw: int) -> Said:
    """Draw 768 rows on which the new learner is better, by 10 × 3 folds: is that found beyond a rope of 0, and how."""
    old, new, inputs, signal = GAINS[name]
    rng, case = (
        np.random.default_rng((draw, list(GAINS).index(name), 58)),
        Equal("", 8, (768, 10, 3)),
    )
    X = rng.standard_normal((768, 16))
    latent = signal * X[:, 0] + 1.3 * signal * X[:, 8]
    if inputs == "the same inputs":
        latent = signal * (
            1.1 * X[:, 1]
            + 0.6 * X[:, 5]
            + 0.3 * X[:, 0] * X[:, 1]
            + 0.4 * np.abs(X[:, 2])
            - 0.3
        )
    y = 1.0 * (latent + rng.logistic(scale=0.96, size=768) > 0)
    first, second = (
        (X[:, :8], X[:, :8]) if inputs == "the same inputs" else (X[:, :8], X[:, 8:])
    )
    pair = judged_pair([(old, first), (new, second)], y, None, case, rng)
    alone = Pair(pair.old, pair.new, pair.resampling, 0.0)
    return {
        "difference": pair.difference,
        "better": word_of(pair) == BETTER,
        "better, scores alone": word_of(alone) == BETTER,
    }


@dataclass(frozen=True)
class Power:
    """Two learners, and how many inputs each of them sees, of which the first ones matter; rows, repeats and folds."""

    learners: tuple[str, str]
    inputs: tuple[int, int]
    shape: tuple[int, int, int]
    n_useful: int = 5

    def table(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Return inputs and classes; nets see a curved target, of eight inputs."""
        n = self.shape[0]
        X = rng.standard_normal((n, max(self.inputs)))
        if self.learners[0].startswith("net"):
            latent = 1.5 * (
                1.1 * X[:, 1]
                + 0.6 * X[:, 5]
                + 0.3 * X[:, 0] * X[:, 1]
                + 0.4 * np.abs(X[:, 2])
                - 0.3
            )
            return X, 1.0 * (latent + rng.logistic(scale=0.96, size=n) > 0)
        latent = X[:, : self.n_useful].sum(axis=1) / self.n_useful**0.5
        return X, 1.0 * (latent + rng.standard_normal(n) > 0)


_NEAREST = "5 nearest rows"
POWERS = {
    "nets of 6 and 24 units, 300 rows, 10 × 3": Power(
        ("net of 6", "net of 24"), (8, 8), (300, 10, 3)
    ),
    "nets of 12 and 24 units, 300 rows, 10 × 3": Power(
        ("net of 12", "net of 24"), (8, 8), (300, 10, 3)
    ),
    **{
        f"ridge, 25 inputs and the 5 that matter, 200 rows, {repeats} × {folds}": Power(
            ("ridge", "ridge"), (25, 5), (200, repeats, folds)
        )
        for repeats, folds in ((10, 3), (1, 5))
    },
    **{
        f"ridge, 4 and all 5 inputs that matter, 400 rows, {repeats} × {folds}": Power(
            ("ridge", "ridge"), (4, 5), (400, repeats, folds)
        )
        for repeats, folds in ((10, 3), (5, 2), (1, 5))
    },
    "nearest rows, 8 inputs and the 4 that matter, 400 rows, 10 × 3": Power(
        (_NEAREST, _NEAREST), (8, 4), (400, 10, 3), 4
    ),
}


def judge_power(name: str, draw: int) -> Said:
    """Draw a table, and say whether the better learner is found so, in each way and by a third that is held out."""
    power = POWERS[name]
    rng, case = (
        np.random.default_rng((draw, list(POWERS).index(name), 67)),
        Equal("", 0, power.shape),
    )
    X, y = power.table(rng)
    fits = [(LEARNERS | OTHERS)[learner] for learner in power.learners]
    learners = [
        (fit, X[:, :n_inputs]) for fit, n_inputs in zip(fits, power.inputs, strict=True)
    ]
    pair = judged_pair(learners, y, None, case, rng)
    alone = Pair(pair.old, pair.new, pair.resampling, 0.0)
    is_gain = pair.difference > 0
    train = np.arange(len(y))[None] >= len(y) / 3
    old, new = ((fit(own, y, train, rng)[0] > 0.5) == y for fit, own in learners)
    held_out = ttest_1samp((1.0 * new - old)[~train[0]], 0)
    return {
        "difference": pair.difference,
        "better": word_of(pair) == BETTER,
        "better, scores alone": word_of(alone) == BETTER,
        "better, before": is_gain and claimed_before(pair),
        "better, by Nadeau and Bengio": is_gain and claimed_by_nadeau_and_bengio(pair),
        "better, a third held out": bool(
            held_out.pvalue < ALPHA and held_out.statistic > 0
        ),
    }
