"""What is said where intervals and tests do not hold, or may not."""

import numpy as np

from resampled.means.few import too_narrow

NOT_TESTED = (
    "no intervals and no test: splits in the order of time train on more and more rows, so their scores are not alike"
)


def too_few(y: np.ndarray, n_classes: int, groups: np.ndarray | None) -> str | None:
    """Return a note if intervals may be too narrow, because a class has few rows, or there are few groups.

    `y` is the target, in which classes are 0, 1, …; `n_classes` is 0 for a regression; `groups` are those of the rows.
    """
    return too_narrow(np.bincount(y.astype(int), minlength=n_classes) if n_classes else [], groups)
