"""Resolves an experiment's settings and candidates, and checks them with torch before a search starts."""

import inspect
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Literal, get_args, get_origin

from skorch import NeuralNet

from stages.lib.common import UserError, did_you_mean, format_value
from stages.lib.config import CV, PARAMS_FILE, PREFIX, Distribution, Params, Prepare
from stages.lib.model.callbacks import A_NUMBER, bad_callback_key, imported_parts, instead_of_text, unheard
from stages.lib.model.estimator import is_classifier, parameters
from stages.lib.model.hold_out import hold_out
from stages.lib.model.names import resolve
from stages.lib.model.source import unnoticed_sources

Grid = Mapping[str, list[Any] | Distribution]

# The shape of the target or the split of the data depends on these, so they stay the same within a search.
_NOT_IN_A_GRID = ("wrapper", "module", "criterion", "train_split", "device")

# skorch's parameters that take a class or an object, for which no name stands.
_NOT_A_VALUE = ("dataset", "iterator_train", "iterator_valid", "init_context", "torch_load_kwargs", "classes")

# The owners in keys of the form `OWNER__name`; skorch checks keys of the others when a net is built.
_OWNERS = ("module", "criterion", "optimizer")
_ITERATORS = ("iterator_train", "iterator_valid")
_OTHER_OWNERS = (*_ITERATORS, "dataset", "callbacks")

# What other libraries call skorch's parameters, and what many of torch's optimizers take, whichever is set.
_EVERYDAY = {
    "batchsize": "batch_size",
    "epochs": "max_epochs",
    "learning_rate": "lr",
    "n_epochs": "max_epochs",
    "shuffle": "iterator_train__shuffle",
}
_OF_OPTIMIZERS = ("momentum", "weight_decay", "nesterov", "betas", "eps", "amsgrad", "alpha", "dampening")


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
    params : Params
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
    experiment = params.experiment(name)
    model = params.model.model_dump()
    places = {key: f"model.{key}" for key in model} | {
        key: f"experiments.{name}.fixed.{key}" for key in experiment.fixed
    }
    raw = model | experiment.fixed
    settings, grid = _resolve(
        raw, places, experiment.grid, f"experiments.{name}.grid", params.model.source, cv=params.cv
    )
    if is_classifier(settings["wrapper"]) != params.model.classifies:
        raise UserError(
            f"{PARAMS_FILE}: model.wrapper: {params.model.wrapper} is not a classifier, or is one with a regressor's "
            "name. Set it to NeuralNetClassifier, NeuralNetBinaryClassifier or NeuralNetRegressor."
        )
    return settings, Candidates(name, grid, experiment.model_copy(update={"grid": grid}).candidates(params.seed))


def resolve_settings(
    settings: dict[str, Any], file: str, place: str, cv: CV | None = None, only_from: str | None = None
) -> dict[str, Any]:
    """Return the settings of a net that a search has built before, ready for `build_estimator`.

    The rows that the net holds out of its fit are split as the folds of `cv`.

    Raises `UserError` as `resolve_experiment` does. It does not check `model.source`, because the search has done so;
    of settings that anyone may have written, names of the user's own code are imported `only_from` that.
    """
    return _resolve(settings, {key: f"{place}.{key}" for key in settings}, file=file, cv=cv, only_from=only_from)[0]


def _resolve(
    raw: dict[str, Any],
    places: dict[str, str],
    raw_grid: Grid | None = None,
    grid_place: str = "",
    source: str | None = None,
    file: str = PARAMS_FILE,
    cv: CV | None = None,
    only_from: str | None = None,
) -> tuple[dict[str, Any], Grid]:
    """Resolve the names of settings, found at `places`, and of a grid, and check that the net takes them."""
    problems: list[str] = []
    causes: list[BaseException | None] = [None]
    imported: dict[str, tuple[str, object]] = {}

    def resolved(place: str, key: str, value: Any) -> Any:
        try:
            thing = resolve(key, value, only_from)
        except ValueError as error:
            problems.append(f"{place}: {error}")
            causes.append(error.__cause__)
            return None
        if isinstance(value, str) and "." in value and thing is not value:
            imported[place] = value, thing
        if key == "callbacks":
            imported.update(imported_parts(place, value, thing))
        return thing

    owners = {key: resolved(places[key], key, raw[key]) for key in ("wrapper", *_OWNERS)}
    _refuse(problems, file, causes[-1])
    takes = parameters(owners["module"]).items()
    numeric = {f"module__{name}" for name, parameter in takes if instead_of_text(parameter) == A_NUMBER}
    words = {f"module__{name}": get_args(each.annotation) for name, each in takes if _takes_words(each)}

    def resolved_or_text(place: str, key: str, value: Any) -> Any:
        # A string in place of a number, or of a word, is not looked up as a name; `_bad_key` reports the former.
        if key in words and value not in words[key]:
            hint = did_you_mean(str(value), words[key])
            problems.append(f"{place}: {format_value(value)} is not one of {', '.join(words[key])}{hint}")
        return value if key in words or (key in numeric and isinstance(value, str)) else resolved(place, key, value)

    settings = owners | {
        key: resolved_or_text(places[key], key, value) for key, value in raw.items() if key not in owners
    }
    grid: Grid = {
        key: values
        if isinstance(values, Distribution)
        else [resolved_or_text(f"{grid_place}.{key}[{i}]", key, value) for i, value in enumerate(values)]
        for key, values in (raw_grid or {}).items()
    }
    # Of a distribution, both bounds are checked.
    checked = {
        key: [values.low, values.high] if isinstance(values, Distribution) else values for key, values in grid.items()
    }
    _refuse(problems, file, causes[-1])
    if source is not None:
        _refuse(unnoticed_sources(imported, source))

    for key, value in settings.items():
        problems += _bad_key(key, {places[key]: value}, settings, checked)
    for key, values in checked.items():
        place = f"{grid_place}.{key}"
        if key in _NOT_IN_A_GRID:
            problems.append(f"{place} must stay the same within a search; put {key} into model or fixed")
        problems += _bad_key(key, {f"{place}[{i}]": value for i, value in enumerate(values)}, settings, checked)
    if settings["train_split"] is None:
        problems += unheard(settings, checked, places)
    _refuse(problems, file)
    settings["train_split"] = hold_out(settings["train_split"], cv, is_classifier(settings["wrapper"]))
    return settings, grid


