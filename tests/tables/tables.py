"""Seven tables, real or as real ones are, written as CSVs; the generated ones come from a seed."""

from pathlib import Path

import numpy as np
import pandas as pd
from palmerpenguins import load_penguins


def penguins(path: Path) -> None:
    """Three species of penguins: texts, missing cells, and as R writes it: NA, and row names without a name."""
    load_penguins().to_csv(path, na_rep="NA")


def houses(path: Path) -> None:
    """Prices of houses, in the hundreds of thousands, from numbers and categories."""
    rng = np.random.default_rng(12)
    n_rows = 500
    area = rng.gamma(9, 14, n_rows).round()
    district = rng.choice(["North", "East", "South", "West", "Old Town"], n_rows)
    worth = {"North": 0.9, "East": 0.8, "South": 1.1, "West": 1.0, "Old Town": 1.5}
    built = rng.integers(1890, 2024, n_rows)
    price = 2600 * area * np.vectorize(worth.get)(district) * (1 + 0.002 * (built - 1950)) + rng.normal(
        0, 20_000, n_rows
    )
    garden = np.where(rng.uniform(size=n_rows) < 0.5, "", rng.gamma(3, 100, n_rows).round().astype(int).astype(str))
    frame = pd.DataFrame(
        {"house": [f"H{i:04}" for i in rng.permutation(n_rows)], "area": area, "district": district, "built": built}
    )
    frame["garden"] = garden
    frame["price"] = price.round(-2).astype(int)
    frame.to_csv(path, index=False, sep="\t")


def faults(path: Path) -> None:
    """Machines of which 5 in 100 break down."""
    rng = np.random.default_rng(13)
    n_rows = 1200
    heat, hours = rng.normal(60, 8, n_rows), rng.uniform(0, 9000, n_rows)
    maker = rng.choice(["A", "B", "C"], n_rows)
    risk = 0.18 * heat + hours / 1500 + 1.5 * (maker == "C") + rng.logistic(0, 0.8, n_rows)
    frame = pd.DataFrame({"heat": heat.round(2), "hours": hours.round(), "maker": maker})
    frame["fault"] = np.where(risk > np.quantile(risk, 0.95), "yes", "no")
    frame.to_csv(path, index=False)


def sales(path: Path) -> None:
    """Three years of daily sales with a trend, by date, weekday and the sales of the week before."""
    rng = np.random.default_rng(15)
    days = pd.date_range("2021-01-04", periods=1100)
    week = np.array([1.0, 0.9, 0.9, 1.0, 1.3, 1.8, 0.4])[days.day_of_week]
    promotion = rng.uniform(size=len(days)) < 0.15
    sold = 200 * week * (1 + 0.3 * promotion) * (1 + np.arange(len(days)) / 3000) + rng.normal(0, 12, len(days))
    frame = pd.DataFrame({"date": days.strftime("%d.%m.%Y"), "weekday": days.day_name(), "promotion": promotion})
    frame["sold_a_week_ago"] = pd.Series(sold).shift(7).round(1)
    frame["sold"] = sold.round(1)
    frame.iloc[7:].to_csv(path, index=False)
