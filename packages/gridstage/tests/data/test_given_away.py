"""Columns that alone give the target away, against least squares and group means, and what is said of them."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from gridstage.data import (
    Columns,
    Dataset,
    given_away,
    given_away_told,
    is_nearly_perfect,
)

N = 200
RNG = np.random.default_rng(0)
NOISE = pd.DataFrame(RNG.normal(size=(N, 3)), columns=["a", "b", "c"])
CLASSES = (RNG.random(N) < 0.3).astype(float)


def found(
    X: pd.DataFrame, y: Any, classes: tuple[str, ...] = ()
) -> dict[tuple[str, ...], float]:
    texts = {
        str(name): tuple(X[name].cat.categories) for name in X.select_dtypes("category")
    }
    types = {str(name): "category" if name in texts else "number" for name in X}
    return given_away(
        Dataset(X, np.asarray(y, dtype=float), Columns(types, texts), classes)
    )


def test_a_linear_combination_of_two_columns_explains_what_least_squares_says() -> None:
    y = NOISE["a"] - 3 * NOISE["c"] + RNG.normal(scale=0.2, size=N)
    two = NOISE[["a", "c"]]
    assert found(NOISE, y) == {
        ("a", "c"): pytest.approx(LinearRegression().fit(two, y).score(two, y))
    }


def test_of_numbers_each_copy_is_found_also_beside_constants_and_missing_cells() -> (
    None
):
    y = NOISE["a"] + NOISE["b"]
    table = NOISE.assign(
        rounded=(5 * y).round(),
        half=NOISE["a"].where(NOISE["c"] > 0),
        same=1.0,
        copy=y.where(NOISE["c"] < 0),
    )
    assert [*found(table, y)] == [("copy",), ("rounded",)]
    assert found(NOISE, y**2 + NOISE["c"]) == {}
    assert (
        found(
            NOISE.assign(twin=NOISE["a"], same=1.0),
            NOISE["a"] + NOISE["b"] + 5 * CLASSES,
        )
        == {}
    )
    assert found(NOISE[["a"]], y) == found(NOISE.iloc[:, :0], y) == {}


def test_of_classes_the_values_or_ranges_of_a_column_are() -> None:
    texts = pd.Series(
        np.where(CLASSES > 0, "alive", RNG.choice(["dead", "gone"], N))
    ).astype("category")
    table = NOISE.assign(
        word=texts, code=np.where(CLASSES > 0, NOISE["a"] % 1, NOISE["a"] % 1 + 1)
    )
    assert found(table, CLASSES, ("no", "yes")) == {("word",): 1.0, ("code",): 1.0}
    wrong = CLASSES.copy()
    wrong[:10] = 1 - wrong[:10]
    assert found(table, wrong, ("no", "yes")) == {}
    assert (
        found(NOISE, np.arange(N) < 1, ("no", "yes")) == {}
    )  # nearly all rows are of one class


@pytest.mark.parametrize(
    ("columns", "classes", "words"),
    [
        (
            [],
            False,
            "Such a score is rare: is a column made from y? Leave out what is not known when y is",
        ),
        (
            [("low", "high")],
            False,
            "y is given away by low and high alone: 99.99 % of it is explained. Leave out what is not",
        ),
        (
            [("code",), ("word",)],
            True,
            "y is given away by code alone: for 99.99 % of the rows, the class is known. Also by word.",
        ),
    ],
)
def test_it_is_said_in_sentences(
    columns: list[tuple[str, ...]], classes: bool, words: str
) -> None:
    said = given_away_told(dict.fromkeys(columns, 0.99999), "y", classes)
    assert said.startswith(words)


@pytest.mark.parametrize(
    ("scoring", "score", "is_perfect"),
    [
        ("r2", 0.9999, True),
        ("accuracy", 0.99, False),
        ("neg_mean_squared_error", -1e-9, False),
    ],
)
def test_a_score_is_nearly_perfect_where_there_is_a_largest(
    scoring: str, score: float, is_perfect: bool
) -> None:
    assert is_nearly_perfect(scoring, score) == is_perfect
