"""Makes the tables of docs/simulations.md on what changed between two commits."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from typing import Any

import numpy as np

from stages.lib.verdicts import BETTER, LEVEL, UNDECIDED, WORSE
from tests.simulation.changes import (
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
from tests.simulation.learners import truth
from tests.simulation.unstable import PAIRS
from tests.simulation.wearing import judge_picks, wear_out

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

Rows = list[dict[str, Any]]


def change_tables(n_draws: int, pool: ProcessPoolExecutor) -> Iterator[tuple[str, Rows]]:
    """Yield the title and the rows of each table."""
    cases = [(name, true) for name in FITS for true in (0.0, ROPE, *TRUE)] + list(STUCK_NOW.items())
    judged = drawn(judge_changes, cases, n_draws, pool)
    yield "What changed: the level", [_level_row(name, judged[name, 0.0], judged[name, ROPE]) for name in FITS]
    yield "What changed: the power", [_power_row(name, [judged[name, true] for true in TRUE]) for name in FITS]
    stuck = [(name, true) for name, lower in STUCK_NOW.items() for true in (0.0, lower)]
    yield "Without the stuck splits", [_stuck_row(*case, judged[case]) for case in stuck]
    fewer = -(-n_draws // 2)
    shapes = [(name, *shape) for name in SHAPED for shape in SHAPES]
    shaped = drawn(judge_shape, [(f, d, *shape) for f, *shape in shapes for d in (0.0, SHAPED[f])], fewer, pool)
    yield (
        "More repeats, or more folds",
        [_shape_row(f, shape, shaped[f, 0.0, *shape], shaped[f, SHAPED[f], *shape]) for f, *shape in shapes],
    )
    families = drawn(judge_families, [(name,) for name in IN_FAMILIES], n_draws, pool)
    yield "Eight searches that changed", [{"fits": name} | _means(found) for (name,), found in families.items()]
    unstable = drawn(judge_unstable, [(kind,) for kind in PAIRS], n_draws, pool)
    learners = drawn(judge_learners, list(LEARNERS.values()), fewer, pool)
    rows = [_real_row(kind, 0.0, found) for (kind,), found in unstable.items()]
    for name, (before, now) in LEARNERS.items():
        rows.append(_real_row(name, truth()[now] - truth()[before], learners[before, now]))
    yield "Pairs of learners", rows
    worn = drawn(wear_out, [(name, n) for name in WORN for n in TRIED], fewer, pool)
    yield "Fresh splits that wear out", [{"fits": name, "tried": n} | _means(each) for (name, n), each in worn.items()]
    picks = drawn(judge_picks, [(name, *sizes) for name in WORN for sizes in SEARCHED], fewer, pool)
    rows = [{"fits": f, "candidates": f"{before} → {now}"} | _means(each) for (f, before, now), each in picks.items()]
    yield "Picks of searches", rows


def drawn(judge: Callable[..., Any], cases: Sequence[Any], n_draws: int, pool: ProcessPoolExecutor) -> dict[Any, Any]:
    waiting = {case: pool.submit(judge, *case, n_draws) for case in cases}
    return {case: each.result() for case, each in waiting.items()}


def rate(found: Sequence[bool]) -> str:
    """Write how often something is so, with its Monte-Carlo standard error."""
    mean = float(np.mean(found))
    return f"{mean:.3f} ± {(mean * (1 - mean) / len(found)) ** 0.5:.3f}"


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


def _means(found: Sequence[Any]) -> dict[str, str]:
    """Write the mean of each attribute, with its Monte-Carlo standard error."""
    columns: dict[str, list[Any]] = {key: [asdict(each)[key] for each in found] for key in asdict(found[0])}
    return {key.replace("_", " "): _mean(values) for key, values in columns.items()}


def _mean(values: list[Any]) -> str:
    if isinstance(values[0], bool):
        return rate(values)
    return f"{np.mean(values):+.4f} ± {np.std(values) / len(values) ** 0.5:.4f}"
