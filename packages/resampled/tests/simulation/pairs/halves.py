"""Two learners that are equally good by construction: each sees a half of the inputs, which are drawn alike."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from packages.resampled.tests.simulation.fits import Fit
from resampled.means.leaving_out import leaving_out
from resampled.means.pooling import pooling
from resampled.means.rows import Rows
from resampled.pairs.pair import Pair
from resampled.resampling import Resampling
from resampled.scorers import named_metric

Noise = Literal["normal", "t with 1.5 df", "one target far off"]
OF_NUMBERS = ("r2", "neg_mean_squared_error", "neg_mean_absolute_error")


@dataclass(frozen=True)
class Equal:
    """Two learners of a kind, each on so many inputs of its own; `shape` has the rows, the repeats and the folds.

    Half of the inputs matter, with slopes whose squares add up to that of `signal`. `positives` is the share of the
    second class. With groups, half of the variance of inputs and target is a group's; groups differ in size. Of the
    noise, one target may be 100 standard deviations off. On the same inputs, learners differ by chance alone.
    """

    learner: str
    n_inputs: int
    shape: tuple[int, int, int]
    scorer: str = "accuracy"
    signal: float = 1.0
    n_groups: int = 0
    positives: float = 0.5
    noise: Noise = "normal"
    same_inputs: bool = False

    def __str__(self) -> str:
        """Return the case in words."""
        n_rows, n_repeats, n_folds = self.shape
        of = f"{self.learner}, {self.n_inputs} inputs, {self.scorer}, n = {n_rows}"
        parts = [of]
        if self.same_inputs:
            parts.append("the same inputs")
        if self.n_groups:
            parts.append(f"{self.n_groups} groups")
        if self.signal == 0:
            parts.append("random labels")
        elif self.signal != 1:
            parts.append(f"signal {self.signal:g}")
        if self.positives != 0.5:
            parts.append(f"{self.positives:.0%} positive")
        if self.noise != "normal":
            parts.append(self.noise)
        return ", ".join([*parts, f"{n_repeats} × {n_folds}"])

    def table(
        self, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """Return inputs, of which the second learner's come last, target, and groups."""
        n, p = self.shape[0], self.n_inputs
        X, noise, groups = rng.standard_normal((n, 2 * p)), rng.standard_normal(n), None
        if self.n_groups:
            sizes = 2 + rng.multinomial(
                n - 2 * self.n_groups, rng.dirichlet(np.full(self.n_groups, 2.0))
            )
            groups = np.repeat(np.arange(self.n_groups), sizes)
            X = 0.5**0.5 * (X + rng.standard_normal((self.n_groups, 2 * p))[groups])
            noise = 0.5**0.5 * (noise + rng.standard_normal(self.n_groups)[groups])
        n_useful = max(1, p // 2)
        slopes = np.where(np.arange(p) < n_useful, self.signal / n_useful**0.5, 0.0)
        if self.noise == "t with 1.5 df":
            noise = rng.standard_t(1.5, n)
        y = X @ np.tile(slopes, 2) + noise
        if self.noise == "one target far off":
            y[rng.integers(n)] += 100 * y.std()
        return (
            X,
            y
            if self.scorer in OF_NUMBERS
            else 1.0 * (y > np.quantile(y, 1 - self.positives)),
            groups,
        )


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
    folds, is_class = (
        np.empty((n_repeats, len(y)), dtype=int),
        case.scorer not in OF_NUMBERS,
    )
    for own in folds:
        units = np.arange(len(y)) if groups is None else groups
        order = rng.permutation(units.max() + 1)
        if is_class and groups is None:
            order = order[np.argsort(y[order], kind="stable")]
        of_unit = np.empty(len(order), dtype=int)
        of_unit[order] = rng.permutation(n_folds)[np.arange(len(order)) % n_folds]
        own[:] = of_unit[units]
    train = (folds[:, None] != np.arange(n_folds)[:, None]).reshape(-1, len(y))
    metric, tests = named_metric(case.scorer), [np.flatnonzero(~own) for own in train]
    assert metric is not None
    pool = pooling(case.scorer) or leaving_out(metric)
    statistics: list[list[np.ndarray]] = [[] for _ in tests]
    for fit, X in learners:
        for split, (test, of_split) in enumerate(
            zip(tests, fit(X, y, train, rng), strict=True)
        ):
            predicted = of_split[test]
            if pool.response == "predict_proba":
                predicted = np.column_stack([1 - predicted, predicted]).clip(0.02, 0.98)
            elif is_class:
                predicted = predicted > case.positives
            statistics[split].append(pool.rows(y[test], predicted))
    rows = Rows([np.stack(each) for each in statistics], tests, groups, pool)
    old, new = np.stack(
        [pool.score(each.sum(axis=1, dtype=float)) for each in rows.statistics], axis=1
    )
    by_unit = rows.units(np.arange(2)).by_unit(n_folds)
    return Pair(old, new, Resampling.of_folds(n_folds), rope, by_unit=by_unit)
