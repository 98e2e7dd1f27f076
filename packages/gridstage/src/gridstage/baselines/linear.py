"""scikit-learn's linear models, with the same numbers on every processor.

The sums of BLAS depend on the processor in their last bits. So these models, which are given float64, round to float32
their coefficients and what they predict. Equal rows get equal predictions then, too, wherever they stand.
"""

from typing import Any

import numpy as np
from sklearn import linear_model


def _rounded(numbers: Any) -> np.ndarray:
    return np.asarray(numbers, dtype=np.float32)


class _Rounded:
    coef_: np.ndarray
    intercept_: np.ndarray

    def fit(self, X: Any, y: Any) -> Any:
        """Fit as scikit-learn does."""
        super().fit(X, y)  # type: ignore[misc]
        self.coef_, self.intercept_ = _rounded(self.coef_), _rounded(self.intercept_)
        return self


class LogisticRegression(_Rounded, linear_model.LogisticRegression):
    """A logistic regression with log-odds and coefficients of the precision of float32."""

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the log-odds of each row, float64 of shape (n_rows,) or (n_rows, n_classes)."""
        return _rounded(super().decision_function(X)).astype(np.float64)


class LinearRegression(_Rounded, linear_model.LinearRegression):
    """A linear regression with predictions and coefficients of the precision of float32."""

    def predict(self, X: Any) -> np.ndarray:
        """Return a number for each row, float64 of shape (n_rows,) or (n_rows, 1)."""
        return _rounded(super().predict(X)).astype(np.float64)
