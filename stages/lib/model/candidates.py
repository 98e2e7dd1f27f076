"""The candidates of an experiment, names resolved, and the check that nets with their settings can be built."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from stages.lib.common import UserError, format_value
from stages.lib.config import PARAMS_FILE, PREFIX, Distribution, Prepare
from stages.lib.data import Dataset
from stages.lib.lockstep import net_of
from stages.lib.model.estimator import build_estimator
from stages.lib.model.prepared import check_missing

# A setting that varies over more numbers than this is tried with the smallest and the largest one.
_MANY = 12


class Candidates(list[dict[str, Any]]):
    """A list of candidates that knows where their values stand in params.yaml.

    Parameters
    ----------
    name : str
        Of the experiment.
    grid : dict of lists and distributions
        The experiment's, with objects in the place of names.
    candidates : iterable of dict
        With values of the grid.
    """

    def __init__(
        self, name: str, grid: Mapping[str, list[Any] | Distribution], candidates: Iterable[dict[str, Any]]
    ) -> None:
        super().__init__(candidates)
        self._place, self._grid = f"experiments.{name}.grid", grid

    def is_drawn(self, key: str) -> bool:
        """Whether a key's values are numbers of a distribution."""
        return isinstance(self._grid[key], Distribution)

    def place(self, key: str, value: Any) -> str:
        """Return where a candidate's value stands: `…grid.lr[2]`, or `…grid.lr, 0.01 of uniform 0 to 0.1`."""
        values = self._grid[key]
        if isinstance(values, Distribution):
            return f"{self._place}.{key}, {format_value(value)} of {values}"
        same = (i for i, each in enumerate(values) if type(each) is type(value) and each == value)
        return f"{self._place}.{key}[{next(same)}]"


def check_candidates(
    name: str, settings: dict[str, Any], candidates: Candidates, data: Dataset, prepare: Prepare
) -> None:
    """Build untrained nets so that at least one of them uses each value of the candidates.

    Of many numbers, those are the smallest and the largest one.

    Parameters
    ----------
    name : str
        The experiment.
    settings, candidates
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
    for value in dict.fromkeys(candidate[key] for candidate in candidates if key in candidate):
        check_missing(data, value, candidates.place(key, value))
    tried = [(candidate, _refusal(settings | candidate, data, prepare)) for candidate in _covering(candidates)]
    errors = [error for _, error in tried if error]
    if not errors:
        return
    if error := _refusal(settings, data, prepare):
        raise UserError(f"{PARAMS_FILE}: model, with experiments.{name}.fixed: {error}")
    bases = [settings, *(settings | candidate for candidate, error in tried if not error)][:2]
    refused = [candidate for candidate, error in tried if error]
    guilty = dict(_guilty_values(bases, refused, candidates, data, prepare))
    if guilty:
        raise UserError(*dict.fromkeys(f"{PARAMS_FILE}: {place}: {error}" for place, error in sorted(guilty.items())))
    raise UserError(f"{PARAMS_FILE}: experiments.{name}.grid has a combination that can't be built: {errors[0]}")


def _covering(candidates: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield some candidates so that each value, or the smallest and the largest of many numbers, is in one of them."""
    missing: set[tuple[str, type, Any]] = set()
    for key in candidates[0]:
        values = {(type(candidate[key]), candidate[key]) for candidate in candidates}
        numbers = sorted(value for kind, value in values if kind in (int, float))
        left_out = set(numbers[1:-1]) if len(numbers) > _MANY else set()
        missing |= {(key, kind, value) for kind, value in values if kind not in (int, float) or value not in left_out}
    for candidate in candidates:
        covered = {(key, type(value), value) for key, value in candidate.items()} & missing
        if covered:
            missing -= covered
            yield candidate


def _guilty_values(
    bases: list[dict[str, Any]],
    refused: list[dict[str, Any]],
    candidates: Candidates,
    data: Dataset,
    prepare: Prepare,
) -> Iterator[tuple[str, str]]:
    """Yield the places of values that turn each net that can be built into one that can't, with the reason."""
    for key in candidates[0]:
        for value in dict.fromkeys(candidate[key] for candidate in refused):
            errors = [_refusal(base | {key: value}, data, prepare) for base in bases]
            if all(errors):
                yield candidates.place(key, value), str(errors[0])
                if candidates.is_drawn(key):  # one number says what is wrong with the bounds
                    break


def _refusal(settings: dict[str, Any], data: Dataset, prepare: Prepare) -> str | None:
    """Return the error raised when a net with these settings is built, or None."""
    try:
        net_of(build_estimator(settings, data, prepare)).initialize()
    except UserError:
        raise
    except Exception as error:  # the module may be the user's own
        return str(error) or type(error).__name__
    return None
