"""Simulates searches with a known truth, and prints the tables of docs/simulations.md: `python -m tests.simulate`."""

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import partial
from typing import Any

import pandas as pd

from tests.simulation.change_tables import change_tables
from tests.simulation.corners import judge_one_repeat, judge_small_units
from tests.simulation.fresh import TRAININGS, judge_fresh
from tests.simulation.halving import halve
from tests.simulation.keys import KEY_CASES, judge_keys
from tests.simulation.labelled import TABLES, judge_table
from tests.simulation.searches import CASES
from tests.simulation.unstable import PAIRS, excluded, many_pairs
from tests.simulation.verdicts import judge, judge_learners
from tests.simulation.whole import judge_whole

N_DRAWS = 1000
N_CANDIDATES = (30, 200)
N_KEYED = (16, 30, 50)
# Least shares of the variance that all splits have in common; the third is what is used.
SHARES = (0.0, 0.1, 0.2, 0.3)


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


def main(n_draws: int = N_DRAWS, n_processes: int | None = None) -> None:
    fewer = -(-n_draws // 2)  # of the newer cases
    with ProcessPoolExecutor(n_processes) as pool:
        for title, rows in change_tables(n_draws, pool):
            print(f"{title}\n\n{table(iter(rows))}", flush=True)
        few = partial(errors_of, n_draws=fewer, pool=pool)
        print("The set that holds the best: unstable pairs\n")
        drawn = {kind: many_pairs(kind, 4 * fewer) for kind in PAIRS}
        pairs = {kind: {share: excluded(scores, share) for share in SHARES} for kind, scores in drawn.items()}
        print(table(pair_row(kind, found) for kind, found in pairs.items()))
        print("Intervals on other tables\n")
        print(table({"table": name} | covered_row(few(partial(judge_table, name))) for name in TABLES))
        print("Equal learners on fresh splits\n")
        print(table({"training": name} | fresh_row(few(partial(judge_fresh, name))) for name in TRAININGS))
        print("Corners\n")
        corners = {"one repeat, equal differences": judge_one_repeat, "small units": judge_small_units}
        print(table(corner_row(name, few(judged)) for name, judged in corners.items()))
        print("The choice among all searches\n")
        print(table({"case": case} | whole_row(few(partial(judge_whole, case))) for case in CASES), flush=True)

        found = {(case, n): mean_of(partial(judge, case, n), n_draws, pool) for n in N_CANDIDATES for case in CASES}
        found["real learners", 24] = mean_of(judge_learners, n_draws, pool)
        one = {case: mean_of(partial(judge, case, 30, n_repeats=1), n_draws, pool) for case in CASES}
        print("The corrected score\n")
        print(table(corrected_row(case, n, means) for (case, n), means in found.items()))
        print("The corrected score of one repeat\n")
        print(table(corrected_row(case, 30, means) for case, means in one.items()))
        print("The set that holds the best\n")
        sets = found | {(f"{case}, one repeat", 30): means for case, means in one.items()}
        print(table(set_row(case, n, means) for (case, n), means in sets.items()), flush=True)

        halved = {
            (n, noise): mean_of(partial(halve, n, noise), n_draws, pool) for n in (27, 81) for noise in (0.02, 0.1)
        }
        keys = {(case, n): mean_of(partial(judge_keys, case, n), n_draws, pool) for case in KEY_CASES for n in N_KEYED}
        for case in KEY_CASES:
            keys[f"{case}, one repeat", 30] = mean_of(partial(judge_keys, case, 30, n_repeats=1), n_draws, pool)
    print("Halving\n")
    print(table(halving_row(n, noise, means) for (n, noise), means in halved.items()))
    print("The keys that mattered\n")
    print(table(keys_row(case, n, means) for (case, n), means in keys.items()))


Errors = dict[str, tuple[float, float]]


def errors_of(drawn: Callable[[int], Any], n_draws: int, pool: ProcessPoolExecutor) -> Errors:
    """Return the means of what is drawn, each with its Monte-Carlo standard error."""
    numbers = pd.DataFrame([asdict(each) for each in pool.map(drawn, range(n_draws), chunksize=10)]).astype(float)
    return {
        str(name): (float(numbers[name].mean()), float(numbers[name].std(ddof=0)) / n_draws**0.5) for name in numbers
    }


def shown(pair: tuple[float, float], decimals: int = 3) -> str:
    """Write a mean with its error."""
    return f"{pair[0]:.{decimals}f} ± {pair[1]:.{decimals}f}"


def pair_row(kind: str, found: dict[float, Any]) -> dict[str, Any]:
    def level(excluded: Any) -> str:
        rates = excluded.mean(axis=0)
        error = (rates.max() * (1 - rates.max()) / len(excluded)) ** 0.5
        return " and ".join(f"{rate:.3f}" for rate in rates) + f" ± {error:.3f}"

    return {"pair": kind} | {f"at least {share:g} · s²": level(excluded) for share, excluded in found.items()}


def covered_row(means: Errors) -> dict[str, Any]:
    return {
        "corrected": shown(means["corrected"]),
        "`ci95`": shown(means["mean"]),
        "by the splits alone": shown(means["by_splits"]),
    }


def fresh_row(means: Errors) -> dict[str, Any]:
    return {
        "in the search": f"{means['search_error'][0]:+.4f}",
        "on fresh splits": f"{means['fresh_error'][0]:+.4f} ± {means['fresh_error'][1]:.4f}",
        "corrected": f"{means['corrected_error'][0]:+.4f} ± {means['corrected_error'][1]:.4f}",
        "`ci95` on fresh splits covers": shown(means["fresh_covers"]),
        "corrected covers": shown(means["corrected_covers"]),
        "p < 0.05 on fresh splits": shown(means["claimed"]),
        "worse, in the search and on fresh splits": f"{means['search_worse'][0]:.2f}, {means['fresh_worse'][0]:.2f}",
    }


def corner_row(name: str, means: Errors) -> dict[str, Any]:
    return {
        "corner": name,
        "misled": ", ".join(f"{key.replace('_', ' ')} {shown(pair)}" for key, pair in means.items()),
    }


def whole_row(means: Errors) -> dict[str, Any]:
    return {
        "the winner's own correction": f"{means['own_error'][0]:+.4f} ± {means['own_error'][1]:.4f}",
        "covers": shown(means["own_covers"]),
        "corrected for the whole choice": f"{means['error'][0]:+.4f} ± {means['error'][1]:.4f}",
        "covers the truth": shown(means["covers"]),
        "width": f"{means['width'][0]:.3f}",
    }


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
