"""Whether a learning curve still rises, or has long been falling."""

import math
import re

import numpy as np
import pandas as pd
import pytest

from stages.lib.config import Params
from stages.lib.report.course import WATCHED_REPEATS, course, describe_course, stops_early
from stages.lib.search.curves import N_REPEATS
from tests.project import real_params

NAN = float("nan")


def saturating(n: int, scale: float) -> list[float]:
    """Return a curve that has covered 1 - 1/e of its way after `scale` epochs."""
    return [1 - math.exp(-epoch / scale) for epoch in range(1, n + 1)]


def peaked(n: int, top: int) -> list[float]:
    """Return a curve that rises up to an epoch, and then falls half as fast."""
    return [float(epoch) if epoch <= top else top - (epoch - top) / 2 for epoch in range(1, n + 1)]


@pytest.mark.parametrize(
    ("values", "end", "epoch"),
    [
        (saturating(100, 10), "level", 100),
        (saturating(100, 80), "rising", 80),
        (saturating(10, 50), "rising", 8),
        (saturating(5, 50), "rising", 4),
        (peaked(100, 30), "falling", 30),
        (peaked(100, 60), "falling", 60),
        (peaked(100, 80), "level", 100),  # not for long
        ([1.0] * 50, "level", 50),
        (saturating(4, 50), "unknown", 4),
        ([NAN] * 50, "unknown", 50),
        ([*saturating(49, 10), NAN], "unknown", 50),
    ],
)
def test_the_end_of_a_curve(values: list[float], end: str, epoch: int) -> None:
    found, since, _ = course(np.array(values))
    assert found == end
    assert since == pytest.approx(epoch, abs=0.05 * len(values))  # smoothing moves a peak


@pytest.mark.parametrize(("drift", "end"), [(0.0, "level"), (0.03, "rising"), (-0.03, "falling")])
@pytest.mark.parametrize("n", [20, 100])
def test_noise_is_no_change(n: int, drift: float, end: str) -> None:
    random = np.random.default_rng(0)
    found = [course(np.arange(n) * drift + random.normal(scale=0.02, size=n))[0] for _ in range(200)]
    assert found.count(end) >= 190


def rows(scores: list[float], losses: list[float], spread: float = 0.1) -> pd.DataFrame:
    half = 1.349 / 2 * spread  # to the quartiles
    best = pd.DataFrame({"setting": "best", "valid_score": scores, "valid_loss": losses})
    best = best.assign(valid_score_low=-half, valid_score_high=half)
    other = best.head(1).assign(setting="starting_point", valid_score=0.1, valid_loss=9.0)
    return pd.concat([best, other])


def test_sentences() -> None:
    level, rising, falling = saturating(100, 10), saturating(100, 80), peaked(100, 30)

    def told(scores: list[float], losses: list[float]) -> str:
        return describe_course(rows(scores, losses), False, n_nets=9)

    down = [-value for value in level]
    assert told(level, down) == "The best has levelled off by its last epoch, of 100 epochs."
    assert told(rising, down).startswith("The best still improves at its last epoch: of 100 epochs, those after")
    assert re.fullmatch(
        r"The best has long been getting worse: its score on the hold-out fell by [\d.]+ after epoch 3\d of 100\. "
        r"Fewer epochs may help\.",
        told(falling, down),
    )
    by_heart = told(level, [-value for value in falling])
    assert re.search(r"The loss on the hold-out rose by [\d.]+ after epoch 3\d: the net", by_heart)
    assert told([NAN] * 9, [NAN] * 9).startswith("No rows are held out")
    assert told([0.5] * 2, [0.5] * 2) == "After 2 epochs, the curves say little."
    # The hold-out's score may be missing where its loss is not.
    assert told([NAN] * 100, [-value for value in falling]).startswith("The loss on the hold-out rose")


def test_a_fall_within_the_noise_of_the_hold_outs_is_none() -> None:
    """A fall of 35 counts if it exceeds 2·√2 standard errors of the median."""
    falling, losses = peaked(100, 30), [-value for value in saturating(100, 10)]
    assert "Fewer epochs may help." in describe_course(rows(falling, losses, spread=30), False, n_nets=16)
    for spread, n_nets in ((30, 4), (45, 9)):
        told = describe_course(rows(falling, losses, spread=spread), False, n_nets)
        assert told == "The best has levelled off by its last epoch, of 100 epochs."


def test_with_early_stopping_no_number_of_epochs_is_advised() -> None:
    params = real_params()
    assert not stops_early(Params.model_validate(params), "activation")
    params["model"]["callbacks"] = {"skorch.callbacks.EarlyStopping": {"patience": 5}}
    assert stops_early(Params.model_validate(params), "activation")
    falling = peaked(100, 30)
    told = describe_course(rows(falling, [-value for value in falling]), True, n_nets=9)
    assert told == "EarlyStopping decides when the training of each net ends; the longest of the best took 100 epochs."


def test_as_many_repeats_are_watched_as_the_search_says() -> None:
    assert WATCHED_REPEATS == N_REPEATS
