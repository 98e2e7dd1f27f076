"""The values of a key as numbers that keep their order."""

from typing import Any

import numpy as np
import pandas as pd


def codes(column: pd.Series) -> np.ndarray:
    """Return values as whole numbers from 0: first nothing, then numbers, then names, each in their order.

    Numbers may be text. `null` and `nan` are nothing.
    """
    places = [_place(value) for value in column]
    ranks = {place: rank for rank, place in enumerate(sorted(set(places)))}
    return np.array([ranks[place] for place in places], dtype=float)


def has_names(column: pd.Series) -> bool:
    """Return whether there is a name among the values, so that their order means nothing."""
    return any(_place(value)[2] for value in column)


def _place(value: Any) -> tuple[int, float, str]:
    text = "null" if value is None else str(value)
    if text in {"null", "nan", "None", "<NA>"}:
        return (0, 0.0, "")
    try:
        return (1, float(text), "")
    except ValueError:
        return (2, 0.0, text)
