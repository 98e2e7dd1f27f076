"""Stage `best_params`: finds the best of all searches, and combines what the grid searches have found."""

from typing import Any

from stages.lib.common import format_params, format_score, run, score_decimals, short_params, write_json, write_text
from stages.lib.common.tables import print_rows
from stages.lib.config import load_params
from stages.lib.scores import bounds_of
from stages.lib.scores.stuck import in_words
from stages.lib.winners.leaderboard import (
    BEST_PARAMS,
    picked,
    rating,
    read_searches,
    remove_strays,
    summarise,
    to_csv,
)
from stages.lib.winners.whole_choice import read_draws, ties, whole_choice


def main() -> None:
    params = load_params()
    searches = read_searches(params)
    tied = ties(searches)
    corrected = None
    if all("best_score_corrected" in search for search in searches.values()):
        draws = {name: read_draws(name) for name in searches}
        corrected = whole_choice(searches, draws, bounds_of(params.cv.scoring))
    summary = summarise(params, searches, corrected)
    for path in remove_strays(params):
        print(f"removed {path}: params.yaml has no such experiment")
    write_json(BEST_PARAMS, summary)
    write_text("metrics/leaderboard.csv", to_csv(searches, tied))

    print_leaderboard(searches, picked(params, searches), tied, params.cv.scoring, params.statistics.pick)
    if corrected and len(searches) > 1:
        decimals = score_decimals(corrected)
        score, low, high = (format_score(number, decimals) for number in corrected)
        print(f"{summary['winner']}, corrected for the choice among all searches: {score}, 95 % from {low} to {high}")
    if "combined_params" in summary:
        print(f"combined: {summary['combined_params']}")
        for left_out in summary["details"][0]["left_out"]:
            print(f"left out: {left_out}")


def print_leaderboard(
    searches: dict[str, dict[str, Any]],
    picks: dict[str, dict[str, Any]],
    tied: dict[str, bool],
    scoring: str,
    pick: str,
) -> None:
    """Print each experiment's scores and its pick, the winner first."""
    # Splits in time order give no interval, and so nothing to correct by.
    corrected = all("best_score_corrected" in search for search in searches.values())
    decimals = score_decimals(search["best_score"] for search in searches.values())
    headings = ["", "experiment", *["corrected", "95 % from", "to"] * corrected, "best mean", f"{pick} params"]
    rows = []
    keys = [f"best_score_corrected{end}" for end in ("", "_low", "_high")] * corrected
    for place, (name, search) in enumerate(sorted(searches.items(), key=lambda item: -rating(item[1]))):
        numbers = [format_score(search[key], decimals) for key in (*keys, "best_score")]
        setting = short_params(format_params(picks[name]))
        rows.append(["=" * tied[name] if place else "*", name, *numbers, setting])
    print(f"leaderboard, by {scoring}{', corrected for the choice among candidates' * corrected}")
    print_rows(headings, rows, styles=["bold"])
    for name, search in searches.items():
        if search["best_n_stuck"]:
            others = format_score(search.get("best_score_not_stuck", float("nan")), decimals)
            print(f"{name}, its best: {in_words(search['best_n_stuck'], search['n_splits'], others)}")
    if any(tied.values()):
        print("= tied with the one above: they differ by no more than chance in the draws of the correction")


if __name__ == "__main__":
    run(main)
