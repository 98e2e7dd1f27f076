"""The space of a search: what distributions are, and which candidates are drawn from them."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
from scipy.stats import kstest

from gridstage.config import Distribution
from gridstage.config.space import (
    Space,
    all_candidates,
    drawn_candidates,
    space_size,
    to_distribution,
)

SPACE: Space = {
    "lr": Distribution("loguniform", 0.0003, 0.3),
    "module__dropout_rate": Distribution("uniform", 0.0, 0.6),
    "module__n_neurons": Distribution("logint", 1, 64),
    "max_epochs": Distribution("int", 5, 8),
    "optimizer": ["Adam", "SGD", "NAdam"],
}


def values(key: str, n_candidates: int = 512, seed: int = 7) -> list[Any]:
    return [candidate[key] for candidate in drawn_candidates(SPACE, n_candidates, seed)]


@pytest.mark.parametrize("n_candidates", [1, 20, 65, 200])
def test_a_candidate_is_the_same_however_many_are_drawn(n_candidates: int) -> None:
    drawn = drawn_candidates(SPACE, n_candidates, 7)
    assert drawn == drawn_candidates(SPACE, 1000, 7)[:n_candidates]
    assert list(drawn[0]) == sorted(SPACE)
    assert drawn != drawn_candidates(SPACE, n_candidates, 8)


@pytest.mark.parametrize(
    ("key", "uniform"),
    [
        ("lr", lambda lr: np.log(lr / 0.0003) / np.log(1000)),
        ("module__dropout_rate", lambda rate: np.array(rate) / 0.6),
    ],
)
def test_numbers_are_spread_as_the_distribution_says(key: str, uniform: Any) -> None:
    """Oracle: scipy's test of a uniform distribution; a scrambled sequence is closer to it than chance is."""
    assert kstest(uniform(np.array(values(key))), "uniform").pvalue > 0.99


def test_whole_numbers_and_names_are_spread_evenly() -> None:
    assert {
        type(value) for value in values("max_epochs") + values("module__n_neurons")
    } == {int}
    epochs, optimizers = Counter(values("max_epochs")), Counter(values("optimizer"))
    assert set(epochs) == {5, 6, 7, 8}
    assert max(epochs.values()) - min(epochs.values()) <= 2
    assert max(optimizers.values()) - min(optimizers.values()) <= 2
    # A whole number k stands for k to k + 1, so 1 has log(2) / log(65) of all, as has all from 32 to 63.
    neurons = values("module__n_neurons")
    assert neurons.count(1) / 512 == pytest.approx(np.log(2) / np.log(65), abs=0.01)
    assert sum(32 <= value < 64 for value in neurons) / 512 == pytest.approx(
        np.log(2) / np.log(65), abs=0.01
    )


@pytest.mark.parametrize(
    ("distribution", "share", "value"),
    [
        (Distribution("uniform", 0.0, 0.6), 0.123456, 0.0741),
        (Distribution("uniform", -1.0, 1.0), 0.25, -0.5),
        (Distribution("uniform", 0.99912345, 0.9999), 0.0, 0.99912345),
        (Distribution("uniform", 0.9991, 0.9999), 0.123456, 0.999199),
        (Distribution("loguniform", 0.0003, 0.3), 0.5, 0.00949),
        (Distribution("loguniform", 0.0003, 0.29996), 0.999999, 0.29996),
        (Distribution("int", 1, 4), 0.9999999, 4),
        (Distribution("logint", 1, 64), 0.9999999999999999, 64),
    ],
)
def test_numbers_are_readable_and_within_the_bounds(
    distribution: Distribution, share: float, value: float
) -> None:
    assert distribution.at(share) == value
    assert distribution.low <= distribution.at(share) <= distribution.high


@pytest.mark.parametrize(
    "distribution", [each for each in SPACE.values() if isinstance(each, Distribution)]
)
def test_the_share_below_a_number_leads_back_to_it(distribution: Distribution) -> None:
    for share in (0.01, 0.3, 0.77):
        number = distribution.at(share)
        assert distribution.at(distribution.share(number) + 1e-9) == pytest.approx(
            number
        )


def test_a_small_space_is_drawn_to_its_last_candidate_without_repeats() -> None:
    space: Space = {
        "a": [[1, 2], [3, 4], [5, 6]],
        "b": Distribution("int", 1, 7),
        "c": ["x", "x"],
    }
    assert space_size(space) == 42
    drawn = drawn_candidates(space, 42, 7)
    # Where a list repeats a value, so do the candidates, as in a grid.
    expected = all_candidates(
        {"a": [[1, 2], [3, 4], [5, 6]], "b": list(range(1, 8)), "c": ["x", "x"]}
    )
    assert sorted(drawn, key=repr) == sorted(expected, key=repr)
    assert drawn[:5] == drawn_candidates(space, 5, 7)


def test_what_the_sequence_has_not_reached_is_added(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gridstage.config.space._POINTS_EACH", 0.5)
    space: Space = {"a": list(range(100)), "b": ["x", "y"]}
    drawn = drawn_candidates(space, 200, 7)
    assert len({(each["a"], each["b"]) for each in drawn}) == 200
    assert drawn[:150] == drawn_candidates(space, 150, 7)


@pytest.mark.parametrize(
    ("described", "sentence"),
    [
        ({}, "it should be uniform, loguniform, int or logint, with two bounds"),
        ({"poisson": [0, 1]}, "it should be uniform, loguniform, int or logint"),
        ({"uniform": 3}, "uniform takes two numbers, the low and the high bound"),
        ({"uniform": [False, True]}, "uniform takes two numbers"),
        ({"uniform": [float("nan"), 1]}, "uniform takes two numbers"),
        (
            {"int": [1, 2.5]},
            "int is of whole numbers, so its bounds are whole numbers too",
        ),
        ({"loguniform": [0, 1]}, "both lie in 1e-300 to 1e+15"),
        (
            {"uniform": [0.5, 0.1]},
            "the low bound comes first and is below the high one",
        ),
    ],
)
def test_what_is_wrong_with_a_distribution_is_told(
    described: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the sentence is compared)
        to_distribution(described)
    assert sentence in str(caught.value)
