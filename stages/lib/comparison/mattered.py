"""Which settings of a search mattered: how much the scores depend on each, and whether that can be chance."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from stages.lib.common import join_words, short_key
from stages.lib.comparison.effects import codes, effect_p_values
from stages.lib.scores import ALPHA, grid_keys, split_scores

N_TREES = 100
N_FOLDS = 5
N_PERMUTATIONS = 20


def mattered(candidates: pd.DataFrame, test_share: float, seed: int) -> pd.DataFrame:
    """Return the `importance` of each key of a search, from its `score_table`, with the `p_value` of its effect."""
    keys = grid_keys(candidates)
    p = effect_p_values(candidates, keys, split_scores(candidates), test_share, seed)
    table = importance(candidates, keys, candidates["mean_test_score"].to_numpy(dtype=float), seed)
    return table.assign(p_value=table["key"].map(dict(zip(keys, p, strict=True))))


def what_mattered(keys: Iterable[str], p_values: Iterable[float]) -> str:
    """Say which settings of a search mattered, those with a p-value below 0.05; the most important comes first."""
    p_by_key = {short_key(key): p for key, p in zip(keys, p_values, strict=True)}
    names = [name for name, p in p_by_key.items() if p < ALPHA]
    others = [name for name in p_by_key if name not in names]
    if np.isnan(list(p_by_key.values())).all():
        return "Which settings mattered can't be tested."
    if not names:
        return "No setting of this search was shown to matter."
    text = f"What mattered: {join_words(names)}{', in this order' * (len(names) > 1)}."
    return f"{text} Not shown to matter: {join_words(others)}." if others else text


def importance(candidates: pd.DataFrame, keys: Sequence[str], scores: np.ndarray, seed: int) -> pd.DataFrame:
    """Return how much of the scores' spread a random forest no longer explains once a key's values are shuffled.

    The candidates are cut into five parts by chance. A forest of 100 trees is fitted on four of them and predicts the
    fifth, so that a key without effect gets about 0 however many values it has. Then the values of one key are shuffled
    among all candidates, and the forests predict again: the importance is the growth of the squared error, over the
    scores' sum of squares (scikit-learn's `permutation_importance` with `r2`), as a mean and standard deviation over 20
    shuffles.

    `candidates` has a row for each candidate, and a column for each key; those with NaN among the scores, of shape
    (n_candidates,), are left out. The columns are `key`, `importance` and `importance_std`, the most important first.
    The numbers are 0 if the scores do not differ, and NaN with fewer than 3 candidates.
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
    shuffled = np.repeat(X[None], 1 + n_keys * N_PERMUTATIONS, axis=0)  # the first stays
    for number, copy in enumerate(shuffled[1:]):
        key = number // N_PERMUTATIONS
        copy[:, key] = rng.permutation(X[:, key])
    errors = np.zeros(len(shuffled))
    for test in np.array_split(rng.permutation(n), min(N_FOLDS, n)):
        train = np.setdiff1d(np.arange(n), test)
        forest = RandomForestRegressor(N_TREES, random_state=int(rng.integers(2**31)), n_jobs=1)
        forest.fit(X[train], y[train])
        # All shuffles at once: calls cost more than rows.
        predicted = forest.predict(shuffled[:, test].reshape(-1, n_keys)).reshape(len(shuffled), len(test))
        errors += ((predicted - y[test]) ** 2).sum(axis=1)
    return (errors[1:] - errors[0]).reshape(n_keys, N_PERMUTATIONS) / ((y - y.mean()) ** 2).sum()