def _bad_key(key: str, values: dict[str, Any], settings: dict[str, Any], grid: dict[str, list[Any]]) -> Iterator[str]:
    """Check a key, and the type of its values (by place), against the signature of the object that takes it."""
    place = next(iter(values)).partition("[")[0]
    owner, _, name = key.partition("__")
    if key == "source":
        yield f"{place}: every search depends on the same code; put source into model, where it can name a folder"
    elif key == "wrapper" and place.startswith("experiments"):
        yield f"{place}: all experiments share folds and baselines; put wrapper into model"
    elif key.startswith(PREFIX):
        if place.startswith("model."):
            yield f"{place}: `model` is about the net; set {key.replace('__', '.')} instead"
        elif name not in Prepare.model_fields:
            yield f"{place}: prepare has no {name!r}{did_you_mean(name, Prepare.model_fields)}"
    elif owner == "callbacks" and name:
        yield from bad_callback_key(key, values, settings.get("callbacks", []))
    elif not name:
        net = settings["wrapper"]
        taken = parameters(NeuralNet) | parameters(net)
        known = {*taken, "wrapper", "class_weight"}
        if key not in known:
            yield f"{place}: {net.__name__} takes no {key!r}{_meant(key, settings) or did_you_mean(key, known)}"
        elif key in _NOT_A_VALUE:
            yield f"{place}: {key} is a class, which can't be named here; set it in a wrapper of your own"
        elif key in taken:
            yield from _texts(key, net, taken, values)
    elif owner not in {*_OWNERS, *_OTHER_OWNERS}:
        yield f"{place}: no part of a net is called {owner!r}{did_you_mean(owner, {*_OWNERS, *_OTHER_OWNERS})}"
    elif owner in _OWNERS:
        for taker in grid.get(owner, [settings[owner]]):
            yield from _not_taken(place, name, taker, values)
    elif owner in _ITERATORS:
        taker = (parameters(NeuralNet) | parameters(settings["wrapper"]))[owner].default
        yield from _not_taken(place, name, taker, values)


def _meant(key: str, settings: dict[str, Any]) -> str:
    """Return what a key may be meant for that has dots, another library's name, or belongs to a part of the net."""
    if "." in key:
        return f"; write {key.replace('.', '__')}, with two underscores"
    if name := _EVERYDAY.get(key.lower()):
        return f"; it is called {name}"
    if key in _OF_OPTIMIZERS:
        return f"; it is a parameter of optimizers: write optimizer__{key}"
    if key in Prepare.model_fields:
        return f"; how rows are prepared is set by {PREFIX}{key}"
    taken = {name: f"{owner}__{name}" for owner in _OWNERS for name in parameters(settings[owner])}
    near = taken.get(key) or next(map(taken.__getitem__, get_close_matches(key, taken, n=1, cutoff=0.7)), "")
    return f"; did you mean {near!r}?" if near else ""


def _not_taken(place: str, name: str, taker: type, values: dict[str, Any]) -> Iterator[str]:
    """Check a parameter of a part of a net, and the type of its values."""
    taken = parameters(taker)
    if name in taken:
        yield from _texts(name, taker, taken, values)
    elif not any(parameter.kind is parameter.VAR_KEYWORD for parameter in taken.values()):
        yield f"{place}: {taker.__name__} takes no {name!r}{did_you_mean(name, taken)}"


def _texts(name: str, taker: type, taken: Mapping[str, inspect.Parameter], values: dict[str, Any]) -> Iterator[str]:
    """Refuse texts where numbers are wanted, or true or false, of which every text would be the former."""
    wanted = instead_of_text(taken[name])
    for where, value in values.items() if wanted else ():
        if isinstance(value, str):
            yield f"{where}: {value!r} is text; {name} of {taker.__name__} is {wanted}"


def _takes_words(parameter: inspect.Parameter) -> bool:
    return get_origin(parameter.annotation) is Literal


def _refuse(problems: list[str], file: str = PARAMS_FILE, cause: BaseException | None = None) -> None:
    if problems:
        raise UserError(*(f"{file}: {problem}" for problem in dict.fromkeys(problems))) from cause
