"""What is said where intervals and tests do not hold, or may not."""

import numpy as np

# With fewer rows in the rarest class, or fewer groups, intervals were too narrow in simulations.
FEW_ROWS, FEW_GROUPS = 20, 30

NOT_TESTED = (
    "no intervals and no test: splits in the order of time train on more and more rows, so their scores are not alike"
)


def too_few(y: np.ndarray, n_classes: int, groups: np.ndarray | None) -> str | None:
    """Return a note if intervals may be too narrow, because a class has few rows, or there are few groups.

    `y` is the target, in which classes are 0, 1, …; `n_classes` is 0 for a regression; `groups` are those of the rows.
    """
    reasons = []
    if n_classes and (rarest := int(np.bincount(y.astype(int), minlength=n_classes).min())) < FEW_ROWS:
        reasons.append(f"the rarest class has {rarest} rows (fewer than {FEW_ROWS})")
    if groups is not None and (n_groups := len(np.unique(groups))) < FEW_GROUPS:
        reasons.append(f"there are {n_groups} groups (fewer than {FEW_GROUPS})")
    if not reasons:
        return None
    return (
        f"Intervals may be too narrow, because {' and '.join(reasons)}: those of 95 % held the truth in as little as "
        "86 % of simulations."
    )
