"""Oracle: commits whose true differences are known. `make simulate` draws many more."""

import re

import numpy as np
import pytest

from benchmarks.simulation.headlines import (
    IN_PAIRS,
    KINDS,
    OTHER_ROWS,
    SAME_ROWS,
    draw_commits,
    judge_headlines,
    true_scores,
)
from stages.lib.diff.comparison import compare
from stages.lib.diff.headline import parts


@pytest.mark.parametrize("gains", ["none", "of the hopeless"])
def test_a_headline_is_seldom_wrong(gains: str) -> None:
    """Where all nets of a side share what a row adds, eight searches are no eight witnesses."""
    found = judge_headlines("no chance, rows by side", gains, 8, 4, IN_PAIRS, 60)
    assert np.mean([each["wrong"] for each in found]) <= 0.1


def test_a_gain_of_all_searches_is_found_where_no_pick_shows_it() -> None:
    found = judge_headlines("calm, 0.017", "+0.03", 8, 10, IN_PAIRS, 20)
    assert np.mean([each["all together"] for each in found]) > 0.8
    assert np.mean([each["the kept net"] for each in found]) < 0.5


def test_a_headline_says_better_or_worse_only_of_what_is_claimed_and_its_counts_add_up() -> None:
    rng, truth, n_claimed = np.random.default_rng(4), true_scores("+0.05", 4), 0
    for sides in draw_commits(KINDS["calm, 0.017"], truth, 8, 14, IN_PAIRS, rng):
        changes = compare(*sides)
        verdicts = [changes.kept, changes.together_verdict, *(search.verdict for search in changes.changed)]
        claimed = sum(verdict is not None and verdict.claims for verdict in verdicts)
        text = " ".join(parts(changes))
        assert len(re.findall(r"\b(?:better|worse)\b", text)) == claimed
        others = sum(map(int, re.findall(r"(\d+) (?:level|undecided|unchanged)", text)))
        assert others + sum(search.verdict.claims for search in changes.changed if search.verdict) == len(
            changes.changed
        )
        n_claimed += claimed
    assert n_claimed > 10


@pytest.mark.parametrize("splits", [SAME_ROWS, OTHER_ROWS])
def test_equal_runs_are_seldom_called_more_than_chance(splits: str) -> None:
    found = judge_headlines("no chance in training", "none", 2, 4, splits, 100)
    assert np.mean([each["wrong"] for each in found]) <= 0.08
