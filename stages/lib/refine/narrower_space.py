"""Narrows a space to what lies around the candidates of a search that can't be told from its best."""

import csv
from pathlib import Path
from typing import Any

from stages.lib.common import UserError, format_params, reading
from stages.lib.config import PARAMS_FILE, Distribution, Experiment, Params
from stages.lib.config.space import space_size

COMPARED_DIR = Path("metrics/compared")

# How far the new bounds lie beyond those candidates, as a share of the old range.
_MARGIN = 0.1


def read_best_set(params: Params, name: str, best: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the candidates of an experiment that can't be told from its best, typed as in params.yaml.

    Without statistics, as for splits in the order of time, that is the best alone. Raises `UserError` if they are not
    known, or are from other candidates than those of params.yaml.
    """
    path, again = COMPARED_DIR / f"{name}.csv", f"Run `dvc repro compare@{name}`."
    with reading(path, "not the comparison of a search's candidates", again):
        rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
        texts = [row["params"] for row in rows if row["in_best_set"] == "true"]
    typed = {format_params(candidate): candidate for candidate in params.experiment(name).candidates(params.seed)}
    if strays := [text for text in texts if text not in typed]:
        raise UserError(f"{path}: its candidate {strays[0]} is not in the grid of params.yaml. {again}")
    return [typed[text] for text in texts] or [best]


def narrow(params: Params, name: str, around: list[dict[str, Any]]) -> Experiment:
    """Return an experiment that draws as many candidates as another one from the space around some of its candidates.

    The other one was searched at random or by halving. A distribution reaches from the smallest of the candidates'
    numbers to the largest, and a tenth of the old range further within the old bounds. A list has the values that
    occur. A value that is alone there is `fixed`. Raises `UserError` if the candidates fill the old space.
    """
    old, nothing = params.experiment(name), f"{PARAMS_FILE}: experiments.{name}.grid has nothing to refine"
    grid: dict[str, Any] = {}
    for key, values in old.grid.items():
        used = [candidate[key] for candidate in around]
        grid[key] = _narrowed(values, used) if isinstance(values, Distribution) else [v for v in values if v in used]
    if grid == old.grid:
        raise UserError(
            f"{nothing}: the candidates that can't be told from the best fill the whole of it. Raise cv.n_repeats to "
            "tell them apart, or draw more candidates."
        )
    alone = {key: values[0] for key, values in grid.items() if isinstance(values, list) and len(values) == 1}
    grid = {key: values for key, values in grid.items() if key not in alone}
    if not grid:
        raise UserError(
            f"{nothing}: one value of each list is left, and no number lies between them. Refine an experiment with "
            "distributions."
        )
    n_candidates = old.n_candidates and int(min(old.n_candidates, space_size(grid)))
    return Experiment(search=old.search, n_candidates=n_candidates, grid=grid, fixed=old.fixed | alone)


def _narrowed(values: Distribution, used: list[float]) -> Distribution:
    # A whole number stands for what lies between it and the next one.
    first, last = values.share(min(used)), values.share(max(used) + values.whole)
    low = values.at(first - _MARGIN) if first > _MARGIN else values.low
    high = values.at(last + _MARGIN) if last + _MARGIN < 1 else values.high
    return Distribution(values.kind, low, high)
