"""The state of a net besides its tensors, as hashes: what a training step may read, and what decides predictions."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import NoneType
from typing import Any

import torch
from skorch import NeuralNet, NeuralNetClassifier
from skorch.callbacks import Callback
from torch import nn
from torch.nn.utils.parametrize import type_before_parametrizations

from lockstep._compat import _DropoutNd, global_hooks
from lockstep.members.fingerprint import Hashed, fingerprint
from lockstep.members.own_code import OF_A_STEP, has_own, is_own, mentioned_in
from lockstep.members.parts import lean_optimizer
from lockstep.members.reads import OF_ANY_CLASS, Read, named, own_classes_of
from lockstep.members.refusals import RefusalError, refusal_of

# The attributes of every nn.Module, which hold its tensors, children and hooks.
OF_ANY_MODULE = set(vars(nn.Module()))
_HOOKS = sorted(name for name in OF_ANY_MODULE if name.endswith("_hooks"))

# The parts by which a net is given the rows that it predicts, and skorch's methods that predict these.
_OF_LOADING = ("dataset", "iterator_valid")
_OF_PREDICTING = (
    "get_dataset",
    "get_iterator",
    "get_params_for",
    "evaluation_step",
    "_set_training",
    "infer",
)

_PLAIN = (bool, int, float, str, NoneType)

# The attributes of torch's layers that are sizes: a trial of one size is enough for all.
_SIZES = set(
    """in_features out_features in_channels out_channels num_features num_channels num_embeddings embedding_dim
    normalized_shape""".split()
)

# What to do about an attribute that is not the same in all nets and steps.
AS_BUFFER = "keep it as a tensor that is a buffer, by self.register_buffer"

# Hashes of steps that read nothing but what is fixed, with what they read, by the classes of a net and its parts.
_OUTSIDE: dict[tuple[Any, ...], tuple[str, list[Read]]] = {}


@contextmanager
def comparable() -> Iterator[None]:
    """Raise `RefusalError` for whatever pickle raises in the block."""
    try:
        yield
    except RefusalError:
        raise
    except Exception as error:
        what = "an attribute, or what code reads from outside, can't be compared with another net's"
        raise RefusalError(f"{what}: {refusal_of(error).reason}") from None


def python_state(module: nn.Module) -> str:
    """Return a text that differs if parts' classes do, or attributes other than parameters, buffers and parts."""
    layers = [(layer, _own_attributes(layer)) for layer in module.modules()]
    # torch's usual layers are plain, and a pickle takes three times as long.
    if all(_is_plain(*each) for each in layers):
        for layer, own in layers:
            if isinstance(layer, _DropoutNd):
                own.pop("p")
        return repr([(id(type(layer)), sorted(own.items())) for layer, own in layers])
    described = [(class_of(layer), attributes(layer)) for layer in module.modules()]
    return hashed(described, names_of_parts(module))


def net_state(net: NeuralNet) -> tuple[str, ...]:
    """Return hashes of the state that a step may read besides tensors."""
    return (
        python_state(net.module_),
        python_state(net.criterion_),
        own_numbers(net),
        outside(net),
    )


@comparable()
def outside(net: NeuralNet) -> str:
    """Return a hash of the code of a net's steps, with what this reads from outside; empty if it is all torch's."""
    parts = [(net, OF_A_STEP), (net.optimizer_, ("step",))]
    parts += [
        (layer, ("forward",))
        for part in (net.module_, net.criterion_)
        for layer in part.modules()
    ]
    own = [(part, methods, class_of(part)) for part, methods in parts]
    own = [each for each in own if own_classes_of(each[2])]
    held = [(cls, each) for part, _, cls in own for each in _own_objects(part)]
    hooks = global_hooks()
    about = tuple(cls for *_, cls in own)
    is_plain = not held and not any(hooks)
    if is_plain and about in _OUTSIDE:
        known, fixed = _OUTSIDE[about]
        if all(space.get(name) is value for space, name, value in fixed):
            return known
    names = {cls: _names_of_steps(cls, methods) for _, methods, cls in own}
    code: list[Read] = [
        (vars(each), name, vars(each).get(name))
        for cls in names
        for each in own_classes_of(cls)
        for name in names[cls]
    ]
    read = [item for item in code if item[1] in item[0]]
    read += [item for cls, each in held for item in named(each, names[cls])]
    if not read and is_plain:
        return ""
    pickler = Hashed()
    found = pickler.of([pickler.named(read), hooks])
    if is_plain and pickler.is_fixed:
        _OUTSIDE[about] = found, [*code, *pickler.read]
    return found


