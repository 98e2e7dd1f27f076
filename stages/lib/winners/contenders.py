"""Reads the contenders of the evaluation: the settings of the nets, and what the searches have found out about them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stages.lib.common import UserError, format_params, read_text, reading
from stages.lib.config import ANSWER, COMBINED, SIMPLEST, STARTING_POINT, WINNER, Params
from stages.lib.scores import reached
from stages.lib.scores.fresh import Fresh
from stages.lib.scores.reached import Reached
from stages.lib.winners.leaderboard import BEST_PARAMS, CORRECTED, FRESH_DIR, picked

_AGAIN = "Run `dvc repro best_params`."


@contextmanager
def _best_params() -> Iterator[dict[str, Any]]:
    """Yield what the stage best_params has written; raises `UserError` if the block does not find what it looks for."""
    with reading(BEST_PARAMS, "not what the stage best_params writes", _AGAIN):
        yield json.loads(BEST_PARAMS.read_bytes())


def read_settings(params: Params) -> tuple[dict[str, dict[str, Any]], str]:
    """Return the settings of the nets by name, and the name of the one that is kept.

    Returns
    -------
    settings : dict of dict
        `combined`, if there is one, what each experiment picks, the `simplest` of the winner's best set, and
        `starting_point`: settings as in `model` of params.yaml, with names unresolved.
    kept : str
        The one that `evaluate.keep` names.

    Raises
    ------
    UserError
        If `metrics/best_params.json` is missing, broken, or from other experiments.
    """
    with _best_params() as summary:
        details = summary["details"][0]
        searches = details["experiments"]
        picks = picked(params, searches)
        winner = details["winner"]
        simplest = searches[winner]["simplest_params"]
    if set(picks) != set(params.experiments):
        raise UserError(f"{BEST_PARAMS} is from other experiments than those in params.yaml. {_AGAIN}")
    model = params.model.model_dump()
    nets = {name: model | experiment.fixed | picks[name] for name, experiment in params.experiments.items()}
    nets |= {SIMPLEST: model | params.experiments[winner].fixed | simplest, STARTING_POINT: model}
    combined = {COMBINED: details[COMBINED]} if COMBINED in details else {}
    keep = params.evaluate.keep
    return combined | nets, winner if keep == WINNER else keep


def read_use(params: Params) -> str | None:
    """Return the contender that `evaluate.use` names; None where it is what the evaluation advises."""
    use = params.evaluate.use
    if use == WINNER:
        with _best_params() as summary:
            return str(summary["details"][0]["winner"])
    return None if use == ANSWER else use


def read_corrected(params: Params, kept: str) -> tuple[float, float, float] | None:
    """Return what the kept net is worth, free of the luck of its choice, and the ends of its 95 % interval.

    For the winner's pick it is the score corrected for the choice among all searches, for that of another search the
    one corrected for the choice in it. None where there is no choice to correct for, or no way to.
    """
    with _best_params() as summary:
        details = summary["details"][0]
        found = summary if kept == details["winner"] else details["experiments"].get(kept, {})
        if params.statistics.pick != "best" or not set(CORRECTED) <= set(found):
            return None
        score, low, high = (float(found[key]) for key in CORRECTED)
    return score, low, high


def read_corrected_scores(params: Params) -> dict[str, float]:
    """Return each search's best score, corrected for the choice among its candidates; NaN where there is none."""
    with _best_params() as summary:
        searches = summary["details"][0]["experiments"]
        return {name: float(searches[name].get(CORRECTED[0], "nan")) for name in params.experiments}


def read_reached(params: Params, fresh: Fresh) -> dict[str, Reached]:
    """Return what the nets reach that the searches have scored on the splits of the evaluation, by contender.

    Raises
    ------
    UserError
        If a search has written no such scores, or they were changed, or are of other splits or settings.
    """
    with _best_params() as summary:
        details = summary["details"][0]
        searches, winner = details["experiments"], details["winner"]
    picks, pick = picked(params, searches), params.statistics.pick
    rows = {name: _read_fresh(fresh, name) for name in params.experiments}
    found = {name: _pick_of(rows, name, pick, picks[name]) for name in params.experiments}
    found[SIMPLEST] = _pick_of(rows, winner, "simplest", searches[winner]["simplest_params"])
    # An experiment that holds nothing fixed starts from `model`, and has trained that as well.
    if unfixed := [name for name, experiment in params.experiments.items() if not experiment.fixed]:
        found[STARTING_POINT] = rows[unfixed[0]][STARTING_POINT]
    return found


def _read_fresh(fresh: Fresh, experiment: str) -> dict[str, Reached]:
    path, again = _fresh_file(experiment)
    text = read_text(path, again)
    with reading(path, "not what the stage search writes", again):
        try:
            found = reached.read_csv(fresh.unsealed(text, experiment), fresh.params.cv, len(fresh.splits))
        except reached.OtherSplitsError:
            raise UserError(
                f"{path} was changed, or is of other splits or settings than those in params.yaml. {again}"
            ) from None
        return {row: found[row] for row in ("best", "simplest", STARTING_POINT)}


def _pick_of(rows: dict[str, dict[str, Reached]], experiment: str, row: str, chosen: dict[str, Any]) -> Reached:
    """Return what a pick reaches; raises `UserError` if the file has the scores of another one."""
    found, (path, again) = rows[experiment][row], _fresh_file(experiment)
    if found.params != format_params(chosen):
        raise UserError(f"{path} has the scores of {found.params}, but the {row} is {format_params(chosen)}. {again}")
    return found


def _fresh_file(experiment: str) -> tuple[Path, str]:
    return FRESH_DIR / f"{experiment}.csv", f"Run `dvc repro search@{experiment}`."
