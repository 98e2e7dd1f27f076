"""Checks the keys of settings, and the types of their values, against the signatures of what takes them."""

from collections.abc import Iterator
from typing import Any

from skorch import NeuralNet

from stages.lib.common import Problem, did_you_mean
from stages.lib.config import PREFIX, Prepare
from stages.lib.model.callbacks import bad_callback_key
from stages.lib.model.names import called_here
from stages.lib.model.signatures import Parameters, not_allowed, not_taken, parameters

# The parts of a net, in keys of the form `OWNER__name`; skorch checks the keys of the others when a net is built.
OWNERS = ("module", "criterion", "optimizer")
_ITERATORS = ("iterator_train", "iterator_valid")
_ALL_OWNERS = (*OWNERS, *_ITERATORS, "dataset", "callbacks")

# The shape of the target or the split of the data depends on these, so they stay the same within a search.
_NOT_IN_A_GRID = ("module", "criterion", "train_split", "device")
# skorch's parameters that take a class or an object, for which no name stands.
_NOT_A_VALUE = ("dataset", "iterator_train", "iterator_valid", "init_context", "torch_load_kwargs", "classes")


def bad_key(
    place: str, key: str, values: dict[str, Any], settings: dict[str, Any], grid: dict[str, list[Any]]
) -> Iterator[Problem]:
    """Yield what is wrong with a key or its values, which are by their places, as problems without a file.

    Settings and grid are all of an experiment's, names resolved. Of a distribution, the grid has both bounds.
    """
    owner, _, name = key.partition("__")
    net = settings["wrapper"]
    of_net = parameters(NeuralNet) | parameters(net)
    takers = {owner: grid.get(owner, [settings[owner]]) for owner in OWNERS}
    takers |= {owner: [of_net[owner].default] for owner in _ITERATORS}
    keys = {*of_net, "wrapper", "class_weight"}
    if key == "wrapper" and place.startswith("experiments"):
        yield Problem(": all experiments share folds and baselines", "put wrapper into model", key=place)
    elif key in _NOT_IN_A_GRID and place.endswith(f".grid.{key}"):
        yield Problem("must stay the same within a search", f"put {key} into model or fixed", key=place)
    elif key.startswith(PREFIX):
        if place.startswith("model."):
            yield Problem(": `model` is about the net", f"set {key.replace('__', '.')} instead", key=place)
    elif owner == "callbacks" and name:
        yield from bad_callback_key(place, key, values, settings.get("callbacks", []))
    elif name and owner not in _ALL_OWNERS:
        yield Problem(f": no part of a net is called {owner!r}{did_you_mean(owner, _ALL_OWNERS)}", key=place)
    elif name:
        for taker in takers.get(owner, []):
            yield from _misused(place, name, taker.__name__, parameters(taker), values)
    elif key not in keys:
        yield Problem(f": {net.__name__} takes no {key!r}{_meant(key, keys, settings)}", key=place)
    elif key in _NOT_A_VALUE:
        yield Problem(f": {key} is a class, which can't be named here", "set it in a wrapper of your own", key=place)
    else:
        yield from _misused(place, key, net.__name__, of_net, values)


def _misused(place: str, name: str, taker: str, taken: Parameters, values: dict[str, Any]) -> Iterator[Problem]:
    if problem := not_taken(taker, taken, name):
        yield Problem(f": {problem}", key=place)
    for where, value in values.items():
        if problem := not_allowed(taker, taken, name, value):
            yield Problem(f": {problem}", key=where)


def _meant(key: str, keys: set[str], settings: dict[str, Any]) -> str:
    """Return what a key may be meant for: another library's, or one of a net or of its parts."""
    parts = {name: f"{owner}__{name}" for owner in OWNERS for name in parameters(settings[owner])}
    if key in Prepare.model_fields:
        return f"; how rows are prepared is set by {PREFIX}{key}"
    if key in parts:
        return f"; did you mean {parts[key]!r}?"
    return called_here(key) or did_you_mean(key, keys)