def class_of(part: Any) -> Any:
    """Return the class of a part of a net; that of a layer before it was parametrised, where torch gives it another.

    torch's function looks for an attribute that few layers have, which takes long.
    """
    has_more = (
        isinstance(part, nn.Module) and "parametrizations" in vars(part)["_modules"]
    )
    if has_more:
        return type_before_parametrizations(part)
    return type(part)


def _own_objects(part: Any) -> list[Any]:
    """Return the attributes of a part that are objects of classes of the user's own, and no parts of the net."""
    values: Any = vars(part).values()
    own = {
        cls
        for cls in set(map(type, values))
        if own_classes_of(cls) and not issubclass(cls, nn.Module)
    }
    if own:
        return [value for value in values if type(value) in own]
    return []


def _names_of_steps(cls: type, methods: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names in these methods of a class, and in all of its own code that they call."""
    return tuple(
        sorted(mentioned_in(cls, *methods).union(methods).difference(OF_ANY_CLASS))
    )


def predicting_state(net: NeuralNet) -> tuple[Any, ...]:
    """Return hashes of all that decides a net's predictions besides tensors; raises `RefusalError` if it has none.

    Modes are no part of it, because skorch sets them before each batch.
    """
    named = [*net.module_.named_modules(remove_duplicate=False)]
    code = [
        type(net),
        net.dataset,
        net.iterator_valid,
        *(vars(net).get(method) for method in _OF_PREDICTING),
    ]
    values = [
        net.device,
        net.batch_size,
        *(layer.p for _, layer in named if isinstance(layer, _DropoutNd)),
    ]
    values += [
        each
        for part in _OF_LOADING
        for pair in net.get_params_for(part).items()
        for each in (part, *pair)
    ]
    return (
        list(map(_identity, code)),
        _told(values),
        outside(net),
        [name for name, _ in named],
        python_state(net.module_),
    )


def _identity(code: Any) -> Any:
    if isinstance(code, type | NoneType):
        return id(code)
    return hashed(code)


def _told(values: list[Any]) -> str:
    """Return a text that differs if values do: of numbers, texts and None, a hash takes ten times as long."""
    if all(type(value) in _PLAIN for value in values):
        return repr(values)
    return hashed(values)


def attributes(layer: nn.Module, sizes: bool = True, numbers: bool = True) -> list[Any]:
    """Return a layer's own attributes.

    For torch's layers, leave out sizes if `sizes` is false, and keep only the signs of floats if `numbers` is false.
    """
    own = _own_attributes(layer)
    if isinstance(layer, _DropoutNd):
        own.pop("p")
    if class_of(layer).__module__.startswith("torch.nn.modules."):
        own = {
            name: value for name, value in own.items() if sizes or name not in _SIZES
        }
        if not numbers:
            for name, value in own.items():
                if isinstance(value, float):
                    own[name] = bool(value > 0) - bool(value < 0)
    hooks = [
        (name, list(vars(layer)[name].values())) for name in _HOOKS if vars(layer)[name]
    ]
    return [sorted(own.items()), hooks]


def names_of_parts(layer: nn.Module) -> dict[int, str]:
    """Return names of a layer's parts, by which these count where an attribute refers to them."""
    parts = *layer.named_modules(), *layer.named_parameters(), *layer.named_buffers()
    return {id(part): f"part {name}" for name, part in parts}


def other_attribute(one: nn.Module, other: nn.Module) -> str | None:
    """Return the path of an attribute, no parameter, buffer or part, in which two modules of a class differ."""
    parts = names_of_parts(one)
    others = names_of_parts(other)
    for (path, layer), (_, twin) in zip(
        one.named_modules(), other.named_modules(), strict=False
    ):
        for name, value in _own_attributes(layer).items():
            if hashed(value, parts) != hashed(vars(twin).get(name), others):
                return f"{path}.{name}".lstrip(".")
    return None


def made_anew(one: NeuralNet, other: NeuralNet) -> str | None:
    """Return the name of a class of which two nets have one each, for a layer or for an attribute of one."""
    of_one = map(class_of, _objects(one))
    of_other = map(class_of, _objects(other))
    for ours, theirs in zip(of_one, of_other, strict=False):
        if ours is theirs or ours.__module__ != theirs.__module__:
            continue
        if ours.__qualname__ == theirs.__qualname__:  # the same code has made it
            return str(ours.__name__)
    return None


def _objects(net: NeuralNet) -> Iterator[Any]:
    for part in net.module_, net.criterion_:
        for layer in part.modules():
            yield layer
            yield from _own_attributes(layer).values()


def _own_attributes(layer: nn.Module) -> dict[str, Any]:
    # What an RNN has again of its parameters and their names.
    again = ("_flat_weight", "_all_weights") if isinstance(layer, nn.RNNBase) else ()
    own = {k: v for k, v in vars(layer).items() if k not in OF_ANY_MODULE}
    if again:
        return {k: v for k, v in own.items() if not k.startswith(again)}
    return own


def _is_plain(layer: nn.Module, own: dict[str, Any]) -> bool:
    """Whether a layer's own attributes are numbers, texts and None, so that their `repr` says all about them."""
    data = vars(layer)
    has_more = "parametrizations" in data["_modules"] or any(
        map(data.__getitem__, _HOOKS)
    )
    return not has_more and all(type(value) in _PLAIN for value in own.values())


@cache
def _of_any_net() -> set[str]:
    optimizer = lean_optimizer(torch.optim.SGD)
    with torch.random.fork_rng(devices=[]):
        net = NeuralNetClassifier(nn.PReLU, optimizer=optimizer).initialize()
        return set(vars(net))


def own_numbers(net: NeuralNet) -> str:
    """Return a hash of the attributes that the user's own steps of a net may read."""
    if not has_own(net, *OF_A_STEP):
        return ""
    names = mentioned_in(type(net), *OF_A_STEP)
    seen = {name for name in names if not name.endswith("_")}
    if "get_params_for" in seen:
        seen |= {name for name in vars(net) if "__" in name}
    own = vars(net).keys() - _of_any_net()
    seen |= {name for name in own if name.partition("__")[0] not in net.prefixes_}
    items = vars(net).items()
    return hashed(sorted((name, value) for name, value in items if name in seen))


def own_params(thing: NeuralNet | Callback) -> Any:
    """Return a hash of the parameters of a callback, or of those of a net that skorch's nets do not have.

    Numbers of skorch's own callbacks, such as rates and patience, are left out.
    """
    try:
        params = {
            k: v for k, v in thing.get_params(deep=False).items() if "__" not in k
        }
        if isinstance(thing, NeuralNet):
            params = {k: v for k, v in params.items() if k not in _of_any_net()}
        elif not is_own(type(thing)):
            params = {k: v for k, v in params.items() if type(v) not in (int, float)}
        return fingerprint(sorted(params.items()))
    except Exception:  # parameters that can't be pickled would differ by chance only
        return ""


@comparable()
def hashed(thing: Any, names: dict[int, str] | None = None) -> str:
    """Return the `fingerprint` of an object; raises `RefusalError` if it has none."""
    return fingerprint(thing, names)
