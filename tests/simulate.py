"""Simulates searches with a known truth, and prints the tables of docs/statistics.md: `python -m tests.simulate`."""

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import partial
from typing import Any

import pandas as pd

from tests.simulation.halving import halve
from tests.simulation.keys import KEY_CASES, judge_keys
from tests.simulation.searches import CASES
from tests.simulation.verdicts import judge, judge_learners

N_DRAWS = 1000
N_CANDIDATES = (30, 200)
N_KEYED = (16, 30, 50)


def mean_of(drawn: Callable[[int], Any], n_draws: int, pool: ProcessPoolExecutor) -> dict[str, float]:
    """Return the means of what is drawn, which depend on the number of draws alone."""
    drawn_numbers = pd.DataFrame([asdict(each) for each in pool.map(drawn, range(n_draws), chunksize=10)])
    return {str(name): float(mean) for name, mean in drawn_numbers.mean().items()}


def table(rows: Iterator[dict[str, Any]]) -> str:
    """Write rows as a table in Markdown."""
    listed = list(rows)
    lines = ["| " + " | ".join(listed[0]) + " |", "|" + "---|" * len(listed[0])]
    lines += ["| " + " | ".join(map(str, row.values())) + " |" for row in listed]
    return "\n".join(lines) + "\n"


def main(n_draws: int = N_DRAWS) -> None:
    with ProcessPoolExecutor() as pool:
        found = {(case, n): mean_of(partial(judge, case, n), n_draws, pool) for n in N_CANDIDATES for case in CASES}
        found["real learners", 24] = mean_of(judge_learners, n_draws, pool)
        one = {case: mean_of(partial(judge, case, 30, n_repeats=1), n_draws, pool) for case in CASES}
        halved = {
            (n, noise): mean_of(partial(halve, n, noise), n_draws, pool) for n in (27, 81) for noise in (0.02, 0.1)
        }
        keys = {(case, n): mean_of(partial(judge_keys, case, n), n_draws, pool) for case in KEY_CASES for n in N_KEYED}
        for case in KEY_CASES:
            few = partial(judge_keys, case, 30, n_repeats=1)
            keys[f"{case}, one repeat", 30] = mean_of(few, n_draws, pool)
    print("The corrected score\n")
    print(table(corrected_row(case, n, means) for (case, n), means in found.items()))
    print("The corrected score of one repeat\n")
    print(table(corrected_row(case, 30, means) for case, means in one.items()))
    print("The set that holds the best\n")
    sets = found | {(f"{case}, one repeat", 30): means for case, means in one.items()}
    print(table(set_row(case, n, means) for (case, n), means in sets.items()))
    print("Halving\n")
    print(table(halving_row(n, noise, means) for (n, noise), means in halved.items()))
    print("The keys that mattered\n")
    print(table(keys_row(case, n, means) for (case, n), means in keys.items()))


def corrected_row(case: str, n: int, means: dict[str, float]) -> dict[str, Any]:
    return {
        "case": case,
        "candidates": n,
        "winner's mean": f"{means['plain_error']:+.4f}",
        "rows alone": f"{means['rows_only_error']:+.4f}",
        "corrected": f"{means['error']:+.4f}",
        "covers": f"{means['covers']:.3f}",
        "width": f"{means['width']:.3f}",
    }


def set_row(case: str, n: int, means: dict[str, float]) -> dict[str, Any]:
    return {
        "search": case,
        "candidates": n,
        "holds the best": f"{means['holds_best']:.3f}",
        "holds every best": f"{means['holds_every_best']:.3f}",
        "share in the set": f"{means['set_share']:.2f}",
        "share tied in pairs": f"{means['tied_share']:.2f}",
    }


def halving_row(n: int, noise: float, means: dict[str, float]) -> dict[str, Any]:
    return {
        "halved candidates": n,
        "a fit's noise": noise,
        "best thrown out": f"{means['lost']:.3f}",
        "given away": f"{means['regret']:.4f}",
        "given away by training all": f"{means['full_regret']:.4f}",
    }


def keys_row(case: str, n: int, means: dict[str, float]) -> dict[str, Any]:
    return {
        "scores": case,
        "candidates": n,
        "a key is claimed wrongly": f"{means['false']:.3f}",
        "lr is claimed": f"{means['found']:.3f}",
    }


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
