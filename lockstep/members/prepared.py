"""What a net is given, which the nets of a split share that are surrounded alike."""

from dataclasses import dataclass
from typing import Any

from torch import Tensor


class EndOfFitError(BaseException):
    """Ends a method of the user's where the net's own work would begin, with what the net is given as arguments.

    No `except Exception` is to keep it.
    """


@dataclass
class Prepared:
    """What the nets are given on the training rows of one split: the same for all that are surrounded alike."""

    X: Any
    y: Any
    fitted: Any = None  # the estimator, with a stub in the place of the net
    random_state: tuple[Any, Tensor] | None = None  # of the other generators and torch's, after the surroundings' fit
    handed_on: tuple[Any, Any] | None = None  # what nets train on instead of the X and y that their `fit` hands on

    def transform(self, X: Any) -> Any:
        """Return what the net is given for other rows."""
        try:
            self.fitted.predict(X)
        except EndOfFitError as captured:
            (X,) = captured.args
        return X
