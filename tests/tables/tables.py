"""Tables, real or as real ones are, written as CSVs; the generated one comes from a seed."""

from pathlib import Path

import numpy as np
import pandas as pd
from palmerpenguins import load_penguins


def penguins(path: Path) -> None:
    """Three species of penguins: texts, missing cells, and as R writes it: NA, and row names without a name."""
    load_penguins().to_csv(path, na_rep="NA")


def sales(path: Path) -> None:
    """Three years of daily sales with a trend, by date, weekday and the sales of the week before."""
    rng = np.random.default_rng(15)
    days = pd.date_range("2021-01-04", periods=1100)
    week = np.array([1.0, 0.9, 0.9, 1.0, 1.3, 1.8, 0.4])[days.day_of_week]
    promotion = rng.uniform(size=len(days)) < 0.15
    sold = 200 * week * (1 + 0.3 * promotion) * (
        1 + np.arange(len(days)) / 3000
    ) + rng.normal(0, 12, len(days))
    frame = pd.DataFrame(
        {
            "date": days.strftime("%d.%m.%Y"),
            "weekday": days.day_name(),
            "promotion": promotion,
        }
    )
    frame["sold_a_week_ago"] = pd.Series(sold).shift(7).round(1)
    frame["sold"] = sold.round(1)
    frame.iloc[7:].to_csv(path, index=False)


def orders(path: Path) -> None:
    """Orders as a shop exports them: amounts, percentages, parentheses, dates with slashes, and `-` for missing."""
    rng = np.random.default_rng(69)
    price, discount = rng.uniform(20, 4000, 400), rng.integers(0, 40, 400)
    profit = price * (0.3 - discount / 100) + rng.normal(0, 20, 400)
    frame = pd.DataFrame(
        {
            "Ordered": pd.date_range("2024-03-01", periods=400).strftime("%m/%d/%Y"),
            "Price ($)": [f"${each:,.2f}" for each in price],
            "Discount": [f"{each}%" for each in discount],
            "Weight": [f"{each:.1f} kg" for each in rng.uniform(1, 9, 400)],
            "Profit": [f"(${-each:,.2f})" if each < 0 else f"${each:,.2f}" for each in profit],
        }
    )  # fmt: skip
    frame.loc[::9, "Weight"] = "-"
    frame.to_csv(path, index=False)


def visits(path: Path) -> None:
    """Visits of 60 persons, each of whom comes several times; few of them pay."""
    rng = np.random.default_rng(81)
    person = rng.permutation(np.repeat(np.arange(60), 6))
    age = rng.normal(40, 10, 60)[person]
    minutes = rng.lognormal(2, 1, len(person)).round(1)
    paid = age / 10 + np.log(minutes) + rng.normal(0, 1, len(person)) > 7
    frame = pd.DataFrame({"person": person, "age": age.round(), "minutes": minutes})
    frame.loc[::11, "age"] = np.nan
    frame["paid"] = np.where(paid, "yes", "no")
    frame.to_csv(path, index=False)
