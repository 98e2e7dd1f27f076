"""Learners that are fitted on all splits of a table at once, which makes thousands of tables a minute possible.

Each takes inputs, a target of numbers or 0 and 1, which rows train each split, of shape (n_splits, n_rows), and a
random generator, and returns what each split's fit predicts of every row.
"""

from collections.abc import Callable

import numpy as np

Fit = Callable[[np.ndarray, np.ndarray, np.ndarray, np.random.Generator], np.ndarray]


def _solved(gram: np.ndarray, products: np.ndarray, penalty: float) -> np.ndarray:
    penalties = penalty * np.eye(gram.shape[1])
    penalties[0, 0] = 1e-6  # the intercept
    return np.linalg.solve(gram + penalties, products[..., None])


def ridge(penalty: float = 1.0) -> Fit:
    """Return least squares with a penalty of the squared slopes."""

    def fit(
        X: np.ndarray, y: np.ndarray, train: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        Z, weights = np.column_stack([np.ones(len(X)), X]), train.astype(float)
        gram = (weights @ (Z[:, :, None] * Z[:, None]).reshape(len(Z), -1)).reshape(
            -1, Z.shape[1], Z.shape[1]
        )
        return _solved(gram, weights @ (Z * y[:, None]), penalty)[..., 0] @ Z.T

    return fit


def net(n_hidden: int, *, by_chance: bool = True, scale: float = 1.5) -> Fit:
    """Return a net with random hidden weights, drawn for each split or once for all, whose output is fitted."""

    def fit(
        X: np.ndarray, y: np.ndarray, train: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        (n, p), k = X.shape, len(train) if by_chance else 1
        weights = (scale / p**0.5 * rng.standard_normal((k, p, n_hidden))).astype(
            np.float32
        )
        biases = (scale / 2 * rng.standard_normal((k, 1, n_hidden))).astype(np.float32)
        Z = np.maximum(X.astype(np.float32) @ weights + biases, 0)
        if not by_chance:
            return ridge()(Z[0], y, train, rng)
        Z = np.concatenate([np.ones((k, n, 1), np.float32), Z], axis=2)
        known = (Z * train[:, :, None]).transpose(0, 2, 1)
        return (
            Z @ _solved(known @ Z, known @ y.astype(np.float32), 1.0).astype(np.float32)
        )[..., 0]

    return fit


def nearest(n_neighbours: int) -> Fit:
    """Return the mean of the nearest rows."""

    def fit(
        X: np.ndarray, y: np.ndarray, train: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        far, predicted = (
            ((X[:, None] - X[None]) ** 2).sum(axis=2),
            np.zeros(train.shape),
        )
        for split, own in enumerate(train):
            near = np.argpartition(far[np.ix_(~own, own)], n_neighbours, axis=1)[
                :, :n_neighbours
            ]
            predicted[split, ~own] = y[own][near].mean(axis=1)
        return predicted

    return fit


def trees(depth: int, n_trees: int = 1, rate: float = 1.0, n_cuts: int = 11) -> Fit:
    """Return a regression tree of so many levels, or several by boosting; inputs are cut at quantiles."""

    def fit(
        X: np.ndarray, y: np.ndarray, train: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        cuts = np.quantile(X, np.arange(1, n_cuts + 1) / (n_cuts + 1), axis=0)
        above = (X[:, :, None] > cuts.T).reshape(len(X), -1).astype(np.float32)
        weights, y = train.astype(np.float32), y.astype(np.float32)
        predicted = np.repeat(
            ((weights @ y) / weights.sum(axis=1))[:, None], len(X), axis=1
        )
        for _ in range(n_trees):
            left, node = y - predicted, np.zeros(train.shape, dtype=int)
            for level in range(depth):
                for number in range(2**level):
                    best = _best_cut(weights * (node == number), left, above)
                    node = np.where(
                        node == number, number + 2**level * (above[:, best].T > 0), node
                    )
            for number in range(2**depth):
                own = weights * (node == number)
                mean = (own * left).sum(axis=1) / np.maximum(own.sum(axis=1), 1)
                predicted += rate * (node == number) * mean[:, None]
        return predicted

    return fit


def _best_cut(weights: np.ndarray, left: np.ndarray, above: np.ndarray) -> np.ndarray:
    """Return the cut of each split that explains most of what is left, with three rows or more on each side."""
    n, total = weights.sum(axis=1)[:, None], (weights * left).sum(axis=1)[:, None]
    n_above, sum_above = weights @ above, (weights * left) @ above
    n_below = n - n_above
    gains = sum_above**2 / np.maximum(n_above, 1) + (
        total - sum_above
    ) ** 2 / np.maximum(n_below, 1)
    return np.where((n_above >= 3) & (n_below >= 3), gains, -1).argmax(axis=1)


def lasso(penalty: float, n_sweeps: int = 15) -> Fit:
    """Return least squares with a penalty of the absolute slopes, by coordinate descent."""

    def slopes(gram: np.ndarray, products: np.ndarray) -> np.ndarray:
        found = np.zeros_like(products)
        for i in np.tile(np.arange(found.shape[1]), n_sweeps):
            others = (
                np.einsum("tj,tj->t", gram[:, i], found) - gram[:, i, i] * found[:, i]
            )
            partial = products[:, i] - others
            found[:, i] = (
                np.sign(partial)
                * np.maximum(np.abs(partial) - penalty, 0)
                / gram[:, i, i]
            )
        return found

    return _linear(slopes)


def hard(threshold: float) -> Fit:
    """Return a regression on each input by itself, whose small slopes are set to 0."""

    def slopes(gram: np.ndarray, products: np.ndarray) -> np.ndarray:
        alone = products / np.diagonal(gram, axis1=1, axis2=2)
        return np.where(np.abs(alone) > threshold, alone, 0)

    return _linear(slopes)


def one_input(gram: np.ndarray, products: np.ndarray) -> np.ndarray:
    """Return the slope of the one input that says most, and 0 of the others."""
    variances = np.diagonal(gram, axis1=1, axis2=2)
    sizes = np.abs(products) / np.sqrt(variances)
    return np.where(sizes == sizes.max(axis=1, keepdims=True), products / variances, 0)


def components(n_kept: int) -> Fit:
    """Return least squares on so many principal components, which are those of the training rows."""

    def fit(
        X: np.ndarray, y: np.ndarray, train: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        predicted = np.empty(train.shape)
        for split, own in enumerate(train):
            centred = X - X[own].mean(axis=0)
            _, _, directions = np.linalg.svd(centred[own], full_matrices=False)
            Z = np.column_stack([np.ones(len(X)), centred @ directions[:n_kept].T])
            predicted[split] = Z @ np.linalg.lstsq(Z[own], y[own], rcond=None)[0]
        return predicted

    return fit


def _linear(slopes: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Fit:
    def fit(
        X: np.ndarray, y: np.ndarray, train: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        weights, (n, p) = train / train.sum(axis=1, keepdims=True), X.shape
        of_X, of_y = weights @ X, weights @ y
        gram = (weights @ (X[:, :, None] * X[:, None]).reshape(n, -1)).reshape(-1, p, p)
        found = slopes(
            gram - of_X[:, :, None] * of_X[:, None],
            weights @ (X * y[:, None]) - of_X * of_y[:, None],
        )
        return of_y[:, None] + found @ X.T - (found * of_X).sum(axis=1)[:, None]

    return fit


LEARNERS: dict[str, Fit] = {
    "ridge": ridge(),
    "5 nearest rows": nearest(5),
    "nearest row": nearest(1),
    **{f"net of {n}": net(n) for n in (6, 12, 24)},
    **{f"net of {n} without chance": net(n, by_chance=False) for n in (12, 24)},
    "tree of depth 3": trees(3),
    "boosted stumps": trees(1, 25, 0.3),
    "boosted trees": trees(2, 20, 0.2),
    "lasso": lasso(0.05),
    "lasso that selects": lasso(0.15),
    **{f"lasso of {penalty}": lasso(penalty) for penalty in (0.1, 0.3, 0.5)},
    **{f"{n} of its components": components(n) for n in (2, 3)},
    "least squares": ridge(1e-6),
    "15 nearest rows": nearest(15),
    "hard threshold": hard(0.2),
    "one of the inputs": _linear(one_input),
}
