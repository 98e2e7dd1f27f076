"""What is said of several searches at once, of fewer repeats, and of searches with another name."""

from typing import Any

import numpy as np

from tests.diff.commits import UNCHANGED, Commits, scores


def test_fewer_repeats_of_the_same_scores_change_nothing(commits: Commits, said: Any) -> None:
    commits.params["cv"]["n_repeats"] = 5
    commits.searches = {name: {each: s[:15] for each, s in found.items()} for name, found in commits.searches.items()}
    commits.fresh = {name: (params, each[:15], stuck) for name, (params, each, stuck) in commits.fresh.items()}
    commits.commit("after")
    assert said("before", "after")[0] == (
        f"{UNCHANGED} Unchanged: all scores are the same. Differs: cv.n_repeats: 10 → 5."
    )


def test_a_gain_of_all_searches_is_said_before_what_is_undecided(commits: Commits, said: Any) -> None:
    """As after the inputs are scaled: the kept net's own gain could be chance."""
    rng = np.random.default_rng(3)
    for found in commits.searches.values():
        for params in found:
            found[params] = found[params] + 0.05 + rng.normal(scale=0.004, size=30)
    for name, noise in (("lr", 0.01), ("width", 0.2)):
        params, each, stuck = commits.fresh[name]
        commits.fresh[name] = (params, each + 0.05 + (drawn := rng.normal(scale=noise, size=30)) - drawn.mean(), stuck)
    commits.params["prepare"] = {"scale": "standard"}
    commits.commit("after")
    first = said("before", "after")[0]
    assert first.startswith("Use linear, as before; the kept net, width: undecided, +0.0500 ± ")
    assert ". 2 searches changed: undecided on average over 4 shared candidates (+0.0" in first
    assert first.endswith(", lr better (p < 0.0001), 1 undecided. Cause: prepare.scale: null → standard.")


def test_a_gain_of_all_candidates_and_picks_is_one_of_all_searches(commits: Commits, said: Any) -> None:
    gain = 0.02 + scores(0.0, 9, 0.001) / 10
    commits.searches = {name: {key: s + gain for key, s in found.items()} for name, found in commits.searches.items()}
    for name in ("lr", "width"):
        params, each, stuck = commits.fresh[name]
        commits.fresh[name] = (params, each + gain, stuck)
    commits.commit("after")
    told = "better on average over 4 shared candidates (+0.0200 ± 0.0030, p < 0.0001; their picks +0.0200 ± 0.00"
    assert told in said("before", "after")[0]


def test_of_several_searches_the_verdicts_are_counted(commits: Commits, said: Any) -> None:
    commits.kept = "linear"
    commits.commit("middle")
    commits.fresh["lr"] = ("lr=0.2", scores(0.80, 9), "")
    commits.fresh["width"] = ("module__n_neurons=5", commits.fresh["width"][1] + scores(0, 8, 0.001) / 20, "")
    commits.commit("after")
    first = said("middle", "after")[0]
    assert first == (
        "Use linear, as before; the kept net, linear, is unchanged. 2 searches changed: lr better (p < 0.0001), "
        "1 level."
    )


def test_searches_whose_own_splits_differ_are_judged_by_their_picks_alone(commits: Commits, said: Any) -> None:
    """The first repeat of a search follows the order of the file, unless it is shuffled; fresh splits always are."""
    commits.params["cv"]["shuffle"] = True
    for name in ("lr", "width"):
        params, each, stuck = commits.fresh[name]
        commits.fresh[name] = (params, each + 0.05 + scores(0.0, 9, 0.001) / 10, stuck)
        commits.searches[name] = {key: s + 0.05 for key, s in commits.searches[name].items()}
    commits.commit("after")
    text = "\n".join(said("before", "after"))
    assert "2 searches changed: " in text
    assert "lr better (p < 0.0001)" in text
    assert "on average" not in text


def test_two_splits_have_no_interval(commits: Commits, said: Any) -> None:
    commits.params["cv"] |= {"n_splits": 2, "n_repeats": 1}
    commits.searches = {name: {each: s[:2] for each, s in found.items()} for name, found in commits.searches.items()}
    commits.fresh = {name: (params, each[:2], stuck) for name, (params, each, stuck) in commits.fresh.items()}
    commits.commit("few")
    for name in ("lr", "width"):
        params, each, stuck = commits.fresh[name]
        commits.fresh[name] = (params, each + np.array([0.04, 0.05]), stuck)
    commits.commit("after")
    text = "\n".join(said("few", "after"))
    assert "width: not tested, +0.0450 on the splits" in text
    assert "2 not tested" in text
    assert "±" not in text
    assert "±" not in "\n".join(said("--md", "few", "after"))
