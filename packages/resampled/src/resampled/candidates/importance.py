"""How much the scores of a search depend on each of its settings, by a random forest."""

from collections.abc import Mapping

import numpy as np

from resampled.candidates.effects import Column, codes

N_TREES = 100
N_FOLDS = 5
N_PERMUTATIONS = 20


def importance(
    settings: Mapping[str, Column], scores: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return how much of the scores' spread a random forest no longer explains once a key's values are shuffled.

    The candidates are cut into five parts by chance. A forest of 100 trees is fitted on four of them and predicts the
    fifth. Then the values of one key are shuffled among all candidates, and the forests predict again: the importance
    is the growth of the squared error, over the scores' sum of squares (scikit-learn's `permutation_importance` with
    `r2`), as the mean and the standard deviation over 20 shuffles.

    `settings` has the values of each key by candidate; of the scores, (n_candidates,), NaN is left out. The arrays have
    the shape (n_keys,); they are 0 if the scores do not differ, and NaN with fewer than 3 candidates.
    """
    kept = np.flatnonzero(np.isfinite(scores)).tolist()
    columns = []
    for column in settings.values():
        columns.append(codes([column[i] for i in kept]))
    y = np.asarray(scores, dtype=float)[kept]
    drops = np.zeros((len(settings), N_PERMUTATIONS))
    if len(y) < 3:
        drops[:] = np.nan
    elif np.ptp(y) > 0:
        drops = _drops(np.column_stack(columns), y, np.random.default_rng(seed))
    return drops.mean(axis=1), drops.std(axis=1)


def _drops(X: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the drop of R² for each key and shuffle."""
    n, n_keys = X.shape
    n_shuffles = n_keys * N_PERMUTATIONS
    shuffled = np.repeat(X[None], 1 + n_shuffles, axis=0)  # the first stays
    for number, copy in enumerate(shuffled[1:]):
        key = number // N_PERMUTATIONS
        copy[:, key] = rng.permutation(X[:, key])
    errors = np.zeros(len(shuffled))
    for test in np.array_split(rng.permutation(n), min(N_FOLDS, n)):
        train = np.setdiff1d(np.arange(n), test)
        # All shuffles at once: calls cost more than rows.
        rows = shuffled[:, test].reshape(-1, n_keys)
        own_seed = int(rng.integers(2**31))
        predicted = forest_means(X[train], y[train], rows, own_seed)
        residuals = predicted.reshape(len(shuffled), -1) - y[test]
        errors += (residuals**2).sum(axis=1)
    grown = (errors[1:] - errors[0]).reshape(n_keys, -1)
    return grown / ((y - y.mean()) ** 2).sum()


def forest_means(
    X: np.ndarray, y: np.ndarray, rows: np.ndarray, seed: int
) -> np.ndarray:
    """Return what scikit-learn's `RandomForestRegressor` predicts, without what it does around the trees."""
    from sklearn import config_context  # takes half a second to import
    from sklearn.tree import DecisionTreeRegressor

    rng = np.random.RandomState(seed)
    total = np.zeros(len(rows))
    X = X.astype(np.float32)  # as trees take them
    rows = rows.astype(np.float32)
    # Trees differ by their seeds alone, so nothing is to be validated.
    with config_context(skip_parameter_validation=True):
        for own in rng.randint(np.iinfo(np.int32).max, size=N_TREES):
            drawn = np.random.RandomState(own).randint(0, len(X), len(X))
            tree = DecisionTreeRegressor(random_state=int(own))
            tree.fit(X, y, np.bincount(drawn, minlength=len(X)), check_input=False)
            total += tree.predict(rows, check_input=False)
    return total / N_TREES
