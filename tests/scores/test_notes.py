"""What is said where intervals may not hold."""

import numpy as np

from stages.lib.scores import too_few


def test_few_rows_of_a_class_and_few_groups_are_told() -> None:
    y = np.repeat([0.0, 1.0], [80, 12])
    assert too_few(y, 2, None) == (
        "Intervals may be too narrow, because the rarest class has 12 rows: with fewer than 30, those of 95 % held the "
        "truth in 92 to 98 % of our simulations, and in as little as 84 % of others."
    )
    assert "because the rarest class has 12 rows and there are 4 groups: with" in str(too_few(y, 2, np.arange(92) % 4))
    assert "because there are 4 groups: with" in str(too_few(np.linspace(0, 1, 92), 0, np.arange(92) % 4))
    assert too_few(np.arange(90) % 3.0, 3, np.arange(90) % 30) is None
