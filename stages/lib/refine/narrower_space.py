"""Narrows a space to what lies around the candidates of a search that can't be told from its best."""

from typing import Any

from stages.lib.common import UserError
from stages.lib.config import PARAMS_FILE, Distribution, Experiment, Params
from stages.lib.config.space import space_size

# How far the new bounds lie beyond those candidates, as a share of the old range.
_MARGIN = 0.1


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
