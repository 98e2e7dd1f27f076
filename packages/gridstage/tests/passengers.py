"""A small table with everything in it that a preparation is for."""

import numpy as np
import pandas as pd

from gridstage.data import Columns, Dataset

TYPES = {
    "port": "category",
    "age": "number",
    "deck": "category",
    "adult": "boolean",
    "fare": "number",
}
LABELS = {"port": ["C", "Q", "S"], "deck": ["A", "B", "Ö"]}


def passengers(n: int = 120, seed: int = 0) -> Dataset:
    """Return ports with missing cells, ages and booleans with missing cells, decks, and fares of which 0 is missing."""
    rng = np.random.default_rng(seed)
    age = rng.normal(40, 10, n)
    adult = (age > 30).astype(float)
    fare = rng.lognormal(3, 1, n)
    port = rng.choice(LABELS["port"], n).astype(object)
    y = (age / 10 + (port == "Q") * 2 + rng.normal(size=n) > 4.5).astype(float)
    age[::7], adult[1::9], fare[2::11], port[3::8] = np.nan, np.nan, 0, np.nan
    X = pd.DataFrame(
        {
            "port": pd.Categorical(port, categories=LABELS["port"]),
            "age": age,
            "deck": pd.Categorical(
                rng.choice(LABELS["deck"], n), categories=LABELS["deck"]
            ),
            "adult": adult,
            "fare": fare,
        }
    )
    categories = {name: tuple(labels) for name, labels in LABELS.items()}
    return Dataset(
        X,
        y,
        Columns(TYPES, categories, ("port", "age", "adult"), ("fare",)),
        ("no", "yes"),
    )
