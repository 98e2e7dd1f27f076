"""Which code of a net, a callback or a layer is the user's own, and which names this code mentions."""

from types import CellType, CodeType, ModuleType
from typing import Any

from skorch import NeuralNet
from skorch.callbacks import Callback
from torch import nn

# Libraries whose code reads a net's numbers only if it gets them as arguments.
_LIBRARIES = ("torch", "skorch", "sklearn", "numpy", "scipy", "pandas")


def is_told(callback: Callback) -> bool:
    """Whether a callback is called for anything during or after a training."""
    return hears(callback, "on_epoch_begin", "on_epoch_end", "on_batch_begin", "on_batch_end", "on_train_end")


def hears(callback: Callback, *events: str) -> bool:
    """Whether a callback's class does something at one of these events."""
    return any(getattr(type(callback), event) is not getattr(Callback, event) for event in events)


def has_own(net: NeuralNet, *methods: str) -> bool:
    """Whether one of these methods of a net's class is not skorch's."""
    return any(is_own(getattr(type(net), method)) for method in methods)


def is_own(code: Any) -> bool:
    """Whether a class or function is not part of Python, skorch, scikit-learn or the engine."""
    # A wrapper takes the `__module__` of what it wraps.
    module = getattr(code, "__globals__", {}).get("__name__") or getattr(code, "__module__", None)
    return isinstance(module, str) and not module.startswith(("skorch.", "sklearn.", "builtins", "lockstep."))


def own_classes(cls: type) -> list[type]:
    """Return a net's or layer's class and base classes that are not part of skorch or torch."""
    return [each for each in cls.__mro__ if is_own(each) and not each.__module__.startswith("torch.")]


def mentioned(thing: Any, scope: dict[str, Any] | None = None, seen: set[Any] | None = None) -> set[str]:
    """Return the names and strings in the code of a function or property, and of all that it holds, wraps and calls.

    `scope` has the global names for code that is not a function; code in `seen` is skipped.
    """
    seen = set() if seen is None else seen
    function = getattr(getattr(thing, "fget", thing), "__func__", getattr(thing, "fget", thing))
    code = getattr(function, "__code__", function)
    if not isinstance(code, CodeType) or code in seen:
        return set()
    seen.add(code)
    scope = getattr(function, "__globals__", scope) or {}
    called = [scope.get(name) for name in code.co_names]
    called += [vars(each).get(name) for each in called if isinstance(each, ModuleType) for name in code.co_names]
    held = [cell.cell_contents for cell in getattr(function, "__closure__", None) or () if cell != CellType()]
    theirs = [each for each in (*called, *held) if not str(getattr(each, "__module__", "")).startswith(_LIBRARIES)]
    inside = (mentioned(each, scope, seen) for each in (*theirs, *code.co_consts))
    return {*code.co_names, *(each for each in code.co_consts if isinstance(each, str))}.union(*inside)


def mentioned_in(net: NeuralNet | nn.Module, *methods: str) -> set[str]:
    """Return the names in the user's own methods of a net or layer, and in its own methods that these call."""
    names: set[str] = set()
    left = set(methods)
    while left:
        own = [vars(cls)[name] for cls in own_classes(type(net)) for name in left if name in vars(cls)]
        left = set().union(*map(mentioned, own)) - names
        names |= left
    return names
