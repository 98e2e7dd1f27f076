"""Oracle: nets whose true gain over a linear model is known. `make simulate` draws many more."""

import numpy as np

from benchmarks.simulation.answers import judge_answer

# Drawn in a hundredth of a second.
CALM, WITHOUT_CHANCE = (f"{training}, 16 nets, 5 folds, 2 repeats" for training in ("calm", "no chance in training"))


def test_a_net_that_is_better_is_advised_and_an_equal_one_hardly_ever() -> None:
    equal, better = ([judge_answer(CALM, gain, draw) for draw in range(40)] for gain in (0.0, 0.03))
    assert np.mean([each["by the rule"] for each in equal]) <= 0.1
    assert np.mean([each["by the rule"] for each in better]) >= 0.3


def test_the_luck_of_the_choice_does_not_speak_for_a_net() -> None:
    drawn = [judge_answer(WITHOUT_CHANCE, 0.0, draw) for draw in range(40)]
    assert np.mean([each["by the means"] for each in drawn]) >= 0.6
    assert np.mean([each["by the rule"] for each in drawn]) <= 0.2
