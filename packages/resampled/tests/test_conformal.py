"""Intervals and sets from out-of-sample predictions, against ranks by hand and a known truth."""

import math
from fractions import Fraction

import numpy as np
import pytest

from packages.resampled.tests.simulation import conformal, real_tables
from packages.resampled.tests.simulation.drawing import mean
from resampled.conformal import (
    FEWEST,
    conformal_quantiles,
    interval_score,
    interval_steps,
    least_probabilities,
    quantiles,
)

RNG = np.random.default_rng(49)


@pytest.mark.parametrize("level", ["0.5", "0.8", "0.9", "0.95", "0.99"])
def test_a_quantile_has_the_rank_of_the_finite_sample(level: str) -> None:
    """Oracle: ranks in exact fractions."""
    for n in (1, 2, 8, 9, 10, 19, 20, 60, 98, 99, 100, 1000):
        scores, rank = (
            RNG.permutation(n).astype(float),
            math.ceil((n + 1) * Fraction(level)),
        )
        (found,) = conformal_quantiles(scores, [float(level)])
        assert found == (rank - 1 if rank <= n else math.inf)
        (plain,) = quantiles(scores, [float(level)])
        assert plain == np.quantile(scores, float(level), method="inverted_cdf")


def test_repeats_of_a_row_count_once() -> None:
    scores = RNG.exponential(size=57)
    once = conformal_quantiles(scores, [0.5, 0.9, 0.95])
    rows = np.repeat(np.arange(57), 10)
    assert np.array_equal(
        conformal_quantiles(scores[rows], [0.5, 0.9, 0.95], rows), once
    )
    # Ten predictions of eight rows are not 80 rows.
    assert conformal_quantiles(
        RNG.exponential(size=80), [0.9], np.tile(np.arange(8), 10)
    ).tolist() == [math.inf]
    # Groups of any size and number: one large one has no more to say than a small one.
    groups = np.repeat([70, 3, 5], [1000, 1, 1])
    own = np.concatenate([np.zeros(1000), [1.0, 2.0]])
    assert conformal_quantiles(own, [0.5, 0.74, 0.76], groups).tolist() == [
        1,
        2,
        math.inf,
    ]


def test_too_few_rows_or_predictions_have_no_interval() -> None:
    observed = RNG.normal(size=9)
    steps = interval_steps(observed, np.zeros(9))
    assert steps is not None
    assert steps.half_widths.tolist() == [np.abs(observed).max()]
    assert interval_steps(observed[:8], np.zeros(8)) is None
    assert interval_steps(observed[:0], np.zeros(0)) is None


@pytest.mark.parametrize("stray", [np.nan, np.inf, -np.inf])
def test_a_prediction_that_is_not_finite_is_wrong_at_any_width(stray: float) -> None:
    observed, predicted = RNG.normal(size=200), np.zeros(200)
    predicted[:10] = stray
    steps = interval_steps(observed, predicted)
    assert steps is not None
    assert steps.half_widths.tolist() == [
        np.sort(np.abs(observed[10:]))[math.ceil(201 * 0.9) - 1]
    ]
    predicted[:25] = stray
    assert interval_steps(observed, predicted) is None


def test_steps_are_wider_where_the_model_is_worse_and_only_there() -> None:
    predicted = RNG.uniform(size=1000)
    noise = RNG.normal(size=1000)
    steps = interval_steps(
        predicted + noise * np.where(predicted > 0.5, 1, 0.1), predicted
    )
    assert steps is not None
    assert len(steps.edges) >= 1
    low, high = steps.at(np.array([0.1, 0.9]))
    assert low < 0.3 < 1.3 < high
    alike = interval_steps(predicted + noise, predicted)
    assert alike is not None
    assert alike.half_widths[0] == pytest.approx(1.645, abs=0.15)
    assert len(alike.half_widths) == 1


def test_a_prediction_at_an_edge_belongs_to_the_step_below() -> None:
    predicted, noise = np.repeat([1.0, 2.0], 400), RNG.normal(size=800)
    steps = interval_steps(predicted + noise * np.repeat([0.1, 9], 400), predicted)
    assert steps is not None
    assert steps.edges.tolist() == [1.0]
    assert steps.at(np.array([1.0]))[0] < 1 < 5 < steps.at(np.array([1.001]))[0]
    steps = interval_steps(predicted + noise * np.repeat([0, 9], 400), predicted)
    assert steps is not None
    assert len(steps.half_widths) == 1  # a step without an error has no scale


