"""What is said where intervals may not hold."""

import numpy as np

from stages.lib.scores import too_few


def test_few_rows_of_a_class_and_few_groups_are_told() -> None:
    y = np.repeat([0.0, 1.0], [80, 12])
    assert too_few(y, 2, None) == (
        "Intervals may be too narrow, because the rarest class has 12 rows (fewer than 20): those of 95 % held the "
        "truth in as little as 86 % of simulations."
    )
    both = str(too_few(y, 2, np.arange(92) % 4))
    assert "because the rarest class has 12 rows (fewer than 20) and there are 4 groups (fewer than 30): those" in both
    assert "because there are 4 groups (fewer than 30): those" in str(
        too_few(np.linspace(0, 1, 92), 0, np.arange(92) % 4)
    )
    assert too_few(np.arange(90) % 3.0, 3, np.arange(90) % 30) is None
    assert too_few(np.repeat([0.0, 1.0], [80, 20]), 2, None) is None
