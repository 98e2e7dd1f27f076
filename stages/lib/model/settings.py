"""Resolves an experiment's settings and candidates, and checks them with torch before a search starts."""

from collections.abc import Iterable, Mapping
from typing import Any

from stages.lib.common import UserError, did_you_mean, format_value
from stages.lib.config import CV, PARAMS_FILE, Distribution, Params
from stages.lib.model.callbacks import imported_parts, unheard
from stages.lib.model.estimator import is_classifier
from stages.lib.model.hold_out import hold_out
from stages.lib.model.keys import OWNERS, bad_key
from stages.lib.model.names import resolve
from stages.lib.model.signatures import is_number, parameters, words_of
from stages.lib.model.source import unnoticed_sources

Grid = Mapping[str, list[Any] | Distribution]

# The shape of the target or the split of the data depends on these, so they stay the same within a search.
_NOT_IN_A_GRID = ("wrapper", "module", "criterion", "train_split", "device")


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

    def __init__(self, name: str, grid: Grid, candidates: Iterable[dict[str, Any]]) -> None:
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


def resolve_experiment(params: Params, name: str) -> tuple[dict[str, Any], Candidates]:
    """Return an experiment's settings and candidates, ready for `build_estimator` and `nested_grid`.

    Parameters
    ----------
    name : str
        The experiment.

    Returns
    -------
    settings : dict
        `model` overridden by the experiment's `fixed`.
    candidates : list of dict
        In the order of every table, with all keys of the grid in each.

    Raises
    ------
    UserError
        It lists, with their places, unknown names, names whose code is outside `model.source`, and keys that the net
        does not take.
    """
    experiment, home = params.experiment(name), f"experiments.{name}"
    raw = params.model.model_dump() | experiment.fixed
    places = {key: f"{home}.fixed.{key}" if key in experiment.fixed else f"model.{key}" for key in raw}
    names = _Names(PARAMS_FILE)
    settings = names.resolved(raw, places)
    grid = {
        key: values
        if isinstance(values, Distribution)
        else [names.value(f"{home}.grid.{key}[{i}]", key, value) for i, value in enumerate(values)]
        for key, values in experiment.grid.items()
    }
    names.refuse()
    names.problems += unnoticed_sources(names.imported, params.model.source)
    names.refuse()
    names.check(settings, places, grid, f"{home}.grid")
    if is_classifier(settings["wrapper"]) != params.model.classifies:
        raise UserError(
            f"{PARAMS_FILE}: model.wrapper: {params.model.wrapper} is not a classifier, or is one with a regressor's "
            "name. Set it to NeuralNetClassifier, NeuralNetBinaryClassifier or NeuralNetRegressor."
        )
    settings["train_split"] = hold_out(settings["train_split"], params.cv, params.model.classifies)
    return settings, Candidates(name, grid, experiment.model_copy(update={"grid": grid}).candidates(params.seed))


def resolve_settings(
    settings: dict[str, Any], file: str, place: str, cv: CV | None = None, only_from: str | None = None
) -> dict[str, Any]:
    """Return the settings of a net that a search has built before, ready for `build_estimator`.

    The rows that the net holds out of its fit are split as the folds of `cv`.

    Raises `UserError` as `resolve_experiment` does. It does not check `model.source`, because the search has done so;
    of settings that anyone may have written, names of the user's own code are imported `only_from` that.
    """
    names, places = _Names(file, only_from), {key: f"{place}.{key}" for key in settings}
    resolved = names.resolved(settings, places)
    names.refuse()
    names.check(resolved, places)
    resolved["train_split"] = hold_out(resolved["train_split"], cv, is_classifier(resolved["wrapper"]))
    return resolved


class _Names:
    """Turns the names in a file into objects, and collects what is wrong with them.

    Parameters
    ----------
    only_from : str, optional
        As the `source` of `resolve`.

    Attributes
    ----------
    problems : list of str
        Sentences that begin with the place.
    imported : dict of (str, object)
        Dotted names and what they stand for, by place.
    """

    def __init__(self, file: str, only_from: str | None = None) -> None:
        self.file, self.only_from = file, only_from
        self.problems: list[str] = []
        self.imported: dict[str, tuple[str, object]] = {}
        self._cause: BaseException | None = None
        self._words: dict[str, tuple[Any, ...]] = {}
        self._numeric: set[str] = set()

    def refuse(self) -> None:
        """Raise `UserError` if there are problems."""
        if self.problems:
            raise UserError(*(f"{self.file}: {each}" for each in dict.fromkeys(self.problems))) from self._cause

    def resolved(self, raw: dict[str, Any], places: dict[str, str]) -> dict[str, Any]:
        """Return settings with objects in the place of names."""
        owners = {key: self.value(places[key], key, raw[key]) for key in ("wrapper", *OWNERS)}
        self.refuse()
        takes = {f"module__{name}": parameter for name, parameter in parameters(owners["module"]).items()}
        self._words = {key: words for key, parameter in takes.items() if (words := words_of(parameter))}
        self._numeric = {key for key, parameter in takes.items() if is_number(parameter)}
        return owners | {key: self.value(places[key], key, value) for key, value in raw.items() if key not in owners}

    def value(self, place: str, key: str, value: Any) -> Any:
        """Return what a value stands for; a text in place of a number, which `bad_key` refuses, is not looked up."""
        if key in self._numeric and isinstance(value, str):
            return value
        if words := self._words.get(key):
            if value not in words:
                hint = did_you_mean(str(value), words)
                self.problems.append(f"{place}: {format_value(value)} is not one of {', '.join(words)}{hint}")
            return value
        try:
            thing = resolve(key, value, self.only_from)
        except ValueError as error:
            self.problems.append(f"{place}: {error}")
            self._cause = error.__cause__
            return None
        if isinstance(value, str) and "." in value and thing is not value:
            self.imported[place] = value, thing
        if key == "callbacks":
            self.imported |= imported_parts(place, value, thing)
        return thing

    def check(
        self, settings: dict[str, Any], places: dict[str, str], grid: Grid | None = None, grid_place: str = ""
    ) -> None:
        """Raise `UserError` if the net does not take a key of resolved settings or of a grid."""
        # Of a distribution, both bounds are checked.
        lists = {
            key: [values.low, values.high] if isinstance(values, Distribution) else values
            for key, values in (grid or {}).items()
        }
        for key, value in settings.items():
            self.problems += bad_key(key, {places[key]: value}, settings, lists)
        for key, values in lists.items():
            place = f"{grid_place}.{key}"
            if key in _NOT_IN_A_GRID:
                self.problems.append(f"{place} must stay the same within a search; put {key} into model or fixed")
            self.problems += bad_key(key, {f"{place}[{i}]": each for i, each in enumerate(values)}, settings, lists)
        if settings["train_split"] is None:
            self.problems += unheard(settings, lists, places)
        self.refuse()
