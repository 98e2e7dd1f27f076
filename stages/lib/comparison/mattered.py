"""Which settings of a search mattered: how much the scores depend on each, and whether that can be chance."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from stages.lib.common import join_words, short_key
from stages.lib.comparison.effects import effect_p_values
from stages.lib.comparison.importance import importance
from stages.lib.scores import ALPHA
from stages.lib.scores.score_table import grid_keys, split_scores


def mattered(candidates: pd.DataFrame, test_share: float, seed: int) -> pd.DataFrame:
    """Return the importance of each key of a search, and the p-value of its effect.

    Parameters
    ----------
    candidates : DataFrame
        As `score_table` returns it.
    test_share : float
        Test rows per training row; NaN where the statistics do not hold.

    Returns
    -------
    DataFrame
        `key`, `importance`, `importance_std`, as `importance` returns them, and `p_value`, as `effect_p_values` does.
    """
    keys = grid_keys(candidates)
    p = effect_p_values(candidates, keys, split_scores(candidates), test_share, seed)
    table = importance(candidates, keys, candidates["mean_test_score"].to_numpy(dtype=float), seed)
    return table.assign(p_value=table["key"].map(dict(zip(keys, p, strict=True))))


def what_mattered(keys: Iterable[str], p_values: Iterable[float]) -> str:
    """Say which settings of a search mattered: those with a p-value below 0.05.

    Parameters
    ----------
    keys : iterable of str
        The most important first.
    p_values : iterable of float
        Of each key, from the same table.
    """
    p_by_key = {short_key(key): p for key, p in zip(keys, p_values, strict=True)}
    names = [name for name, p in p_by_key.items() if p < ALPHA]
    others = [name for name in p_by_key if name not in names]
    if np.isnan(list(p_by_key.values())).all():
        return "Which settings mattered can't be tested."
    if not names:
        return "No setting of this search was shown to matter."
    text = f"What mattered: {join_words(names)}{', in this order' * (len(names) > 1)}."
    return f"{text} Not shown to matter: {join_words(others)}." if others else text
