"""Settings and scores as text."""

import pytest

from gridstage.common import (
    format_p,
    format_params,
    format_score,
    score_decimals,
    shares_in_words,
    short_key,
    short_params,
)


def test_settings_are_written_as_in_params_yaml() -> None:
    settings = {"a": 1e-05, "b": None, "c": True, "d": "Adamax", "e": 2.0, "f": 10}
    assert format_params(settings) == "a=1e-05, b=null, c=true, d=Adamax, e=2.0, f=10"


def test_settings_are_shown_without_the_part_of_the_net() -> None:
    written = "lr=0.1, module__weight_init=kaiming_uniform_, optimizer__betas=[0.9, 0.99], module=my__nets.Deep"
    assert (
        short_params(written)
        == "lr=0.1, weight_init=kaiming_uniform_, betas=[0.9, 0.99], module=my__nets.Deep"
    )


def test_what_belongs_to_a_callback_keeps_its_name() -> None:
    written = "callbacks__EarlyStopping__patience=5, callbacks__LRScheduler=null, prepare__scale=null, lr=0.1"
    assert (
        short_params(written)
        == "EarlyStopping patience=5, LRScheduler=null, scale=null, lr=0.1"
    )
    assert (
        short_params(f"prepare__impute=mean, {written}")
        == f"impute=mean, {short_params(written)}"
    )
    assert short_key("iterator_train__shuffle") == "shuffle"


@pytest.mark.parametrize(
    ("scores", "decimals"),
    [
        ([0.7, 0.651042], 4),
        ([-0.31, 0.02], 4),
        ([999.9], 4),
        ([0.5, -1234.5], 2),
        ([-7_654_321.0, 0.5], 0),
        ([0.0012, float("nan")], 6),
        ([0.0, -1.23e-7], 10),
        ([float("nan")], 4),
        ([0.0], 6),
    ],
)
def test_decimals_follow_the_largest_score(scores: list[float], decimals: int) -> None:
    assert score_decimals(scores) == decimals


def test_scores_are_written_in_their_size() -> None:
    assert format_score(0.651042, 4) == "0.6510"
    assert format_score(-1_234_567.89, 0) == "-1,234,570"
    assert format_score(-0.00001, 4) == "0.0000"
    assert format_score(0.0112, 4, "+") == "+0.0112"
    assert format_score(float("nan"), 4) == "–"


def test_a_small_p_is_a_bound() -> None:
    written = {
        1.0: "1.0000",
        0.01768: "0.0177",
        0.0001: "0.0001",
        0.00009: "< 0.0001",
        0.0: "< 0.0001",
    }
    assert {p: format_p(p) for p in written} == written
    assert format_p(float("nan")) == "–"


@pytest.mark.parametrize(
    ("worse", "equal", "better", "phrases"),
    [
        (0.01, 0.96, 0.03, ["a 96 % chance that the two differ by less than 5 k€"]),
        (0.97, 0.02, 0.01, ["a 97 % chance that it is worse by more than 5 k€"]),
        (
            0.09,
            0.83,
            0.08,
            [
                "an 83 % chance that the two differ by less than 5 k€",
                "a 9 % chance that it is worse by more",
                "an 8 % chance that it is better by more",
            ],
        ),
        (
            0.0,
            0.004,
            0.996,
            ["a chance of over 99 % that it is better by more than 5 k€"],
        ),
    ],
)
def test_three_shares_make_phrases(
    worse: float, equal: float, better: float, phrases: list[str]
) -> None:
    assert (
        shares_in_words({"worse": worse, "equal": equal, "better": better}, "5 k€")
        == phrases
    )
