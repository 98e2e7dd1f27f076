"""What the searches hand over to the evaluation: the settings of the nets, and what is known of their worth."""

from dataclasses import dataclass
from typing import Any

from stages.lib.common import format_params
from stages.lib.config import ANSWER, COMBINED, SIMPLEST, STARTING_POINT, WINNER, Params
from stages.lib.results import Results, files
from stages.lib.scores import CORRECTED
from stages.lib.winners.leaderboard import picked


@dataclass(frozen=True)
class Picks:
    """What the searches hand over to the evaluation; `kept` is the net that `evaluate.keep` names.

    The `settings` of the nets are by contender: `combined`, if there is one, what each experiment picks, the `simplest`
    of the winner's best set, and `starting_point`; names are unresolved. `use` is the contender that `evaluate.use`
    names; None where it is what the evaluation advises. `corrected` has what a net is worth, free of the luck of its
    choice, and the ends of its 95 % interval: for the winner's pick and nets with the same settings by the choice among
    all searches, for other picks by that in their own, for the rest nothing. `searches` are the summaries. `rows` are,
    of the contenders that a search has scored on fresh splits, the experiment, the row of its file, and the settings
    that this row should have, as text; None for any.
    """

    settings: dict[str, dict[str, Any]]
    kept: str
    use: str | None
    corrected: dict[str, tuple[float, ...]]
    searches: dict[str, dict[str, Any]]
    rows: dict[str, tuple[str, str, str | None]]


def read_picks(results: Results, params: Params) -> Picks:
    """Return what the searches hand over.

    Raises `UserError` if `metrics/best_params.json` is missing, broken, or from other experiments.
    """
    experiments, pick = params.experiments, params.statistics.pick
    summary = results.json(files.BEST_PARAMS)
    with results.expecting(files.BEST_PARAMS):
        details = summary["details"][0]
        searches, winner = details["experiments"], details["winner"]
        picks, simplest = picked(params, searches), searches[winner]["simplest_params"]
        kept, use = (winner if name == WINNER else name for name in (params.evaluate.keep, params.evaluate.use))
        judged = searches | {winner: summary} if pick == "best" else {}
        worth = {
            name: tuple(float(each[key]) for key in CORRECTED)
            for name, each in judged.items()
            if {*CORRECTED} <= {*each}
        }
    if set(picks) != set(experiments):
        raise results.refused(files.BEST_PARAMS, "is from other experiments than those in params.yaml")
    nets = {COMBINED: details[COMBINED]} if COMBINED in details else {}
    nets |= {name: params.settings(name) | picks[name] for name in experiments}
    nets |= {SIMPLEST: params.settings(winner) | simplest, STARTING_POINT: params.model.model_dump()}
    worth = {name: worth[pick] for name, own in nets.items() for pick in worth if nets[pick] == own} | worth
    rows: dict[str, tuple[str, str, str | None]]
    rows = {name: (name, pick, format_params(picks[name])) for name in experiments}
    rows[SIMPLEST] = winner, "simplest", format_params(simplest)
    # An experiment that holds nothing fixed starts from `model`, and has trained that as well.
    if unfixed := [name for name, experiment in experiments.items() if not experiment.fixed]:
        rows[STARTING_POINT] = unfixed[0], STARTING_POINT, None
    return Picks(nets, kept, None if use == ANSWER else use, worth, searches, rows)
