"""Draws tables with a known truth, and says how often intervals and sets from out-of-sample predictions hold it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from packages.resampled.tests.simulation.drawing import Said
from resampled.conformal import (
    Steps,
    conformal_quantiles,
    interval_score,
    interval_steps,
    least_probabilities,
)

LEVEL, N_FOLDS, N_NEW = 0.9, 5, 4000
Model = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Kind:
    """A kind of table with five normal inputs, from which follows a mean m that no line is.

    The noise is normal, or Student's with `degrees`, and its scale is exp(`fanning` · m + `other` · the fifth input),
    or if `multiplied`, the logarithm of the target has it. A group's effect varies as much as the noise. Learners are
    linear, or nets of 20 hidden units with random weights, of which the best of `n_tried` may be taken.
    """

    fanning: float = 0.0
    other: float = 0.0
    degrees: float = 0.0
    multiplied: bool = False
    group_size: int = 0
    n_hidden: int = 0
    n_tried: int = 1
    n_repeats: int = 2
    is_class: bool = False

    def draw(
        self, n_rows: int, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Draw inputs, the target, and the unit of each row: itself, or its group."""
        X = rng.standard_normal((n_rows, 5))
        m = X[:, 0] + 0.5 * X[:, 1] + np.sin(2 * X[:, 2])
        noise = (
            rng.standard_t(self.degrees, n_rows)
            if self.degrees
            else rng.standard_normal(n_rows)
        )
        noise *= np.exp(self.fanning * m + self.other * X[:, 4])
        units = np.arange(n_rows) // max(self.group_size, 1)
        if self.group_size:
            noise += rng.standard_normal(n_rows)[units]
        if self.is_class:
            return X, (rng.random(n_rows) < expit(2 * m - 1)).astype(float), units
        return X, np.exp(0.5 * m + 0.3 * noise) if self.multiplied else m + noise, units

    def fit(self, X: np.ndarray, y: np.ndarray, seed: int) -> Model:
        """Fit a learner by least squares, a net's hidden weights by chance."""
        rng = np.random.default_rng(seed)
        hidden = rng.standard_normal((X.shape[1] + 1, self.n_hidden)) / 2

        def layer(rows: np.ndarray) -> np.ndarray:
            with_one = np.column_stack([np.ones(len(rows)), rows])
            return (
                np.column_stack([np.ones(len(rows)), np.maximum(with_one @ hidden, 0)])
                if self.n_hidden
                else with_one
            )

        inside = layer(X)
        weights = np.linalg.solve(
            inside.T @ inside + 0.3 * np.eye(inside.shape[1]), inside.T @ y
        )
        return lambda rows: layer(rows) @ weights


NET = 20
KINDS = {
    "alike everywhere": Kind(),
    "alike everywhere, net": Kind(n_hidden=NET),
    "fans out": Kind(fanning=0.6),
    "fans out, net": Kind(fanning=0.6, n_hidden=NET),
    "fans out a little": Kind(fanning=0.2),
    "fans out with another input": Kind(other=1.0),
    "heavy tails": Kind(degrees=3),
    "multiplied": Kind(multiplied=True),
    "multiplied, net": Kind(multiplied=True, n_hidden=NET),
    "one repeat": Kind(n_repeats=1),
    "ten repeats, net": Kind(n_hidden=NET, n_repeats=10),
    "best of 30 nets": Kind(n_hidden=NET, n_tried=30),
}
GROUPED = {f"groups of {size}": Kind(group_size=size) for size in (5, 20)}


@dataclass(frozen=True)
class Drawn:
    """Out-of-sample predictions, whose they are, and those of one model that was fitted on all rows, for new rows."""

    observed: np.ndarray
    predicted: np.ndarray
    units: np.ndarray
    new_observed: np.ndarray
    new_predicted: np.ndarray


