"""Which inputs matter: the table with intervals, and the sentences."""

import numpy as np
import pandas as pd
import pytest

from resampled.means.ttest import half_width
from resampled.resampling import Resampling
from stages.lib.comparison.inputs import COLUMNS, describe_inputs, inputs_table, with_standing

RNG = np.random.default_rng(5)
FEATURES = ("a", "b", "c")
FOLDS = Resampling.of_folds(3)


def table(resampling: Resampling = FOLDS) -> pd.DataFrame:
    """Return the table of two models, the first of which needs the second column most, and the others hardly."""
    net = np.column_stack([0.002 + 0.001 * RNG.normal(size=30), 0.2 + 0.01 * RNG.normal(size=30), np.zeros(30)])
    return inputs_table({"net": net, "constant": np.zeros((30, 3))}, FEATURES, resampling)


def test_the_largest_comes_first_with_the_corrected_interval() -> None:
    by_split = RNG.normal([0, 5, 1], size=(30, 3))
    found = inputs_table({"net": by_split}, FEATURES, FOLDS)
    assert tuple(found) == COLUMNS
    assert found["column"].tolist() == ["b", "c", "a"]
    assert found["importance"].to_numpy() == pytest.approx(by_split.mean(axis=0)[[1, 2, 0]])
    assert found["ci95"].to_numpy() == pytest.approx(half_width(by_split.T, FOLDS)[[1, 2, 0]])


def test_what_costs_less_than_the_rope_is_told_with_a_reminder() -> None:
    found = with_standing(table(), {"constant": "answer", "net": "net"}, rope=0.01)
    assert found["role"].tolist() == ["answer"] * 3 + ["net"] * 3
    assert found["below_rope"].tolist() == ["true"] * 3 + ["false", "true", "true"]
    text = describe_inputs(found, "net", "accuracy", 0.01)
    assert text.startswith("When a column is shuffled, net loses the most accuracy for b (0.1979 ± ")
    assert text.endswith(
        "). For a and c, net loses less than 0.01 with 95 %. Columns that are correlated stand in for each other, so "
        "without all of these it may lose more."
    )
    assert describe_inputs(found, "constant", "accuracy", 0.01) == "constant looks at none of the inputs."
    one = describe_inputs(with_standing(table(), {"net": "net and answer"}, rope=0.001), "net", "r2", 0.001)
    assert one.endswith(
        "For c, net loses less than 0.001 with 95 %. Columns that are correlated stand in for each other."
    )
    none = with_standing(table().query("column != 'c'"), {"net": "net"}, rope=0.001)
    assert describe_inputs(none, "net", "r2", 0.001).endswith(
        "For no column is it certain, with 95 %, that net loses less than 0.001."
    )


def test_in_the_order_of_time_there_is_no_interval() -> None:
    found = with_standing(table(Resampling(float("nan"))), {"net": "net"}, rope=0.01)
    assert found["ci95"].isna().all()
    assert found["below_rope"].tolist() == ["nan"] * 3
    text = describe_inputs(found, "net", "accuracy", 0.01)
    assert "±" not in text
    assert "95 %" not in text


def test_a_model_without_a_score_is_told() -> None:
    by_split = np.ones((5, 3))
    by_split[2] = np.nan
    found = with_standing(inputs_table({"net": by_split}, FEATURES, FOLDS), {"net": "net"}, rope=0.01)
    assert found["below_rope"].tolist() == ["nan"] * 3
    for each in (found, found[:0]):  # of a baseline without a score, there are no rows
        assert describe_inputs(each, "net", "r2", 0.01) == (
            "What the inputs are worth to net is unknown, because it has no score on some splits."
        )
