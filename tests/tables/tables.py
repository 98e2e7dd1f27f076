"""Seven tables, real or as real ones are, written as CSVs; the generated ones come from a seed."""

from pathlib import Path

import numpy as np
import pandas as pd
from palmerpenguins import load_penguins
from sklearn.datasets import load_wine

SURNAMES = ["Abbott", "Brown", "Carlsen", "Dahl", "Evans", "Flynn", "Green", "Hansen", "Ito", "Jones"]
TITLES = {"male": ["Mr.", "Master", "Dr."], "female": ["Mrs.", "Miss", "Lady"]}


def penguins(path: Path) -> None:
    """Three species of penguins: texts, missing cells, and as R writes it: NA, and row names without a name."""
    load_penguins().to_csv(path, na_rep="NA")


def passengers(path: Path) -> None:
    """Who survived on a ship: ids, names with commas, tickets, cabins that are mostly missing, ages that partly are."""
    rng = np.random.default_rng(11)
    n_rows = 700
    level = rng.choice([1, 2, 3], n_rows, p=[0.25, 0.2, 0.55])
    sex = rng.choice(["male", "female"], n_rows, p=[0.6, 0.4])
    age = rng.gamma(4, 7.5, n_rows).clip(0.5, 80).round(1)
    fare = np.exp(rng.normal(4.4 - 0.8 * level, 0.5)).round(2)
    logit = -0.9 + 2.6 * (sex == "female") - 0.8 * (level - 2) - 0.03 * (age - 30)
    names = [f"{rng.choice(SURNAMES)}, {rng.choice(TITLES[each])} {i}" for i, each in enumerate(sex)]
    frame = pd.DataFrame(
        {
            "passenger_id": np.arange(1, n_rows + 1),
            "survived": rng.uniform(size=n_rows) < 1 / (1 + np.exp(-logit)),
            "class": level,
            "name": names,
            "sex": sex,
            "age": np.where(rng.uniform(size=n_rows) < 0.2, np.nan, age),
            "ticket": [f"T {number}" for number in rng.integers(1000, 1500, n_rows)],
            "fare": fare,
            "cabin": [f"{rng.choice(list('ABCD'))}{i}" if rng.uniform() < 0.2 else None for i in range(n_rows)],
            "embarked": rng.choice(["S", "C", "Q", ""], n_rows, p=[0.7, 0.2, 0.09, 0.01]),
            "alone": rng.choice(["yes", "no"], n_rows),
        }
    )
    frame["survived"] = frame["survived"].astype(int)
    frame.to_csv(path, index=False)


def wine(path: Path) -> None:
    """Three cultivars of wine, as a spreadsheet in much of Europe saves it: semicolons, decimal commas, Latin-1."""
    wines = load_wine(as_frame=True)
    frame = wines.data.rename(columns={"ash": "teneur en cendres à l'analyse"})
    frame["cultivar"] = wines.target.map(lambda number: f"cultivar {'ABC'[number]}")
    frame.to_csv(path, sep=";", decimal=",", index=False, encoding="latin-1")


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


def patients(path: Path) -> None:
    """Six visits of each of sixty patients, whose own level is in some columns: rows of a patient are alike."""
    rng = np.random.default_rng(14)
    n_patients, n_visits = 60, 6
    patient = np.repeat(np.arange(n_patients), n_visits)
    level = rng.normal(size=n_patients)[patient]
    marks = rng.normal(size=(n_patients, 3))[patient] + rng.normal(0, 0.05, (len(patient), 3))
    dose = rng.uniform(0, 10, len(patient))
    frame = pd.DataFrame({"patient": [f"P{number:03}" for number in patient], "dose": dose.round(2)})
    frame[["mark_a", "mark_b", "mark_c"]] = marks.round(3)
    frame["response"] = (3 * level + 0.8 * dose + rng.normal(0, 0.5, len(patient))).round(3)
    frame.sample(frac=1, random_state=14).to_csv(path, index=False)


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
