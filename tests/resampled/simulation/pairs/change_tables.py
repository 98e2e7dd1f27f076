"""Makes the tables of docs/simulations.md on what changed between two commits."""

from tests.resampled.simulation.drawing import Drawing, Rows
from tests.resampled.simulation.pairs.changes import (
    FITS,
    ROPE,
    judge_changes,
    judge_families,
    judge_learners,
    judge_shape,
    judge_unstable,
)
from tests.resampled.simulation.pairs.wearing import judge_picks, wear_out
from tests.resampled.simulation.unstable import PAIRS

# What is said of a pair; the rest is about stuck fits.
WORDS = ("better", "worse", "level", "better by Nadeau and Bengio", "worse by Nadeau and Bengio")
GAINS = (0.02, 0.03, 0.05)
IN_FAMILIES = ("calm, 0.017", "noisy, 0.1", "no chance in training", "0.35 in 1 of 10, before and now")
WORN, TRIED, SEARCHED = ("calm, 0.017", "noisy, 0.1", "no chance in training"), (1, 5, 20), ((8, 30), (1, 30))
# Fits that are stuck now alone, and the true difference if the others are as good as before.
STUCK_NOW = {"0.65 in 1 of 10, now": -0.007, "0.35 in 1 of 10, now": -0.037}
SHAPED = {"calm, 0.017": 0.03, "noisy, 0.05": 0.03, "noisy, 0.1": 0.05, "0.35 in 1 of 10, now": -0.037}
SHAPES = ((3, 10), (3, 30), (3, 100), (5, 10), (10, 10))  # folds and repeats
# The numbers of real learners, before and now: the same twice, with another penalty and other weights, 12 → 24 hidden
# units, 12 with much penalty → 24, and 6 → 24.
LEARNERS = ((20, 20), (20, 23), (17, 18), (16, 18), (8, 19))


def level_rows(drawing: Drawing) -> Rows:
    """Return what is said of equal nets, and of nets that differ by the rope."""
    cases = [(name, true) for name in FITS for true in (0.0, ROPE)]
    return drawing.rows(("fits", "true difference"), judge_changes, cases, at_once=True, columns=WORDS)


def power_rows(drawing: Drawing) -> Rows:
    """Return how often a gain is found."""
    cases = [(name, true) for name in FITS for true in GAINS]
    return drawing.rows(("fits", "true difference"), judge_changes, cases, at_once=True, columns=WORDS)


def stuck_rows(drawing: Drawing) -> Rows:
    """Return what is said with and without the splits on which a net is stuck."""
    cases = [(name, true) for name, lower in STUCK_NOW.items() for true in (0.0, lower)]
    return drawing.rows(("fits", "true difference"), judge_changes, cases, at_once=True)


def shape_rows(drawing: Drawing) -> Rows:
    """Return what more repeats or more folds find."""
    cases = [(name, *shape, true) for name in SHAPED for shape in SHAPES for true in (0.0, SHAPED[name])]
    headings = ("fits", "folds", "repeats", "true difference")
    return drawing.rows(headings, judge_shape, cases, part=2, at_once=True, columns=WORDS)


def family_rows(drawing: Drawing) -> Rows:
    """Return what is said of eight searches that do not differ."""
    return drawing.rows(("fits",), judge_families, [(name,) for name in IN_FAMILIES], at_once=True)


def unstable_rows(drawing: Drawing) -> Rows:
    """Return what is said of unstable pairs, which are equally good."""
    return drawing.rows(("learners",), judge_unstable, [(kind,) for kind in PAIRS], at_once=True, columns=WORDS)


def learner_rows(drawing: Drawing) -> Rows:
    """Return what is said of real learners, by their numbers."""
    return drawing.rows(("before", "now"), judge_learners, LEARNERS, part=2, columns=("true difference", *WORDS))


def worn_rows(drawing: Drawing) -> Rows:
    """Return what is said of the best of several changes that were tried in turn."""
    cases = [(name, n) for name in WORN for n in TRIED]
    return drawing.rows(("fits", "tried"), wear_out, cases, part=2, at_once=True)


def pick_rows(drawing: Drawing) -> Rows:
    """Return what is said of the picks of searches of equal candidates."""
    cases = [(name, *sizes) for name in WORN for sizes in SEARCHED]
    return drawing.rows(("fits", "candidates before", "now"), judge_picks, cases, part=2, at_once=True)
