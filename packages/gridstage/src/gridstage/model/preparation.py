"""Prepares rows for a net with scikit-learn's parts: imputes, scales, encodes, and says where a cell was missing."""

import warnings
from collections.abc import Callable, Iterator, Mapping
from hashlib import md5
from typing import Any

import numpy as np
from sklearn import preprocessing
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from gridstage.data import Columns
from gridstage.model.hold_out import GroupedRows, without_groups

# The code of a category that is missing or was never seen, where categories are numbered.
_NO_CATEGORY = -1

# What `RobustClipped` leaves of the largest numbers, in differences of quartiles.
CLIPPED_AT = 3.0


class Quantiles(preprocessing.QuantileTransformer):
    """A QuantileTransformer that does not warn of rows fewer than its quantiles."""

    def fit(self, X: Any, y: Any = None) -> "Quantiles":
        """Find the quantiles of each column."""
        with warnings.catch_warnings(action="ignore", category=UserWarning):
            return super().fit(X)


class RobustClipped(TransformerMixin, BaseEstimator):
    """Scales numbers by their median and quartiles, and clips them smoothly, so that outliers stay near the others.

    x becomes z / sqrt(1 + (z / 3)²) with z = (x - median) / (upper - lower quartile); half of the range stands for
    quartiles that are equal (Holzmüller et al. 2024, "Better by default", section 3.1).
    """

    def fit(self, X: Any, y: Any = None) -> "RobustClipped":
        """Find the median and the scale of each column, shape (n_columns,)."""
        percentiles = np.nanpercentile(X, [0, 25, 50, 75, 100], axis=0)
        least, lower, self.center_, upper, largest = percentiles
        scale = np.where(upper > lower, upper - lower, (largest - least) / 2)
        self.scale_ = np.where(scale > 0, scale, 1.0)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return scaled numbers, float64."""
        z = (np.asarray(X, dtype=np.float64) - self.center_) / self.scale_
        return z / np.sqrt(1 + (z / CLIPPED_AT) ** 2)


def make_scaler(name: str | None) -> Any:
    """Return the unfitted scaler that `prepare.scale` or `prepare.target` names; quantiles become a normal shape."""
    scalers = {
        "standard": preprocessing.StandardScaler(),
        "minmax": preprocessing.MinMaxScaler(),
        "robust": preprocessing.RobustScaler(),
        "robust_clipped": RobustClipped(),
        "quantile": Quantiles(output_distribution="normal", random_state=0),
    }
    return scalers[name] if name else None


class Preparation(TransformerMixin, BaseEstimator):
    """Turns the rows of a table into what a net takes, as `prepare` of params.yaml says.

    The columns of the result are the numbers, the booleans, the categories, each kind in the order of the table, and
    the indicators. Their number depends on the table and the parameters alone, not on the rows of a fit. A column of
    which every cell is missing in these is imputed with 0, or with the first category.
    """

    def __init__(
        self,
        columns: Columns,
        impute: Any = None,
        indicator: bool = False,
        scale: Any = None,
        encode: str = "onehot",
    ) -> None:
        self.columns, self.impute, self.indicator = columns, impute, indicator
        self.scale, self.encode = scale, encode

    @property
    def n_features_out(self) -> int:
        """The width of the result."""
        n_codes = len(self.columns.categories)
        if self.encode == "onehot":
            n_codes = sum(map(len, self.codes()))
        n_numbers = len(self.columns.at("number", "boolean"))
        return n_numbers + n_codes + len(self.indicated())

    def fit(self, X: Any, y: Any = None) -> "Preparation":
        """Find means, scales and so on of training rows; `X` is a DataFrame, or what `rows` made of it."""
        array, _ = without_groups(self.columns.as_array(X), len(self.columns.types))
        self.n_features_in_ = array.shape[1]
        self.parts_ = ColumnTransformer(list(self._parts()))
        self._last = _seen(array), self._prepared(array, self.parts_.fit_transform)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return float32 of shape (n_rows, n_features_out), with the groups that `X` has in a further column."""
        check_is_fitted(self)
        n_columns = len(self.columns.types)
        array, groups = without_groups(self.columns.as_array(X), n_columns)
        # The nets of a split share a preparation, and are all scored on the same rows.
        seen = _seen(array)
        if self._last[0] != seen:
            self._last = seen, self._prepared(array, self.parts_.transform)
        result = self._last[1].copy()
        return result if groups is None else GroupedRows.of(result, groups)

    def _prepared(
        self, array: np.ndarray, by: Callable[[np.ndarray], np.ndarray]
    ) -> np.ndarray:
        marked = self._marked(array)
        prepared = by(marked if self.impute else array)
        indicators = np.isnan(marked[:, self.indicated()])
        return np.column_stack([prepared, indicators]).astype(np.float32, order="C")

    def _parts(self) -> Iterator[tuple[str, Any, list[int]]]:
        imputer = None
        if self.impute:
            imputer = SimpleImputer(strategy=self.impute, keep_empty_features=True)
        common = imputer if self.impute == "most_frequent" else None
        numbers = {"impute": imputer, "scale": make_scaler(self.scale)}
        parts = {
            "number": ("numbers", numbers),
            "boolean": ("booleans", {"impute": imputer}),
            "category": ("categories", {"impute": common, "encode": self._encoder()}),
        }
        for kind, (name, steps) in parts.items():
            used = [(step, part) for step, part in steps.items() if part is not None]
            if positions := self.columns.at(kind):
                yield name, Pipeline(used) if used else "passthrough", positions

    def _encoder(self) -> BaseEstimator:
        codes = self.codes()
        if self.encode == "onehot":
            return preprocessing.OneHotEncoder(
                categories=codes,
                handle_unknown="ignore",
                sparse_output=False,
                dtype=np.float32,
            )
        return preprocessing.OrdinalEncoder(
            categories=codes,
            handle_unknown="use_encoded_value",
            unknown_value=_NO_CATEGORY,
            encoded_missing_value=_NO_CATEGORY,
        )

    def codes(self) -> list[np.ndarray]:
        """Return the codes of each category column, with NaN for a missing category that is one of its own."""
        own = () if self.impute == "most_frequent" else self.columns.lacking
        codes = []
        for name, labels in self.columns.categories.items():
            of_labels = np.arange(float(len(labels)))
            codes.append(np.append(of_labels, np.nan) if name in own else of_labels)
        return codes

    def indicated(self) -> list[int]:
        """Return the positions of the columns that get another one, which says where a cell is missing."""
        if not self.indicator:
            return []
        return self.columns.positions(self.columns.lacking + self.columns.zeros)

    def _marked(self, X: np.ndarray) -> np.ndarray:
        """Return rows with NaN for zeros that mean a missing value."""
        if not self.columns.zeros:
            return X
        marked = X.copy()
        for i in self.columns.positions(self.columns.zeros):
            marked[marked[:, i] == 0, i] = np.nan
        return marked


