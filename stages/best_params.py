"""Stage `best_params`: finds the best of all searches, and combines what the grid searches have found."""

from typing import Any

from resampled.means.choice import ties, whole_choice
from resampled.scorers import bounds_of
from stages.lib.common import format_params, format_score, run, score_decimals, short_params, write_json, write_text
from stages.lib.common.tables import print_columns
from stages.lib.config import Params, load_params
from stages.lib.pipeline import LOCK, drop_strays
from stages.lib.scores import CORRECTED, stuck_in_words
from stages.lib.scores.draws import corrected_of, read_draws
from stages.lib.winners import leaderboard


def main() -> None:
    params = load_params()
    searches = leaderboard.read_searches(params)
    own = {name: corrected_of(search, read_draws(name)) for name, search in searches.items()}
    tied, corrected = ties(own), whole_choice(own, bounds_of(params.cv.scoring))
    summary = leaderboard.summarise(params, searches, corrected)
    for path in leaderboard.remove_strays(params):
        print(f"removed {path}: params.yaml has no such experiment")
    for name in drop_strays():
        print(f"removed {name} from {LOCK}: params.yaml has no such experiment")
    write_json(leaderboard.BEST_PARAMS, summary)
    kept = leaderboard.kept_search(params, summary["winner"])
    write_text("metrics/leaderboard.csv", leaderboard.to_csv(searches, tied, kept))

    print_leaderboard(params, searches, tied)
    if corrected and len(searches) > 1:
        numbers = corrected.score, corrected.low, corrected.high
        score, low, high = (format_score(number, score_decimals(numbers)) for number in numbers)
        print(f"{summary['winner']}, corrected for the choice among all searches: {score}, 95 % from {low} to {high}")
    if "combined_params" in summary:
        print(f"combined: {summary['combined_params']}")
        for left_out in summary["details"][0]["left_out"]:
            print(f"left out: {left_out}")


def print_leaderboard(params: Params, searches: dict[str, dict[str, Any]], tied: dict[str, bool]) -> None:
    """Print each experiment's scores and its pick, the winner first."""
    ranked = sorted(searches, key=lambda name: -leaderboard.rating(searches[name]))
    decimals = score_decimals(search["best_score"] for search in searches.values())
    # Splits in time order give no interval, and so nothing to correct by.
    corrected = all("best_score_corrected" in search for search in searches.values())
    numbers = dict(zip(("corrected", "95 % from", "to"), CORRECTED, strict=True)) if corrected else {}
    cells = {"": ["*", *("=" * tied[name] for name in ranked[1:])], "experiment": ranked}
    for heading, key in (numbers | {"best mean": "best_score"}).items():
        cells[heading] = [format_score(searches[name][key], decimals) for name in ranked]
    picks = leaderboard.picked(params, searches)
    cells[f"{params.statistics.pick} params"] = [short_params(format_params(picks[name])) for name in ranked]
    choice = ", corrected for the choice among candidates" if corrected else ""
    print_columns(f"leaderboard, by {params.cv.scoring}{choice}", cells, left=cells)
    for name, search in searches.items():
        if stuck := stuck_in_words(search, decimals):
            print(f"{name}, its best: {stuck}")
    if any(tied.values()):
        print("= tied with the one above: the two differ by no more than chance in the draws of the correction")


if __name__ == "__main__":
    run(main)
