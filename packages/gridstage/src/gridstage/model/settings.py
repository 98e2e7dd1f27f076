"""Resolves an experiment's settings and candidates, and checks them with torch before a search starts."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from itertools import chain
from typing import Any

from gridstage.common import Problem, UserError, format_value, in_params
from gridstage.config import CV, PARAMS_FILE, Distribution, Params
from gridstage.model.estimator import is_classifier
from gridstage.model.hold_out import hold_out
from gridstage.model.names import resolve
from gridstage.model.signatures import (
    OWNERS,
    Parameters,
    bad_key,
    parameters,
    takes_names,
)

Grid = Mapping[str, list[Any] | Distribution]


class Candidates(list[dict[str, Any]]):
    """A list of an experiment's candidates that knows where their values stand in params.yaml."""

    def __init__(
        self, name: str, grid: Grid, candidates: Iterable[dict[str, Any]]
    ) -> None:
        super().__init__(candidates)
        self._place, self.grid = f"experiments.{name}.grid", grid

    def place(self, key: str, value: Any) -> str:
        """Return where a candidate's value stands: `…grid.lr[2]`, or `…grid.lr, 0.01 of uniform 0 to 0.1`."""
        values = self.grid[key]
        if isinstance(values, Distribution):
            return f"{self._place}.{key}, {format_value(value)} of {values}"
        same = [type(each) is type(value) and each == value for each in values]
        return f"{self._place}.{key}[{same.index(True)}]"


def resolve_experiment(params: Params, name: str) -> tuple[dict[str, Any], Candidates]:
    """Return an experiment's settings, `model` overridden by `fixed`, and candidates, in the order of every table.

    Raises `UserError`, which lists, with their places, unknown names and keys that the net does not take.
    """
    experiment, place = params.experiment(name), f"experiments.{name}.grid"
    raw = params.settings(name)
    names = _Names(PARAMS_FILE, {key: params.place(name, key) for key in raw})
    settings = names.resolved(raw)
    raw_lists = dict(experiment.lists)
    for key, drawn in experiment.distributions.items():
        raw_lists[key] = [drawn.low, drawn.high]  # both bounds are checked
    lists = {}
    for key, values in raw_lists.items():
        lists[key] = names.values(f"{place}.{key}", key, values)
    settings = names.checked(settings, params.cv, lists, place)
    if is_classifier(settings["wrapper"]) != params.model.classifies:
        finding = f": {params.model.wrapper} is not a classifier, or is one with a regressor's name"
        remedy = "Set it to NeuralNetClassifier, NeuralNetBinaryClassifier or NeuralNetRegressor."
        raise UserError(in_params("model.wrapper", finding, remedy))
    grid = lists | experiment.distributions
    candidates = experiment.model_copy(update={"grid": grid}).candidates(params.seed)
    return settings, Candidates(name, grid, candidates)


def resolve_settings(
    settings: dict[str, Any],
    file: str,
    place: str,
    cv: CV | None = None,
    only: Collection[str] | None = None,
) -> dict[str, Any]:
    """Return the settings of a net that a search has built before; raises `UserError` as `resolve_experiment` does.

    The rows that the net holds out are split as the folds of `cv`. Names are imported `only` from some packages.
    """
    names = _Names(file, {key: f"{place}.{key}" for key in settings}, only)
    return names.checked(names.resolved(settings), cv, {})


def packages_of(params: Params) -> set[str]:
    """Return the packages that dotted names in params.yaml are from."""
    values = [*params.model.model_dump().values()]
    for experiment in params.experiments.values():
        values += [*experiment.fixed.values(), *chain(*experiment.lists.values())]
    names = [value for value in values if isinstance(value, str) and "." in value]
    return {name.partition(".")[0] for name in names}


class _Names:
    """Turns the names in a file into objects, and collects what is wrong, with the `places` of settings."""

    def __init__(
        self, file: str, places: dict[str, str], only: Collection[str] | None = None
    ) -> None:
        self.file, self.places, self.only = file, places, only
        self.problems: list[Problem] = []
        self._cause: BaseException | None = None
        self._of_module: Parameters = {}

    def refuse(self) -> None:
        """Raise `UserError` if there are problems."""
        if self.problems:
            problems = dict.fromkeys(self.problems)
            in_file = [replace(each, file=self.file) for each in problems]
            raise UserError(*in_file) from self._cause

    def resolved(self, raw: dict[str, Any]) -> dict[str, Any]:
        """Return settings with objects in the place of names."""
        owners = self._of(raw, ("wrapper", *OWNERS))
        self.refuse()
        self._of_module = parameters(owners["module"])
        return owners | self._of(raw, [key for key in raw if key not in owners])

    def _of(self, raw: dict[str, Any], keys: Iterable[str]) -> dict[str, Any]:
        return {key: self.value(self.places[key], key, raw[key]) for key in keys}

    def values(self, place: str, key: str, values: list[Any]) -> list[Any]:
        """Return what the values of a list stand for."""
        return [self.value(f"{place}[{i}]", key, each) for i, each in enumerate(values)]

    def value(self, place: str, key: str, value: Any) -> Any:
        """Return what a value stands for; a text is not looked up where the module takes no name, or no such key."""
        owner, _, name = key.partition("__")
        is_text = owner == "module" and name and isinstance(value, str)
        if is_text and not takes_names(self._of_module, name):
            return value
        try:
            return resolve(key, value, self.only)
        except ValueError as error:
            self.problems.append(Problem(f": {error}", key=place))
            self._cause = error.__cause__
            return None

    def checked(
        self,
        settings: dict[str, Any],
        cv: CV | None,
        lists: dict[str, list[Any]],
        grid_place: str = "",
    ) -> dict[str, Any]:
        """Return resolved settings with the hold-out split as the folds of `cv`; raise `UserError` for problems."""
        self.refuse()
        for key, value in settings.items():
            place = self.places[key]
            self.problems += bad_key(place, key, {place: value}, settings, lists)
        for key, values in lists.items():
            place = f"{grid_place}.{key}"
            by_place = {f"{place}[{i}]": value for i, value in enumerate(values)}
            self.problems += bad_key(place, key, by_place, settings, lists)
        self.refuse()
        classify = is_classifier(settings["wrapper"])
        train_split = hold_out(settings["train_split"], cv, classify)
        return settings | {"train_split": train_split}
