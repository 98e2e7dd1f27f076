"""Makes the tables of docs/simulations.md on whole headlines, in pairs and of runs apart."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor

from tests.simulation.change_tables import Rows, drawn, rate
from tests.simulation.headlines import IN_PAIRS, KINDS, OTHER_ROWS, SAME_ROWS, Headline, judge_headlines

# Numbers of searches and of repeats.
SHAPES = ((8, 10), (8, 1), (1, 10), (1, 1))
# What nothing, or not all, may be claimed of.
UNTRUE = {8: ("none", "cancel", "the kept loses", "of the hopeless"), 1: ("none",)}
GAINS = ("+0.02", "+0.03", "+0.05")
POWER = ("calm, 0.017", "calm, rows by side", "no chance, rows by side", "noisy, 0.1")
APART = ("calm, 0.017", "noisy, 0.1", "no chance in training", "0.35 in 1 of 10, before and now")


def headline_tables(n_draws: int, pool: ProcessPoolExecutor) -> Iterator[tuple[str, Rows]]:
    """Yield the title and the rows of each table."""
    level = [(kind, gains, *shape, IN_PAIRS) for shape in SHAPES for kind in KINDS for gains in UNTRUE[shape[0]]]
    power = [(kind, gains, 8, 10, IN_PAIRS) for kind in POWER for gains in GAINS]
    apart = [(kind, gains, 8, 10, s) for kind in APART for s in (SAME_ROWS, OTHER_ROWS) for gains in ("none", "+0.05")]
    found = drawn(judge_headlines, level + power + apart, n_draws, pool)

    def wrong(*case: str | int) -> str:
        return rate([each.wrong for each in found[case]]) if case in found else "–"

    yield (
        "Whole headlines: wrong",
        [
            {"fits": kind, "searches, repeats": f"{shape[0]}, {shape[1]}"}
            | {gains: wrong(kind, gains, *shape, IN_PAIRS) for gains in UNTRUE[8]}
            for shape in SHAPES
            for kind in KINDS
        ],
    )
    hopeless = {kind: found[kind, "of the hopeless", 8, 10, IN_PAIRS] for kind in KINDS}
    yield (
        "Whole headlines: a gain of the hopeless that the picks do not have",
        [{"fits": kind, "claimed": rate([each.useless for each in of])} for kind, of in hopeless.items()],
    )
    yield "Whole headlines: found", [{"fits": case[0], "gain": case[1]} | _better(found[case]) for case in power]
    yield (
        "Whole headlines: runs apart",
        [
            {"fits": kind, "rows": rows, "wrong at 0": wrong(kind, "none", 8, 10, rows)}
            | {"found at +0.05": rate([each.any_pick for each in found[kind, "+0.05", 8, 10, rows]])}
            for kind in APART
            for rows in (SAME_ROWS, OTHER_ROWS)
        ],
    )


def _better(found: Sequence[Headline]) -> dict[str, str]:
    return {
        "all together": rate([each.together for each in found]),
        "the kept net": rate([each.kept for each in found]),
        "any pick": rate([each.any_pick for each in found]),
        "anything": rate([each.together or each.kept or each.any_pick for each in found]),
    }
