"""Stage `best_params`: finds the best of all searches, and combines what the grid searches have found."""

from gridstage.best_params.leaderboard import (
    leaderboard,
    over_all,
    read_searches,
    ties,
)
from gridstage.common import counted, format_score, run, score_decimals
from gridstage.config import load_params
from gridstage.results import Results, files, remove_strays, write
from gridstage.scores.score_table import read_corrected
from gridstage.told.printed import print_leaderboard
from resampled.means.choice import whole_choice
from resampled.scorers import bounds_of


def main() -> None:
    params, results = load_params(), Results()
    searches = read_searches(results, params)
    own = {
        name: read_corrected(results, name, search) for name, search in searches.items()
    }
    tied, corrected = ties(own), whole_choice(own, bounds_of(params.cv.scoring))
    summary = over_all(params, searches, corrected)
    strays = remove_strays(params.experiments)
    if strays:
        removed = f"removed {counted(len(strays), 'file')}"
        print(f"{removed} that no experiment of params.yaml has, such as {strays[0]}")
    write(files.BEST_PARAMS, summary)
    write(files.LEADERBOARD, leaderboard(params, searches, tied, summary.winner))

    print_leaderboard(params, searches, tied)
    if corrected and len(searches) > 1:
        decimals = score_decimals([corrected.score, corrected.low, corrected.high])
        score = format_score(corrected.score, decimals)
        low, high = (
            format_score(end, decimals) for end in (corrected.low, corrected.high)
        )
        print(
            f"{summary.winner}, corrected for the choice among all searches: {score}, 95 % from {low} to {high}"
        )
    if summary.combined_params is not None:
        print(f"combined: {summary.combined_params}")
        for left_out in summary.details[0].left_out or ():
            print(f"left out: {left_out}")


if __name__ == "__main__":
    run(main)