def draw_predictions(kind: Kind, n_rows: int, seed: tuple[int, ...]) -> Drawn:
    """Draw a table, predict it by folds, in which groups stay together, and fit a model on all rows."""
    rng = np.random.default_rng(seed)
    X, y, units = kind.draw(n_rows, rng)
    predicted, n_units = (
        np.empty((kind.n_tried, kind.n_repeats, n_rows)),
        int(units.max()) + 1,
    )
    for repeat in range(kind.n_repeats):
        folds = (rng.permutation(n_units) % N_FOLDS)[units]
        for fold in range(N_FOLDS):
            test = folds == fold
            for i in range(kind.n_tried):
                model = kind.fit(
                    X[~test],
                    y[~test],
                    (i if kind.n_tried > 1 else int(rng.integers(2**31))),
                )
                predicted[i, repeat, test] = model(X[test])
    best = int(np.argmin(((y - predicted) ** 2).mean(axis=(1, 2))))
    final = kind.fit(X, y, best if kind.n_tried > 1 else int(rng.integers(2**31)))
    new_X, new_y, _ = kind.draw(N_NEW, rng)
    repeated = [np.tile(each, kind.n_repeats) for each in (y, units)]
    return Drawn(repeated[0], predicted[best].ravel(), repeated[1], new_y, final(new_X))


def judge_intervals(name: str, n_rows: int, draw: int) -> Said:
    """Say which share of new rows the interval holds, and what steps gain over one width.

    `off by fifth` is how far the coverages of the fifths of new rows, by what is predicted, are from the level.
    """
    kind = (KINDS | GROUPED)[name]
    drawn = draw_predictions(
        kind, n_rows, (draw, n_rows, [*KINDS, *GROUPED].index(name), 49)
    )
    residuals = np.abs(drawn.observed - drawn.predicted)
    one = Steps(np.empty(0), conformal_quantiles(residuals, [LEVEL], drawn.units))
    steps = interval_steps(drawn.observed, drawn.predicted, LEVEL, drawn.units)
    assert steps is not None
    new, fifths = (
        np.abs(drawn.new_observed - drawn.new_predicted),
        _fifths(drawn.new_predicted),
    )
    said: Said = {}
    widths = {
        "one width": one.at(drawn.new_predicted),
        "steps": steps.at(drawn.new_predicted),
    }
    held = {form: new <= width for form, width in widths.items()}
    said |= {f"covers, {form}": float(held[form].mean()) for form in widths}
    for form in widths:
        by_fifth = np.bincount(fifths, held[form]) / np.bincount(fifths)
        said[f"off by fifth, {form}"] = float(np.abs(by_fifth - LEVEL).mean())
    mean_width, score = (
        [float(f(width).mean()) for width in widths.values()]
        for f in (lambda width: width, lambda width: interval_score(width, new, LEVEL))
    )
    return said | {
        "width of steps, relative": mean_width[1] / mean_width[0],
        "score of steps, relative": score[1] / score[0],
        "steps": float(len(steps.half_widths)),
    }


def judge_groups(name: str, n_groups: int, draw: int) -> Said:
    """Say which share of rows of new groups intervals hold if groups count once each, and if rows do."""
    kind = GROUPED[name]
    drawn = draw_predictions(
        kind, n_groups * kind.group_size, (draw, n_groups, kind.group_size, 50)
    )
    residuals, new = (
        np.abs(drawn.observed - drawn.predicted),
        np.abs(drawn.new_observed - drawn.new_predicted),
    )
    own = np.tile(np.arange(n_groups * kind.group_size), kind.n_repeats)
    return {
        f"covers, by {unit}": float(
            (new <= conformal_quantiles(residuals, [LEVEL], units)[0]).mean()
        )
        for unit, units in (("groups", drawn.units), ("rows", own))
    }


def judge_sets(n_rows: int, level: float, draw: int) -> Said:
    """Say how often the set of labels of two classes, 4:6, has the true one, with the likeliest always in it."""
    drawn = draw_predictions(
        Kind(is_class=True), n_rows, (draw, n_rows, round(100 * level), 51)
    )
    second, new = (
        np.clip(each, 0.001, 0.999) for each in (drawn.predicted, drawn.new_predicted)
    )
    (least,) = least_probabilities(
        np.where(drawn.observed == 1, second, 1 - second), [level], drawn.units
    )
    both = np.column_stack([1 - new, new])
    sets = (both >= least) | (both == both.max(axis=1, keepdims=True))
    held = sets[np.arange(N_NEW), drawn.new_observed.astype(int)]
    return {
        "covers": float(held.mean()),
        "labels in a set": float(sets.sum(axis=1).mean()),
    } | {
        f"covers, class {k}": float(held[drawn.new_observed == k].mean())
        for k in (0, 1)
    }


def _fifths(predicted: np.ndarray) -> np.ndarray:
    return np.searchsorted(np.quantile(predicted, [0.2, 0.4, 0.6, 0.8]), predicted)
