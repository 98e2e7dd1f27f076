"""Makes the tables of docs/simulations.md on whole headlines, in pairs and of runs apart."""

from benchmarks.simulation.headlines import (
    IN_PAIRS,
    KINDS,
    OTHER_ROWS,
    SAME_ROWS,
    judge_headlines,
)
from packages.resampled.tests.simulation.drawing import Table

# Numbers of searches and of repeats, and what nothing, or not all, may be claimed of there.
SHAPES = ((8, 10), (8, 1), (1, 10), (1, 1))
UNTRUE = {8: ("none", "cancel", "the kept loses", "of the hopeless"), 1: ("none",)}
POWER = ("calm, 0.017", "calm, rows by side", "no chance, rows by side", "noisy, 0.1")
APART = (
    "calm, 0.017",
    "noisy, 0.1",
    "no chance in training",
    "0.35 in 1 of 10, before and now",
)

WRONG = [
    (kind, gains, *shape, IN_PAIRS)
    for shape in SHAPES
    for kind in KINDS
    for gains in UNTRUE[shape[0]]
]
USELESS = [(kind, "of the hopeless", 8, 10, IN_PAIRS) for kind in KINDS]
FOUND = [
    (kind, gains, 8, 10, IN_PAIRS)
    for kind in POWER
    for gains in ("+0.02", "+0.03", "+0.05")
]
RUNS = [
    (kind, gains, 8, 10, rows)
    for kind in APART
    for rows in (SAME_ROWS, OTHER_ROWS)
    for gains in ("none", "+0.05")
]


def table(cases: list[tuple[str, str, int, int, str]], *columns: str) -> Table:
    """Return the table of what is said of whole headlines."""
    headings = ("fits", "gains", "searches", "repeats", "splits")
    return Table(
        judge_headlines, headings, cases, part=2, at_once=True, columns=columns
    )


TABLES = {
    "Whole headlines: wrong": table(WRONG, "wrong"),
    "Whole headlines: a gain of the hopeless that the picks do not have": table(
        USELESS, "useless"
    ),
    "Whole headlines: found": table(
        FOUND, "all together", "the kept net", "any pick", "anything"
    ),
    "Whole headlines: runs apart": table(RUNS, "wrong", "any pick"),
}
