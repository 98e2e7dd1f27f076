"""Oracle: scikit-learn's parts put together by hand, on the table as pandas holds it."""

from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

from gridstage.data import Columns
from gridstage.model.preparation import Preparation, learned, take_over
from packages.gridstage.tests.passengers import LABELS, passengers

DATA = passengers()
TRAIN, TEST = np.arange(0, 80), np.arange(80, 120)
SCALERS: dict[str | None, Any] = {
    None: "passthrough",
    "standard": StandardScaler(),
    "minmax": MinMaxScaler(),
    "robust": RobustScaler(),
    "robust_clipped": make_pipeline(
        RobustScaler(), FunctionTransformer(lambda z: z / np.sqrt(1 + (z / 3) ** 2))
    ),
    "quantile": QuantileTransformer(n_quantiles=80, output_distribution="normal"),
}
ALL = list(
    product(
        ["mean", "median", "most_frequent"],
        SCALERS,
        ["onehot", "ordinal"],
        [False, True],
    )
)


def by_hand(
    impute: str, scale: str | None, encode: str, indicator: bool
) -> ColumnTransformer:
    """Return the same preparation of a table whose cells are labels and NaN."""
    labels = [
        np.array([*LABELS["port"], np.nan], dtype=object),
        np.array(LABELS["deck"], dtype=object),
    ]
    if impute == "most_frequent":
        labels[0] = labels[0][:-1]
    encoder = (
        OneHotEncoder(categories=labels, handle_unknown="ignore", sparse_output=False)
        if encode == "onehot"
        else OrdinalEncoder(
            categories=labels,
            handle_unknown="use_encoded_value",
            unknown_value=-1,
            encoded_missing_value=-1,
        )
    )
    imputer = SimpleImputer(strategy=impute)
    first = imputer if impute == "most_frequent" else "passthrough"
    parts = [
        ("numbers", make_pipeline(imputer, SCALERS[scale]), ["age", "fare"]),
        ("booleans", imputer, ["adult"]),
        ("categories", make_pipeline(first, encoder), ["port", "deck"]),
    ]
    if indicator:
        parts.append(
            (
                "missing",
                MissingIndicator(features="all"),
                ["port", "age", "adult", "fare"],
            )
        )
    return ColumnTransformer(parts, sparse_threshold=0)


def cells(X: pd.DataFrame) -> pd.DataFrame:
    """Return a table with labels, and NaN for fares of 0."""
    return X.astype({"port": object, "deck": object}).replace({"fare": {0.0: np.nan}})


@pytest.mark.parametrize(("impute", "scale", "encode", "indicator"), ALL)
def test_rows_are_prepared_as_by_hand(
    impute: str, scale: str | None, encode: str, indicator: bool
) -> None:
    train, test = DATA.X.iloc[TRAIN], DATA.X.iloc[TEST]
    preparation = Preparation(DATA.columns, impute, indicator, scale, encode)
    width = preparation.n_features_out
    found = preparation.fit(train).transform(test)
    expected = (
        by_hand(impute, scale, encode, indicator)
        .fit(cells(train))
        .transform(cells(test))
        .astype(np.float32)
    )
    assert found.dtype == np.float32
    assert found.shape[1] == width
    np.testing.assert_array_equal(found, expected)
    # An array of the same rows is prepared alike, and so are rows by a preparation that takes over.
    array = preparation.columns.as_array(DATA.X)
    np.testing.assert_array_equal(
        clone(preparation).fit(array[TRAIN]).transform(array[TEST]), found
    )
    again = clone(preparation)
    take_over(again, None, learned(preparation, None))
    np.testing.assert_array_equal(again.transform(test), found)


def test_the_same_rows_are_prepared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    preparation = Preparation(DATA.columns, "mean", scale="standard").fit(
        DATA.X.iloc[TRAIN]
    )
    other = clone(preparation).fit(DATA.X.iloc[TRAIN])
    prepared: list[int] = []
    own = preparation.parts_.transform

    def counted(X: np.ndarray) -> np.ndarray:
        prepared.append(len(X))
        return own(X)

    monkeypatch.setattr(preparation.parts_, "transform", counted)
    test = DATA.columns.as_array(DATA.X)[TEST]
    for rows in (test, test.copy(), test[:5], test):
        found = preparation.transform(rows)
        np.testing.assert_array_equal(found, other.transform(rows))
        found[:] = 0.0  # which belongs to the caller
    assert prepared == [40, 5, 40]
    np.testing.assert_array_equal(
        preparation.fit(DATA.X.iloc[TEST]).transform(test),
        clone(other).fit(DATA.X.iloc[TEST]).transform(test),
    )


def test_a_zero_stays_one_where_nothing_is_imputed() -> None:
    columns = Columns({"fare": "number"}, zeros=("fare",))
    X = pd.DataFrame({"fare": [0.0, 2.0, 4.0]})
    assert Preparation(columns).fit_transform(X).tolist() == [[0], [2], [4]]
    assert Preparation(columns, impute="mean").fit_transform(X).tolist() == [
        [3],
        [2],
        [4],
    ]
    # The indicator tells such a zero in either case.
    assert Preparation(columns, indicator=True).fit_transform(X).tolist() == [
        [0, 1],
        [2, 0],
        [4, 0],
    ]


def test_the_width_is_that_of_the_whole_table() -> None:
    """A split without a category, without a missing cell, or with nothing but missing cells has all columns."""
    X = pd.DataFrame(
        {
            "age": [np.nan, np.nan, 3.0, 4.0],
            "port": pd.Categorical(["S", "S", np.nan, "C"], categories=["C", "S"]),
        }
    )
    columns = Columns(
        {"age": "number", "port": "category"},
        {"port": ("C", "S")},
        lacking=("age", "port"),
    )
    for impute in ("mean", "median", "most_frequent"):
        preparation = Preparation(columns, impute, indicator=True, scale="standard")
        for rows in ([0, 1], [2, 3], [3]):
            assert preparation.fit(X.iloc[rows]).transform(X).shape == (
                4,
                preparation.n_features_out,
            )
    nothing = Preparation(columns, "mean", indicator=True).fit(X.iloc[:2])
    # An age that was never seen is 0; port: C, S, missing; where age and port are missing.
    assert nothing.transform(X.iloc[[0, 2, 3]]).tolist() == [
        [0, 0, 1, 0, 1, 0],
        [3, 0, 0, 1, 0, 1],
        [4, 1, 0, 0, 0, 0],
    ]


def test_a_category_never_seen_is_none_of_them() -> None:
    preparation = Preparation(DATA.columns, "mean").fit(DATA.X)
    rows = DATA.X.iloc[:3].astype({"port": object})
    rows["port"] = pd.Series(["Halifax", np.nan, "S"], dtype=object)
    found = preparation.transform(rows)
    assert found[:, 3:7].tolist() == [[0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]]
    rows["port"] = "S"
    rows["deck"] = pd.Categorical([np.nan, "A", "B"])
    assert preparation.transform(rows)[:, 7:].tolist() == [
        [0, 0, 0],
        [1, 0, 0],
        [0, 1, 0],
    ]
