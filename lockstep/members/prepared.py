"""The rows for a net, shared by the nets of a split with the same steps around them."""

from dataclasses import dataclass
from typing import Any

from torch import Tensor


class EndOfFitError(BaseException):
    """Ends a method of the user's when the net would start to work; its arguments are the net's.

    Not an `Exception`, so that no `except Exception` catches it.
    """


@dataclass
class Prepared:
    """The rows for the nets of one split, the same for all nets with the same steps around them."""

    X: Any
    y: Any
    fitted: Any = None  # the estimator, with a stub in the place of the net
    random_state: tuple[Any, Tensor] | None = (
        None  # of the other generators and torch's, after the fit of the steps around the net
    )
    handed_on: tuple[Any, Any] | None = None  # the X and y to train on instead of those that `fit` passes on

    def transform(self, X: Any) -> Any:
        """Return other rows as the net gets them."""
        try:
            self.fitted.predict(X)
        except EndOfFitError as captured:
            (X,) = captured.args
        return X