def test_predictions_that_are_alike_make_no_step_of_few_rows() -> None:
    predicted = np.concatenate([np.zeros(795), np.arange(1.0, 6.0)])
    steps = interval_steps(
        predicted + RNG.normal(size=800) * (1 + 9 * predicted), predicted
    )
    assert steps is not None
    assert steps.edges.tolist() == []
    few = RNG.uniform(size=2 * FEWEST - 1)
    steps = interval_steps(few * RNG.normal(size=len(few)) + few, few)
    assert steps is not None
    assert steps.edges.tolist() == []


def test_the_interval_score_is_least_at_the_quantile() -> None:
    residuals = np.abs(RNG.normal(size=4000))
    widths = np.linspace(0.5, 3, 251)
    best = widths[
        np.argmin(
            [
                interval_score(np.full(4000, each), residuals, 0.9).mean()
                for each in widths
            ]
        )
    ]
    assert best == pytest.approx(np.quantile(residuals, 0.9), abs=0.03)


def test_sets_take_what_is_as_probable_as_nine_in_ten_true_classes() -> None:
    of_true = RNG.permutation(99) / 100
    assert least_probabilities(of_true, [0.9, 0.99]).tolist() == [0.09, 0.0]
    assert least_probabilities(of_true[:8], [0.9]).tolist() == [0.0]  # all classes
    assert least_probabilities(np.append(of_true[:20], np.nan), [0.99]).tolist() == [
        0.0
    ]


# Where steps gain over one width, by the interval score; elsewhere they cost nearly nothing.
GAINS = {
    "alike everywhere": (0.99, 1.02),
    "heavy tails": (0.99, 1.02),
    "fans out": (0.75, 0.93),
    "multiplied": (0.75, 0.94),
}


@pytest.mark.parametrize("name", GAINS)
def test_intervals_hold_nine_in_ten_and_steps_gain_where_noise_follows_the_prediction(
    name: str,
) -> None:
    judged = [conformal.judge_intervals(name, 200, draw) for draw in range(40)]
    assert mean(judged, "covers, steps") == pytest.approx(0.9, abs=0.025)
    assert mean(judged, "covers, one width") == pytest.approx(0.9, abs=0.025)
    low, high = GAINS[name]
    assert low <= mean(judged, "score of steps, relative") <= high
    if high < 1:
        assert mean(judged, "off by fifth, steps") < 0.6 * mean(
            judged, "off by fifth, one width"
        )


def test_intervals_of_60_rows_and_of_new_groups_hold_nine_in_ten_or_more() -> None:
    judged = [
        conformal.judge_intervals("alike everywhere", 60, draw) for draw in range(80)
    ]
    assert mean(judged, "covers, steps") == pytest.approx(0.9, abs=0.025)
    judged = [conformal.judge_groups("groups of 20", 20, draw) for draw in range(40)]
    assert 0.9 <= mean(judged, "covers, by groups") <= 0.97
    assert mean(judged, "covers, by rows") < mean(judged, "covers, by groups")


def test_sets_hold_the_class_as_often_as_they_say() -> None:
    for level in (0.8, 0.9, 0.95):
        judged = [conformal.judge_sets(200, level, draw) for draw in range(40)]
        assert mean(judged, "covers") == pytest.approx(level, abs=0.02)
        assert 1 <= mean(judged, "labels in a set") < 1.8


@pytest.mark.parametrize(
    ("name", "model"),
    [("diabetes, 442 rows", "linear")]
    + [
        pytest.param(name, model, marks=pytest.mark.long)
        for name in real_tables.NUMBERS
        for model in real_tables.LEARNERS
    ],
)
def test_intervals_hold_nine_in_ten_rows_of_real_tables(name: str, model: str) -> None:
    judged = [real_tables.judge_table(name, model, draw) for draw in range(15)]
    assert mean(judged, "covers") == pytest.approx(0.9, abs=0.03)


def test_sets_hold_the_class_of_rows_of_a_real_table() -> None:
    judged = [
        real_tables.judge_table("Pima, diabetes, 724 rows", "linear", draw)
        for draw in range(15)
    ]
    assert mean(judged, "covers, 90%") == pytest.approx(0.9, abs=0.02)
    assert mean(judged, "labels, 90%") < 1.5
