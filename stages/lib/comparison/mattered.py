"""Which settings of a search mattered, as a table and in words."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from resampled.candidates.effects import effect_p_values
from resampled.candidates.importance import importance
from resampled.means.ttest import ALPHA
from resampled.resampling import Resampling
from stages.lib.common import join_words, short_key, significant
from stages.lib.scores import grid_keys, split_scores


def mattered(candidates: pd.DataFrame, resampling: Resampling, seed: int) -> pd.DataFrame:
    """Return the `importance` of each key of a search, from its `score_table`, with the `p_value` of its effect."""
    settings = {key: candidates[key].to_numpy() for key in grid_keys(candidates)}
    stages = candidates["stage"].to_numpy() if "stage" in candidates else None
    # Equal means may differ in their last bits, by the order of their scores; a forest would split between them.
    scores = candidates["mean_test_score"].map(significant).to_numpy(dtype=float)
    mean, std = importance(settings, scores, seed)
    p = effect_p_values(settings, split_scores(candidates), resampling, seed, stages)
    table = pd.DataFrame({"key": list(settings), "importance": mean, "importance_std": std, "p_value": p})
    return table.sort_values("importance", ascending=False, kind="stable", ignore_index=True)


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
