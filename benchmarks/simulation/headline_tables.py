"""Makes the tables of docs/simulations.md on whole headlines, in pairs and of runs apart."""

from collections.abc import Sequence
from typing import Any

from benchmarks.simulation.headlines import IN_PAIRS, KINDS, OTHER_ROWS, SAME_ROWS, Headline, judge_headlines
from tests.resampled.simulation.drawing import Drawing, Rows, rate
from tests.resampled.simulation.tables import Table

# Numbers of searches and of repeats.
SHAPES = ((8, 10), (8, 1), (1, 10), (1, 1))
# What nothing, or not all, may be claimed of.
UNTRUE = {8: ("none", "cancel", "the kept loses", "of the hopeless"), 1: ("none",)}
GAINS = ("+0.02", "+0.03", "+0.05")
POWER = ("calm, 0.017", "calm, rows by side", "no chance, rows by side", "noisy, 0.1")
APART = ("calm, 0.017", "noisy, 0.1", "no chance in training", "0.35 in 1 of 10, before and now")


def wrong_rows(drawing: Drawing) -> Rows:
    """Return how often anything in a headline is wrong."""
    cases = [(kind, gains, *shape, IN_PAIRS) for shape in SHAPES for kind in KINDS for gains in UNTRUE[shape[0]]]
    found = _drawn(drawing, cases)
    return [
        {"fits": kind, "searches, repeats": f"{shape[0]}, {shape[1]}"}
        | {gains: _wrong(found.get((kind, gains, *shape, IN_PAIRS), [])) for gains in UNTRUE[8]}
        for shape in SHAPES
        for kind in KINDS
    ]


def useless_rows(drawing: Drawing) -> Rows:
    """Return how often a gain is claimed that the picks do not have."""
    found = _drawn(drawing, [(kind, "of the hopeless", 8, 10, IN_PAIRS) for kind in KINDS])
    return [{"fits": kind, "claimed": rate([each.useless for each in of])} for (kind, *_), of in found.items()]


def found_rows(drawing: Drawing) -> Rows:
    """Return how often a gain is found."""
    found = _drawn(drawing, [(kind, gains, 8, 10, IN_PAIRS) for kind in POWER for gains in GAINS])
    return [{"fits": kind, "gain": gain} | _better(each) for (kind, gain, *_), each in found.items()]


def apart_rows(drawing: Drawing) -> Rows:
    """Return what is said of two runs apart."""
    runs = [(kind, rows) for kind in APART for rows in (SAME_ROWS, OTHER_ROWS)]
    found = _drawn(drawing, [(kind, gains, 8, 10, rows) for kind, rows in runs for gains in ("none", "+0.05")])
    return [
        {"fits": kind, "rows": rows, "wrong at 0": _wrong(found[kind, "none", 8, 10, rows])}
        | {"found at +0.05": rate([each.any_pick for each in found[kind, "+0.05", 8, 10, rows]])}
        for kind, rows in runs
    ]


TABLES: dict[str, Table] = {
    "Whole headlines: wrong": wrong_rows,
    "Whole headlines: a gain of the hopeless that the picks do not have": useless_rows,
    "Whole headlines: found": found_rows,
    "Whole headlines: runs apart": apart_rows,
}


def _drawn(drawing: Drawing, cases: list[tuple[str, str, int, int, str]]) -> dict[Any, list[Headline]]:
    return drawing.lists(judge_headlines, cases, part=2)


def _wrong(found: Sequence[Headline]) -> str:
    return rate([each.wrong for each in found]) if found else "–"


def _better(found: Sequence[Headline]) -> dict[str, str]:
    return {
        "all together": rate([each.together for each in found]),
        "the kept net": rate([each.kept for each in found]),
        "any pick": rate([each.any_pick for each in found]),
        "anything": rate([each.together or each.kept or each.any_pick for each in found]),
    }
