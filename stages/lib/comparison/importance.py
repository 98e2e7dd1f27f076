"""Which keys of a search made a difference: permutation importance of a random forest on the candidates' table."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from stages.lib.comparison.codes import codes

N_TREES = 100
N_FOLDS = 5
N_PERMUTATIONS = 20


def importance(candidates: pd.DataFrame, keys: Sequence[str], scores: np.ndarray, seed: int) -> pd.DataFrame:
    """Return how much of the scores' spread a random forest no longer explains once a key's values are shuffled.

    The candidates are cut into five parts by chance. A forest of 100 trees is fitted on four of them and predicts the
    fifth, so that a key without effect gets about 0 however many values it has. Then the values of one key are shuffled
    among all candidates, and the forests predict again: the importance is the growth of the squared error, over the
    scores' sum of squares (scikit-learn's `permutation_importance` with `r2`), as a mean and standard deviation over 20
    shuffles.

    Parameters
    ----------
    candidates : DataFrame
        One row for each candidate, with a column for each key.
    scores : array of shape (n_candidates,)
        Candidates with NaN are left out.

    Returns
    -------
    DataFrame
        `key`, `importance`, `importance_std`, the most important first. All are 0 if the scores do not differ, and NaN
        with fewer than 3 candidates.
    """
    kept = np.isfinite(scores)
    X = np.column_stack([codes(candidates[key][kept]) for key in keys])
    y = np.asarray(scores, dtype=float)[kept]
    if len(y) < 3 or np.ptp(y) == 0:
        drops = np.full((len(keys), N_PERMUTATIONS), np.nan if len(y) < 3 else 0.0)
    else:
        drops = _drops(X, y, np.random.default_rng(seed))
    table = pd.DataFrame({"key": list(keys), "importance": drops.mean(axis=1), "importance_std": drops.std(axis=1)})
    return table.sort_values("importance", ascending=False, kind="stable", ignore_index=True)


def _drops(X: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the drop of R² for each key and shuffle."""
    from sklearn.ensemble import RandomForestRegressor  # takes a second to import

    n, n_keys = X.shape
    shuffled = np.empty((1 + n_keys * N_PERMUTATIONS, n, n_keys))
    shuffled[:] = X
    for number in range(n_keys * N_PERMUTATIONS):
        key = number // N_PERMUTATIONS
        shuffled[1 + number, :, key] = rng.permutation(X[:, key])
    errors = np.zeros(len(shuffled))
    for test in np.array_split(rng.permutation(n), min(N_FOLDS, n)):
        train = np.setdiff1d(np.arange(n), test)
        forest = RandomForestRegressor(N_TREES, random_state=int(rng.integers(2**31)), n_jobs=1)
        forest.fit(X[train], y[train])
        # All shuffles at once: calls cost more than rows.
        predicted = forest.predict(shuffled[:, test].reshape(-1, n_keys)).reshape(len(shuffled), len(test))
        errors += ((predicted - y[test]) ** 2).sum(axis=1)
    return (errors[1:] - errors[0]).reshape(n_keys, N_PERMUTATIONS) / ((y - y.mean()) ** 2).sum()
