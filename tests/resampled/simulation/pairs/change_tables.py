"""Makes the tables of docs/simulations.md on what changed between two commits."""

from typing import Any

import numpy as np

from resampled.pairs.family import BETTER, LEVEL, UNDECIDED, WORSE
from tests.resampled.simulation.drawing import Drawing, Rows, all_means, rate
from tests.resampled.simulation.learners import truth
from tests.resampled.simulation.pairs.changes import (
    FITS,
    ROPE,
    Judged,
    claims,
    judge_changes,
    judge_families,
    judge_learners,
    judge_shape,
    judge_unstable,
)
from tests.resampled.simulation.pairs.wearing import judge_picks, wear_out
from tests.resampled.simulation.unstable import PAIRS

TRUE = (0.02, 0.03, 0.05)
IN_FAMILIES = ("calm, 0.017", "noisy, 0.1", "no chance in training", "0.35 in 1 of 10, before and now")
WORN, TRIED, SEARCHED = ("calm, 0.017", "noisy, 0.1", "no chance in training"), (1, 5, 20), ((8, 30), (1, 30))
# Fits that are stuck now alone, and the true difference if the others are as good as before.
STUCK_NOW = {"0.65 in 1 of 10, now": -0.007, "0.35 in 1 of 10, now": -0.037}

SHAPED = {"calm, 0.017": 0.03, "noisy, 0.05": 0.03, "noisy, 0.1": 0.05, "0.35 in 1 of 10, now": -0.037}
SHAPES = ((3, 10), (3, 30), (3, 100), (5, 10), (10, 10))  # folds and repeats

# The numbers of real learners, before and now.
LEARNERS = {
    "24 hidden units, the same twice": (20, 20),
    "24 hidden units, other penalty and weights": (20, 23),
    "12 → 24 hidden units": (17, 18),
    "12 with much penalty → 24 hidden units": (16, 18),
    "6 → 24 hidden units": (8, 19),
}


def level_rows(drawing: Drawing) -> Rows:
    """Return what is said of equal nets, and of nets that differ by the rope."""
    found = drawing.lists(judge_changes, [(name, true) for name in FITS for true in (0.0, ROPE)])
    return [_level_row(name, found[name, 0.0], found[name, ROPE]) for name in FITS]


def power_rows(drawing: Drawing) -> Rows:
    """Return how often a gain is found."""
    found = drawing.lists(judge_changes, [(name, true) for name in FITS for true in TRUE])
    return [_power_row(name, [found[name, true] for true in TRUE]) for name in FITS]


def stuck_rows(drawing: Drawing) -> Rows:
    """Return what is said with and without the splits on which a net is stuck."""
    cases = [(name, true) for name, lower in STUCK_NOW.items() for true in (0.0, lower)]
    return [_stuck_row(name, true, found) for (name, true), found in drawing.lists(judge_changes, cases).items()]


def shape_rows(drawing: Drawing) -> Rows:
    """Return what more repeats or more folds find."""
    shapes = [(name, *shape) for name in SHAPED for shape in SHAPES]
    cases = [(name, true, *shape) for name, *shape in shapes for true in (0.0, SHAPED[name])]
    found = drawing.lists(judge_shape, cases, part=2)
    return [_shape_row(f, shape, found[f, 0.0, *shape], found[f, SHAPED[f], *shape]) for f, *shape in shapes]


def family_rows(drawing: Drawing) -> Rows:
    """Return what is said of eight searches that do not differ."""
    found = drawing.lists(judge_families, [(name,) for name in IN_FAMILIES])
    return [{"fits": name} | all_means(each) for (name,), each in found.items()]


def learner_rows(drawing: Drawing) -> Rows:
    """Return what is said of unstable pairs and of real learners."""
    unstable = drawing.lists(judge_unstable, [(kind,) for kind in PAIRS])
    learners = drawing.lists(judge_learners, list(LEARNERS.values()), part=2)
    rows = [_real_row(kind, 0.0, found) for (kind,), found in unstable.items()]
    for name, (before, now) in LEARNERS.items():
        rows.append(_real_row(name, truth()[now] - truth()[before], learners[before, now]))
    return rows


def worn_rows(drawing: Drawing) -> Rows:
    """Return what is said of the best of several changes that were tried in turn."""
    found = drawing.lists(wear_out, [(name, n) for name in WORN for n in TRIED], part=2)
    return [{"fits": name, "tried": n} | all_means(each) for (name, n), each in found.items()]


def pick_rows(drawing: Drawing) -> Rows:
    """Return what is said of the picks of searches of equal candidates."""
    found = drawing.lists(judge_picks, [(name, *sizes) for name in WORN for sizes in SEARCHED], part=2)
    return [
        {"fits": f, "candidates": f"{before} → {now}"} | all_means(each) for (f, before, now), each in found.items()
    ]


def _level_row(name: str, equal: list[Judged], apart: list[Judged]) -> dict[str, Any]:
    return {
        "fits": name,
        "better or worse": rate([claims(each.word) for each in equal]),
        "by Nadeau and Bengio": rate([claims(each.corrected) for each in equal]),
        "level": rate([each.word == LEVEL for each in equal]),
        "undecided": rate([each.word == UNDECIDED for each in equal]),
        "level at 0.01": rate([each.word == LEVEL for each in apart]),
    }


def _power_row(name: str, found: list[list[Judged]]) -> dict[str, Any]:
    row: dict[str, Any] = {"fits": name}
    for true, judged in zip(TRUE, found, strict=True):
        row[f"better at {true}"] = rate([each.word == BETTER for each in judged])
        row[f"{true} by Nadeau and Bengio"] = rate([each.corrected == BETTER for each in judged])
    worse = [np.mean([each.word == WORSE for each in judged]) for judged in found]
    return row | {"worse, at most": f"{max(worse):.3f}"}


def _stuck_row(name: str, true: float, judged: list[Judged]) -> dict[str, Any]:
    row: dict[str, Any] = {"fits": name, "true difference": f"{true:g}"}
    for told, attribute in (("all", "word"), ("without the stuck", "others")):
        for word in (BETTER, WORSE):
            row[f"{word}, {told}"] = rate([getattr(each, attribute) == word for each in judged])
    return row | {"counts differ": rate([each.stuck_differ for each in judged])}


def _shape_row(name: str, shape: list[int], equal: list[Judged], apart: list[Judged]) -> dict[str, Any]:
    word = BETTER if SHAPED[name] > 0 else WORSE
    return {
        "fits": name,
        "folds, repeats": f"{shape[0]}, {shape[1]}",
        "better or worse at 0": rate([claims(each.word) for each in equal]),
        "true difference": f"{SHAPED[name]:+g}",
        "found": rate([each.word == word for each in apart]),
        "found by Nadeau and Bengio": rate([each.corrected == word for each in apart]),
    }


def _real_row(name: str, true: float, judged: list[Judged]) -> dict[str, Any]:
    row: dict[str, Any] = {"learners": name, "true difference": f"{true:+.4f}"}
    for word in (BETTER, WORSE):
        row[word] = rate([each.word == word for each in judged])
        row[f"{word} by Nadeau and Bengio"] = rate([each.corrected == word for each in judged])
    return row
