"""Checks before a search that nets with the values of its grid can be built."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from typing import Any

from stages.lib.common import UserError
from stages.lib.config import PARAMS_FILE, PREFIX, Prepare, candidates
from stages.lib.data import Dataset
from stages.lib.lockstep import net_of
from stages.lib.model.estimator import build_estimator
from stages.lib.model.prepared import check_missing

# The most candidates to try in order to find the values that make candidates fail.
_MOST = 2000


def check_candidates(
    name: str, settings: dict[str, Any], grid: dict[str, list[Any]], data: Dataset, prepare: Prepare
) -> None:
    """Build untrained nets so that at least one of them uses each value of the grid.

    Parameters
    ----------
    name : str
        The experiment.
    settings, grid
        As `resolve_experiment` returns them.
    data : Dataset
    prepare : Prepare

    Raises
    ------
    UserError
        If a module or an optimizer rejects a value, or a value leaves cells missing; it gives the value's place and
        the reason.
    """
    # The evaluation fits `model` as it stands, whatever an experiment prepares.
    check_missing(data, prepare.impute)
    key = f"{PREFIX}impute"
    if key in settings:
        check_missing(data, settings[key], f"experiments.{name}.fixed.{key}")
    for i, value in enumerate(grid.get(key, [])):
        check_missing(data, value, f"experiments.{name}.grid.{key}[{i}]")
    width = max(len(values) for values in grid.values())
    covering = [{key: values[i % len(values)] for key, values in grid.items()} for i in range(width)]
    errors = [error for candidate in covering if (error := _refusal(settings | candidate, data, prepare))]
    if not errors:
        return
    if error := _refusal(settings, data, prepare):
        raise UserError(f"{PARAMS_FILE}: model, with experiments.{name}.fixed: {error}")
    guilty = list(_guilty_values(settings, grid, data, prepare))
    if guilty:
        raise UserError(
            *dict.fromkeys(f"{PARAMS_FILE}: experiments.{name}.grid.{place}: {error}" for place, error in guilty)
        )
    raise UserError(f"{PARAMS_FILE}: experiments.{name}.grid has a combination that can't be built: {errors[0]}")


def _guilty_values(
    settings: dict[str, Any], grid: dict[str, list[Any]], data: Dataset, prepare: Prepare
) -> Iterator[tuple[str, str]]:
    """Yield the values that are rejected in every candidate, with the reason."""
    positions = {key: list(range(len(values))) for key, values in grid.items()}
    verdicts = defaultdict(list)
    for position in islice(candidates(positions), _MOST):
        error = _refusal(settings | {key: grid[key][i] for key, i in position.items()}, data, prepare)
        for key, i in position.items():
            verdicts[f"{key}[{i}]"].append(error)
    for place, errors in sorted(verdicts.items()):
        if all(errors):
            yield place, str(errors[0])


def _refusal(settings: dict[str, Any], data: Dataset, prepare: Prepare) -> str | None:
    """Return the error raised when a net with these settings is built, or None."""
    try:
        net_of(build_estimator(settings, data, prepare)).initialize()
    except UserError:
        raise
    except Exception as error:  # the module may be the user's own
        return str(error) or type(error).__name__
    return None
