"""Stage `best_params`: finds the best of all searches, and combines their best settings."""

from rich.console import Console
from rich.table import Table

from stages.lib.common import format_params, format_score, run, score_decimals, short_params, write_json, write_text
from stages.lib.config import load_params
from stages.lib.winners.leaderboard import BEST_PARAMS, read_searches, remove_strays, summarise, to_csv


def main() -> None:
    params = load_params()
    searches = read_searches(params)
    summary = summarise(params, searches)
    for path in remove_strays(params):
        print(f"removed {path}: params.yaml has no such experiment")
    write_json(BEST_PARAMS, summary)
    write_text("metrics/leaderboard.csv", to_csv(searches))

    # Splits in time order give no interval.
    tested = all("best_ci95" in search for search in searches.values())
    decimals = score_decimals(search["best_score"] for search in searches.values())
    shown = Table("", "experiment", "mean", *["± 95 %"] * tested, "best params", box=None, pad_edge=False)
    for name, search in sorted(searches.items(), key=lambda item: -item[1]["best_score"]):
        best = name == summary["winner"]
        numbers = [format_score(search[key], decimals) for key in ("best_score", *["best_ci95"] * tested)]
        setting = short_params(format_params(search["best_params"]))
        shown.add_row("*" * best, name, *numbers, setting, style="bold" if best else None)
    print(f"leaderboard, by {params.cv.scoring}")
    Console().print(shown)
    print(f"combined: {summary['combined_params']}")
    for left_out in summary["details"][0]["left_out"]:
        print(f"left out: {left_out}")


if __name__ == "__main__":
    run(main)
