"""The candidates of an experiment, names resolved, and the check that nets with their settings can be built."""

import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from stages.lib.common import RAISED, UserError, described, format_params, format_value, own_place
from stages.lib.config import PARAMS_FILE, PREFIX, Distribution, Prepare
from stages.lib.data import Dataset
from stages.lib.engine import lean_optimizer, net_of
from stages.lib.model.estimator import build_estimator, target
from stages.lib.model.prepared import check_missing, rows
from stages.lib.model.source import NETWORKS

# A setting that varies over more numbers than this is tried with the smallest and the largest one.
_MANY = 12
# The most rows of a first step.
_ROWS = 256
_NETWORKS = tuple(map(str, NETWORKS))


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
    """Build nets so that at least one of them uses each value of the candidates, and let each take its first step.

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
        If a module or an optimizer rejects a value, a net can't be trained with one, or a value leaves cells missing;
        it gives the value's place and the reason.
    """
    # The evaluation fits `model` as it stands, whatever an experiment prepares.
    check_missing(data, prepare.impute)
    key = f"{PREFIX}impute"
    if key in settings:
        check_missing(data, settings[key], f"experiments.{name}.fixed.{key}")
    for value in dict.fromkeys(candidate[key] for candidate in candidates if key in candidate):
        check_missing(data, value, candidates.place(key, value))
    covering = list(_covering(candidates))
    _check(name, settings, covering, candidates, lambda tried: _refusal(tried, data, prepare), "built")
    # What the experiment starts from is told by a trial, in more words.
    if not misstep(settings, data, prepare):
        _check(name, settings, covering, candidates, lambda tried: misstep(tried, data, prepare), "trained")


# Tries settings, and returns the error that is raised.
Try = Callable[[dict[str, Any]], BaseException | None]


def _check(
    name: str, settings: dict[str, Any], covering: list[dict[str, Any]], candidates: Candidates, fails: Try, what: str
) -> None:
    tried = [(candidate, fails(settings | candidate)) for candidate in covering]
    errors = [error for _, error in tried if error]
    if not errors:
        return
    if error := fails(settings):
        others = (key for key in settings if "__" in key and not fails(_without(settings, key)))
        guilty_key = next(others, None)
        because = f", because of {guilty_key}: {_name(settings[guilty_key])}" if guilty_key else ""
        place = f"{PARAMS_FILE}: model, with experiments.{name}.fixed"
        raise UserError(f"{place}: {_said(error)}{because}{_advice(error, what)}") from error
    bases = [settings, *(settings | candidate for candidate, error in tried if not error)][:2]
    refused = [candidate for candidate, error in tried if error]
    guilty = dict(_guilty_values(bases, refused, candidates, fails))
    if guilty:
        raise UserError(
            *dict.fromkeys(
                f"{PARAMS_FILE}: {place}: {_said(error)}{_advice(error, what)}"
                for place, error in sorted(guilty.items())
            )
        ) from next(iter(guilty.values()))
    together = format_params({key: _name(value) for key, value in refused[0].items()})
    raise UserError(
        f"{PARAMS_FILE}: experiments.{name}.grid has a combination that can't be {what}: {_said(errors[0])}, as with "
        f"{together}"
    ) from errors[0]


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
    fails: Try,
) -> Iterator[tuple[str, BaseException]]:
    """Yield the places of values that turn each net that passes into one that fails, with the reason."""
    for key in candidates[0]:
        for value in dict.fromkeys(candidate[key] for candidate in refused):
            errors = [error for base in bases if (error := fails(base | {key: value}))]
            if len(errors) == len(bases):
                yield candidates.place(key, value), errors[0]
                if candidates.is_drawn(key):  # one number says what is wrong with the bounds
                    break


def _refusal(settings: dict[str, Any], data: Dataset, prepare: Prepare) -> BaseException | None:
    """Return the error raised when a net with these settings is built, or None."""
    try:
        net_of(build_estimator(_quick(settings), data, prepare)).initialize()
    except UserError:
        raise
    except RAISED as error:  # the module may be the user's own
        return error
    return None


def misstep(
    settings: dict[str, Any], data: Dataset, prepare: Prepare, n_rows: int | None = None
) -> BaseException | None:
    """Return the error raised when a net with these settings is trained on its first batch, or some rows, or None."""
    # Few rows may have none to hold out, and callbacks may watch those.
    kept = {key: value for key, value in _quick(settings).items() if not key.startswith("callbacks")}
    n = n_rows or min(settings["batch_size"], _ROWS, len(data.y))
    few = replace(data, X=data.X[:n], y=data.y[:n], groups=None if data.groups is None else data.groups[:n])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            estimator = build_estimator(kept | {"train_split": None, "max_epochs": 1}, few, prepare)
            estimator.fit(rows(few, estimator), target(few.y, settings["wrapper"], settings["criterion"]))
    except UserError:
        raise
    except RAISED as error:
        return error
    return None


def _quick(settings: dict[str, Any]) -> dict[str, Any]:
    """Return settings for a net that is built or trained without the import of torch's compiler."""
    return {key: lean_optimizer(value) if key == "optimizer" else value for key, value in settings.items()}


def _said(error: BaseException) -> str:
    """Return an error in words; those of the project's own networks, and of optimizers, are sentences already."""
    if found := re.search(r"allocate (\d+) bytes", str(error)):
        return f"a layer would take {int(found[1]) / 2**30:,.0f} GiB of memory, more than there is"
    if "empty parameter list" in str(error):
        return "the module has no weights to train; make its layers attributes of it, in __init__"
    place = own_place(error)
    if place is None or (type(error) is ValueError and place.startswith(_NETWORKS)):
        return str(error).rstrip(".") or type(error).__name__
    return described(error)


def _advice(error: BaseException, what: str) -> str:
    """Return what to do about a value, where the error, as that of a network of the project, does not say so itself."""
    if lacks := re.search(r"__init__\(\) missing .*?: '(\w+)'", str(error)):
        return f". Give {lacks[1]} a default in the code, or set model.module__{lacks[1]}."
    return "" if what == "built" and ";" in _said(error) else f". A net can't be {what} with it; choose another value."


def _without(settings: dict[str, Any], left_out: str) -> dict[str, Any]:
    return {key: value for key, value in settings.items() if key != left_out}


def _name(value: Any) -> Any:
    return value.__name__ if callable(value) else value
