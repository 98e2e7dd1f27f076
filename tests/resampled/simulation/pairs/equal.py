"""Draws learners that are equally good by construction, or differ by a known gain, and says what is claimed of them.

A table has two halves of inputs that are drawn alike and say the same of the target. One learner sees the first half,
the other one the second, so they are equally good, whatever they do.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from resampled.candidates.best_set import best_set
from resampled.means.pooling import pooling
from resampled.means.rows import Rows
from resampled.pairs.family import BETTER
from resampled.pairs.pair import Pair
from resampled.resampling import Resampling
from tests.resampled.simulation.drawing import Said
from tests.resampled.simulation.fits import LEARNERS, Fit, net, ridge
from tests.resampled.simulation.pairs.changes import claims, word_of

OF_NUMBERS = ("r2", "neg_mean_squared_error", "neg_mean_absolute_error")


@dataclass(frozen=True)
class Equal:
    """Two learners of a kind, each on so many inputs of its own; `shape` has the rows, the repeats and the folds.

    Half of the inputs matter, with slopes whose squares add up to that of `signal`. `positives` is the share of the
    second class. With groups, half of the variance of inputs and target is a group's; groups differ in size.
    """

    learner: str
    n_inputs: int
    shape: tuple[int, int, int]
    scorer: str = "accuracy"
    signal: float = 1.0
    n_groups: int = 0
    positives: float = 0.5

    def __str__(self) -> str:
        """Return the case in words."""
        n_rows, n_repeats, n_folds = self.shape
        of = f"{self.learner}, {self.n_inputs} inputs, {self.scorer}, n = {n_rows}"
        more = [f"{self.n_groups} groups"] * bool(self.n_groups)
        more += [f"signal {self.signal:g}" if self.signal else "random labels"] * (self.signal != 1)
        more += [f"{self.positives:.0%} positive"] * (self.positives != 0.5)
        return ", ".join([of, *more, f"{n_repeats} × {n_folds}"])

    def table(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """Return inputs, of which the second learner's come last, target, and groups."""
        n, p = self.shape[0], self.n_inputs
        X, noise, groups = rng.standard_normal((n, 2 * p)), rng.standard_normal(n), None
        if self.n_groups:
            sizes = 2 + rng.multinomial(n - 2 * self.n_groups, rng.dirichlet(np.full(self.n_groups, 2.0)))
            groups = np.repeat(np.arange(self.n_groups), sizes)
            X = 0.5**0.5 * (X + rng.standard_normal((self.n_groups, 2 * p))[groups])
            noise = 0.5**0.5 * (noise + rng.standard_normal(self.n_groups)[groups])
        n_useful = max(1, p // 2)
        slopes = np.where(np.arange(p) < n_useful, self.signal / n_useful**0.5, 0.0)
        y = X @ np.tile(slopes, 2) + noise
        return X, y if self.scorer in OF_NUMBERS else 1.0 * (y > np.quantile(y, 1 - self.positives)), groups


# How a learner that selects inputs, prunes or cuts at a threshold is called: there, claims are a hint.
HINTS = ("lasso that selects", "hard threshold", "one of the inputs")
_RIDGE = ((60, 30, 3), (100, 10, 2), (100, 10, 3), (100, 3, 10), (300, 5, 2), (300, 10, 3), (1000, 10, 3), (40, 10, 3))
_USUAL, _SMALL, _NET = (300, 10, 3), (100, 10, 3), (768, 10, 3)
CASES = {
    str(case): case
    for case in (
        *(Equal("ridge", 4, shape) for shape in (*_RIDGE, (5000, 2, 3), (100, 1, 3), (1000, 1, 10))),
        *(Equal("ridge", 10, shape, "r2") for shape in ((60, 10, 3), _USUAL, (300, 1, 5))),
        *(Equal("ridge", 20, shape) for shape in (_USUAL, (300, 10, 10))),
        *(Equal("ridge", 10, shape, signal=0) for shape in ((300, 10, 10), (300, 4, 10), _NET)),
        Equal("ridge", 10, _SMALL, "r2", 0),
        *(Equal("ridge", 4, (200, *shape), n_groups=20) for shape in ((4, 5), (10, 4), (1, 5))),
        *(Equal("ridge", 4, shape, n_groups=n) for shape, n in (((400, 5, 5), 60), ((600, 10, 3), 40))),
        Equal("ridge", 4, (200, 10, 5), "r2", n_groups=20),
        Equal("tree of depth 3", 4, (200, 5, 5), n_groups=20),
        *(Equal("ridge", 4, _USUAL, name, positives=0.05) for name in ("roc_auc", "balanced_accuracy", "neg_log_loss")),
        *(Equal("ridge", 4, _USUAL, name, positives=0.1) for name in ("roc_auc", "balanced_accuracy")),
        *(Equal("ridge", 4, (300, 1, 5), name, positives=0.1) for name in ("roc_auc", "balanced_accuracy")),
        Equal("ridge", 4, (60, 10, 3), "balanced_accuracy", positives=0.1),
        Equal("ridge", 4, (1000, 10, 3), "roc_auc", positives=0.03),
        Equal("ridge", 10, _USUAL, "roc_auc", 0),
        Equal("5 nearest rows", 4, _USUAL, "balanced_accuracy", positives=0.2),
        Equal("ridge", 4, _USUAL, "f1", positives=0.2),
        Equal("ridge", 20, _SMALL, "neg_log_loss"),
        Equal("ridge", 4, _SMALL, "neg_mean_absolute_error"),
        *(Equal("5 nearest rows", 4, shape) for shape in ((100, 4, 10), _USUAL, (300, 1, 5))),
        Equal("5 nearest rows", 4, _USUAL, signal=0),
        Equal("nearest row", 4, _USUAL),
        Equal("net of 6", 4, _SMALL),
        *(Equal("net of 12", 8, shape) for shape in (_USUAL, (2000, 5, 5))),
        *(Equal("net of 24", 8, shape) for shape in (_NET, (300, 30, 3), (768, 1, 3))),
        Equal("net of 12", 8, _SMALL, "r2"),
        Equal("net of 12", 8, _USUAL, signal=0),
        Equal("net of 24 without chance", 8, _USUAL),
        *(Equal("tree of depth 3", 4, shape) for shape in ((100, 4, 3), _USUAL, (1000, 2, 5), (300, 1, 5))),
        Equal("tree of depth 3", 4, _USUAL, "r2"),
        *(Equal("boosted stumps", 4, _USUAL, scorer) for scorer in ("accuracy", "r2")),
        *(Equal("boosted trees", 4, shape) for shape in (_USUAL, (1000, 2, 5))),
        Equal("boosted trees", 6, (100, 5, 5), "neg_log_loss"),
        *(Equal("lasso", p, shape) for p, shape in ((10, _USUAL), (20, (100, 30, 3)))),
        *(Equal("lasso", p, shape, "r2") for p, shape in ((10, _USUAL), (20, _SMALL))),
        Equal("lasso that selects", 10, _USUAL, "r2"),
        *(Equal("hard threshold", 4, (n, 10, 3), "r2", 0.4) for n in (300, 1000)),
        *(Equal("one of the inputs", 4, (n, 10, 3), "r2", 0.3) for n in (300, 1000)),
    )
}


def judge_equal(name: str, draw: int) -> Said:
    """Draw a table: is a difference claimed, and is the first learner, fixed in advance, not in the set of the best?"""
    case, rng = CASES[name], np.random.default_rng((draw, list(CASES).index(name), 57))
    X, y, groups = case.table(rng)
    fit, half = LEARNERS[case.learner], case.n_inputs
    pair = judged_pair([(fit, X[:, :half]), (fit, X[:, half:])], y, groups, case, rng)
    scores, alone = np.stack([pair.old, pair.new]), Pair(pair.old, pair.new, pair.resampling, 0.0)
    return {
        "claimed": claims(word_of(pair)),
        "excluded": not best_set(scores, pair.resampling, draw, pair.by_unit)[0],
        "claimed, scores alone": claims(word_of(alone)),
        "excluded, scores alone": not best_set(scores, pair.resampling, draw)[0],
    }


def judged_pair(
    learners: list[tuple[Fit, np.ndarray]],
    y: np.ndarray,
    groups: np.ndarray | None,
    case: Equal,
    rng: np.random.Generator,
    rope: float = 0.0,
) -> Pair:
    """Return the scores of two learners, each on its inputs, on repeated folds; those of classes are stratified."""
    _, n_repeats, n_folds = case.shape
    folds, is_class = np.empty((n_repeats, len(y)), dtype=int), case.scorer not in OF_NUMBERS
    for own in folds:
        units = np.arange(len(y)) if groups is None else groups
        order = rng.permutation(units.max() + 1)
        if is_class and groups is None:
            order = order[np.argsort(y[order], kind="stable")]
        of_unit = np.empty(len(order), dtype=int)
        of_unit[order] = rng.permutation(n_folds)[np.arange(len(order)) % n_folds]
        own[:] = of_unit[units]
    train = (folds[:, None] != np.arange(n_folds)[:, None]).reshape(-1, len(y))
    pool, tests = pooling(case.scorer), [np.flatnonzero(~own) for own in train]
    assert pool is not None
    statistics: list[list[np.ndarray]] = [[] for _ in tests]
    for fit, X in learners:
        for split, (test, of_split) in enumerate(zip(tests, fit(X, y, train, rng), strict=True)):
            predicted = of_split[test]
            if pool.response == "predict_proba":
                predicted = np.column_stack([1 - predicted, predicted]).clip(0.02, 0.98)
            elif is_class:
                predicted = predicted > case.positives
            statistics[split].append(pool.rows(y[test], predicted))
    rows = Rows([np.stack(each) for each in statistics], tests, groups, pool)
    old, new = np.stack([pool.score(each.sum(axis=1, dtype=float)) for each in rows.statistics], axis=1)
    by_unit = rows.units(np.arange(2)).by_unit(n_folds)
    return Pair(old, new, Resampling.of_folds(n_folds), rope, by_unit=by_unit)


# Two learners on the same eight inputs, or each on eight of its own, of which one matters.
Gain = tuple[Fit, Fit, Literal["the same inputs", "other inputs"], float]
GAINS: dict[str, Gain] = {
    "nets of 12 and 24 units": (net(12), net(24), "the same inputs", 1.5),
    "a net of 16 units and ridge": (net(16), ridge(), "the same inputs", 1.0),
    "nets of 24 units": (net(24), net(24), "other inputs", 1.1),
}


def judge_gain(name: str, draw: int) -> Said:
    """Draw a table of 768 rows, 10 × 3 folds, on which the new learner is better: is that found, beyond a rope of 0?"""
    old, new, inputs, signal = GAINS[name]
    rng, case = np.random.default_rng((draw, list(GAINS).index(name), 58)), Equal("", 8, _NET)
    X = rng.standard_normal((768, 16))
    latent = signal * X[:, 0] + 1.3 * signal * X[:, 8]
    if inputs == "the same inputs":
        latent = signal * (1.1 * X[:, 1] + 0.6 * X[:, 5] + 0.3 * X[:, 0] * X[:, 1] + 0.4 * np.abs(X[:, 2]) - 0.3)
    y = 1.0 * (latent + rng.logistic(scale=0.96, size=768) > 0)
    first, second = (X[:, :8], X[:, :8]) if inputs == "the same inputs" else (X[:, :8], X[:, 8:])
    pair = judged_pair([(old, first), (new, second)], y, None, case, rng)
    alone = Pair(pair.old, pair.new, pair.resampling, 0.0)
    return {
        "difference": pair.difference,
        "better": word_of(pair) == BETTER,
        "better, scores alone": word_of(alone) == BETTER,
    }
