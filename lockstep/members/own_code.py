"""What of a net, a callback or a layer is the user's own code, and what that code mentions."""

from types import CellType, CodeType, ModuleType
from typing import Any

from skorch import NeuralNet
from skorch.callbacks import Callback
from torch import nn

# Where no code looks at a net's numbers, unless it is handed them.
_LIBRARIES = ("torch", "skorch", "sklearn", "numpy", "scipy", "pandas")


def is_told(callback: Callback) -> bool:
    """Whether a callback is told of anything once a training has begun."""
    return hears(callback, "on_epoch_begin", "on_epoch_end", "on_batch_begin", "on_batch_end", "on_train_end")


def hears(callback: Callback, *events: str) -> bool:
    """Whether a callback's class does something at one of these events."""
    return any(getattr(type(callback), event) is not getattr(Callback, event) for event in events)


def has_own(net: NeuralNet, *methods: str) -> bool:
    """Whether one of these methods of a net's class is none of skorch's."""
    return any(is_own(getattr(type(net), method)) for method in methods)


def is_own(code: Any) -> bool:
    """Whether a class or function is none of Python's, skorch's, scikit-learn's or the engine's."""
    # A wrapper takes the `__module__` of what it wraps.
    module = getattr(code, "__globals__", {}).get("__name__") or getattr(code, "__module__", None)
    return isinstance(module, str) and not module.startswith(("skorch.", "sklearn.", "builtins", "lockstep."))


def own_classes(cls: type) -> list[type]:
    """Return the classes that a net's or layer's class is made of and that are none of skorch's or torch's."""
    return [each for each in cls.__mro__ if is_own(each) and not each.__module__.startswith("torch.")]


def mentioned(thing: Any, scope: dict[str, Any] | None = None, seen: set[Any] | None = None) -> set[str]:
    """Return the names and words in code: that of a function or property, and of all that it holds, wraps and calls.

    `scope` has the global names of code that is no function; what is in `seen` is not looked at again.
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
    """Return what own methods of a net or layer mention, and what its own methods do that they call."""
    names: set[str] = set()
    left = set(methods)
    while left:
        own = [vars(cls)[name] for cls in own_classes(type(net)) for name in left if name in vars(cls)]
        left = set().union(*map(mentioned, own)) - names
        names |= left
    return names