def _seen(array: np.ndarray) -> tuple[Any, ...]:
    return array.shape, md5(array.tobytes(), usedforsecurity=False).digest()


def learned(
    preparation: Preparation | None, scaler: BaseEstimator | None
) -> dict[str, np.ndarray]:
    """Return the numbers that a fitted preparation, and a fitted scaler of the target, have found.

    Their names are those of the part and of its attribute, such as `prepare.numbers.scale.mean_` and `target.mean_`.
    """
    numbers = {}
    for place, part, key in _numbers(preparation, scaler):
        numbers[f"{place}.{key}"] = vars(part)[key]
    return numbers


def take_over(
    preparation: Preparation | None,
    scaler: BaseEstimator | None,
    numbers: Mapping[str, Any],
) -> None:
    """Fit a preparation, and give it and a scaler that is fitted on a few rows the numbers that `learned` returned.

    Raises `KeyError` if a number is missing.
    """
    if preparation is not None:
        # The fit of any rows sets what scikit-learn keeps besides these numbers.
        preparation.fit(np.zeros((2, len(preparation.columns.types))))
    for place, part, key in _numbers(preparation, scaler):
        setattr(part, key, np.asarray(numbers[f"{place}.{key}"]))


def _numbers(
    preparation: Preparation | None, scaler: BaseEstimator | None
) -> Iterator[tuple[str, BaseEstimator, str]]:
    """Yield the parts of scikit-learn, and the names of their attributes that are arrays of numbers."""
    parts = {} if scaler is None else {"target": scaler}
    for name, part, _ in preparation.parts_.transformers_ if preparation else ():
        if isinstance(part, Pipeline):
            parts |= {f"prepare.{name}.{step}": each for step, each in part.steps}
    for place, part in parts.items():
        for key, value in vars(part).items():
            is_array = key.endswith("_") and isinstance(value, np.ndarray)
            if is_array and value.dtype.kind == "f":
                yield place, part, key
