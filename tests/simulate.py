"""Simulates searches with a known truth, and prints the tables of docs/simulations.md: `python -m tests.simulate`."""

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import partial
from typing import Any

import pandas as pd

from tests.simulation.answers import RIVALS, judge_answer
from tests.simulation.change_tables import change_tables
from tests.simulation.corners import judge_one_repeat, judge_small_units
from tests.simulation.fresh import TRAININGS, judge_fresh
from tests.simulation.halving import halve
from tests.simulation.headline_tables import headline_tables
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
        for title, rows in headline_tables(fewer, pool):
            print(f"{title}\n\n{table(iter(rows))}", flush=True)
        few = partial(errors_of, n_draws=fewer, pool=pool)
        fewest = partial(errors_of, n_draws=-(-n_draws // 5), pool=pool)
        for gain in (0.0, 0.03):
            print(f"Is a net advised, with a true gain of {gain:g}?\n")
            print(
                table({"rivals": name} | cells(ADVISED, fewest(partial(judge_answer, name, gain))) for name in RIVALS)
            )
        print("The set that holds the best: unstable pairs\n")
        drawn = {kind: many_pairs(kind, 4 * fewer) for kind in PAIRS}
        pairs = {kind: {share: excluded(scores, share) for share in SHARES} for kind, scores in drawn.items()}
        print(table(pair_row(kind, found) for kind, found in pairs.items()))
        print("Intervals on other tables\n")
        print(table({"table": name} | cells(COVERED, few(partial(judge_table, name))) for name in TABLES))
        print("Equal learners on fresh splits\n")
        print(table({"training": name} | cells(FRESH, few(partial(judge_fresh, name))) for name in TRAININGS))
        print("Corners\n")
        corners = {"one repeat, equal differences": judge_one_repeat, "small units": judge_small_units}
        print(table(corner_row(name, few(judged)) for name, judged in corners.items()))
        print("The choice among all searches\n")
        print(table({"case": case} | cells(WHOLE, few(partial(judge_whole, case))) for case in CASES), flush=True)

        found = {(case, n): errors_of(partial(judge, case, n), n_draws, pool) for n in N_CANDIDATES for case in CASES}
        found["real learners", 24] = errors_of(judge_learners, n_draws, pool)
        one = {case: errors_of(partial(judge, case, 30, n_repeats=1), n_draws, pool) for case in CASES}
        print("The corrected score\n")
        print(table({"case": case, "candidates": n} | cells(CORRECTED, each) for (case, n), each in found.items()))
        print("The corrected score of one repeat\n")
        print(table({"case": case, "candidates": 30} | cells(CORRECTED, each) for case, each in one.items()))
        print("The set that holds the best\n")
        sets = found | {(f"{case}, one repeat", 30): means for case, means in one.items()}
        print(table({"search": case, "candidates": n} | cells(SET, each) for (case, n), each in sets.items()))

        halved = {
            (n, noise): errors_of(partial(halve, n, noise), n_draws, pool) for n in (27, 81) for noise in (0.02, 0.1)
        }
        keys = {
            (case, n): errors_of(partial(judge_keys, case, n), n_draws, pool) for case in KEY_CASES for n in N_KEYED
        }
        for case in KEY_CASES:
            keys[f"{case}, one repeat", 30] = errors_of(partial(judge_keys, case, 30, n_repeats=1), n_draws, pool)
    print("Halving\n")
    print(table({"halved candidates": n, "a fit's noise": s} | cells(HALVING, each) for (n, s), each in halved.items()))
    print("The keys that mattered\n")
    print(table({"scores": case, "candidates": n} | cells(KEYS, each) for (case, n), each in keys.items()))


Errors = dict[str, tuple[float, float]]


def errors_of(drawn: Callable[[int], Any], n_draws: int, pool: ProcessPoolExecutor) -> Errors:
    """Return the means of what is drawn, each with its Monte-Carlo standard error."""
    numbers = pd.DataFrame([asdict(each) for each in pool.map(drawn, range(n_draws), chunksize=10)]).astype(float)
    return {
        str(name): (float(numbers[name].mean()), float(numbers[name].std(ddof=0)) / n_draws**0.5) for name in numbers
    }


def with_error(pair: tuple[float, float]) -> str:
    """Write a mean with its error."""
    return f"{pair[0]:.3f} ± {pair[1]:.3f}"


def pair_row(kind: str, by_share: dict[float, Any]) -> dict[str, Any]:
    def level(excluded: Any) -> str:
        rates = excluded.mean(axis=0)
        error = (rates.max() * (1 - rates.max()) / len(excluded)) ** 0.5
        return " and ".join(f"{rate:.3f}" for rate in rates) + f" ± {error:.3f}"

    return {"pair": kind} | {f"at least {share:g} · s²": level(excluded) for share, excluded in by_share.items()}


def corner_row(name: str, means: Errors) -> dict[str, Any]:
    return {
        "corner": name,
        "misled": ", ".join(f"{key.replace('_', ' ')} {with_error(pair)}" for key, pair in means.items()),
    }


# The columns of tables, and how each is written from means and their errors.
COVERED = {
    "corrected": "{corrected[0]:.3f} ± {corrected[1]:.3f}",
    "`ci95`": "{mean[0]:.3f} ± {mean[1]:.3f}",
    "by the splits alone": "{by_splits[0]:.3f} ± {by_splits[1]:.3f}",
}
ADVISED = {
    "by the means": "{by_means[0]:.3f} ± {by_means[1]:.3f}",
    "at 0.5": "{at_5[0]:.3f}",
    "at 0.7": "{at_7[0]:.3f}",
    "at 0.8": "{at_8[0]:.3f} ± {at_8[1]:.3f}",
    "at 0.9": "{at_9[0]:.3f}",
    "by the rule": "{used[0]:.3f} ± {used[1]:.3f}",
}
FRESH = {
    "in the search": "{search_error[0]:+.4f}",
    "on fresh splits": "{fresh_error[0]:+.4f} ± {fresh_error[1]:.4f}",
    "corrected": "{corrected_error[0]:+.4f} ± {corrected_error[1]:.4f}",
    "`ci95` on fresh splits covers": "{fresh_covers[0]:.3f} ± {fresh_covers[1]:.3f}",
    "corrected covers": "{corrected_covers[0]:.3f} ± {corrected_covers[1]:.3f}",
    "p < 0.05 on fresh splits": "{claimed[0]:.3f} ± {claimed[1]:.3f}",
    "worse, in the search and on fresh splits": "{search_worse[0]:.2f}, {fresh_worse[0]:.2f}",
}
WHOLE = {
    "the winner's own correction": "{own_error[0]:+.4f} ± {own_error[1]:.4f}",
    "covers": "{own_covers[0]:.3f} ± {own_covers[1]:.3f}",
    "corrected for the whole choice": "{error[0]:+.4f} ± {error[1]:.4f}",
    "covers the truth": "{covers[0]:.3f} ± {covers[1]:.3f}",
    "width": "{width[0]:.3f}",
}
CORRECTED = {
    "winner's mean": "{plain_error[0]:+.4f}",
    "rows alone": "{rows_only_error[0]:+.4f}",
    "corrected": "{error[0]:+.4f}",
    "covers": "{covers[0]:.3f}",
    "width": "{width[0]:.3f}",
}
SET = {
    "holds the best": "{holds_best[0]:.3f}",
    "holds every best": "{holds_every_best[0]:.3f}",
    "share in the set": "{set_share[0]:.2f}",
    "share tied in pairs": "{tied_share[0]:.2f}",
}
HALVING = {
    "best thrown out": "{lost[0]:.3f}",
    "given away": "{regret[0]:.4f}",
    "given away by training all": "{full_regret[0]:.4f}",
}
KEYS = {"a key is claimed wrongly": "{false[0]:.3f}", "lr is claimed": "{found[0]:.3f}"}


def cells(columns: dict[str, str], means: dict[str, Any]) -> dict[str, str]:
    """Write the cells of a row."""
    return {column: written.format_map(means) for column, written in columns.items()}


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
