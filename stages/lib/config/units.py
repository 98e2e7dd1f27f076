"""The unit of the score, which follows from the target's and from the scorer."""

from stages.lib.config.schema import Params

# The scorers whose values are in the target's unit, and in its square.
_IN_UNIT = {
    "neg_max_error",
    "neg_mean_absolute_error",
    "neg_median_absolute_error",
    "neg_root_mean_squared_error",
}
_IN_SQUARE = {"neg_mean_squared_error"}


def unit_of_score(params: Params) -> str:
    """Return the unit of the score, or "" if it has none or the target's is unknown."""
    unit = params.data.columns[params.data.target].unit
    if params.cv.scoring in _IN_SQUARE and unit:
        return f"({unit})²" if " " in unit else f"{unit}²"
    return unit if params.cv.scoring in _IN_UNIT else ""


def rope_of(params: Params) -> str:
    """Return the region of practical equivalence with its unit."""
    return f"{params.rope:g} {unit_of_score(params)}".rstrip()
