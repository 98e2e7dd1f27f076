"""Stage `best_params`: finds the best of all searches, and combines what the grid searches have found."""

from gridstage.best_params import (
    judge_choice,
    leaderboard,
    over_all,
    read_searches,
)
from gridstage.common import counted, run
from gridstage.config import load_params
from gridstage.results import Results, files, remove_strays, write
from gridstage.told import print_leaderboard, print_over_all


def main() -> None:
    params, results = load_params(), Results()
    searches = read_searches(results, params)
    tied, corrected = judge_choice(results, params, searches)
    summary = over_all(params, searches, corrected)
    strays = remove_strays(params.experiments)
    if strays:
        removed = f"removed {counted(len(strays), 'file')}"
        print(f"{removed} that no experiment of params.yaml has, such as {strays[0]}")
    write(files.BEST_PARAMS, summary)
    write(files.LEADERBOARD, leaderboard(params, searches, tied, summary.winner))

    print_leaderboard(params, searches, tied)
    print_over_all(summary, corrected)


if __name__ == "__main__":
    run(main)
