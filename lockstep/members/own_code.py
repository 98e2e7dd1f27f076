"""What of a net, a callback or a layer is the user's own code, and what that code mentions."""

from types import CellType, CodeType, ModuleType
from typing import Any

from skorch import NeuralNet
from skorch.callbacks import Callback
from torch import nn

# Where no code looks at a net's numbers, unless it is handed them.
_LIBRARIES = ("torch", "skorch", "sklearn", "numpy", "scipy", "pandas")


def overrides(thing: NeuralNet | Callback, *methods: str) -> bool:
    """Whether a net's or callback's class has one of these methods of its own, instead of skorch's base class's."""
    base = NeuralNet if isinstance(thing, NeuralNet) else Callback
    own = (method for method in methods if hasattr(base, method))  # a callback may have a `notify` for its own use
    return any(getattr(type(thing), method) is not getattr(base, method) for method in own)


def is_told(thing: NeuralNet | Callback) -> bool:
    """Whether a net or callback is told of anything once a training has begun."""
    events = "on_epoch_begin", "on_epoch_end", "on_batch_begin", "on_batch_end", "on_train_end"
    return overrides(thing, "notify", *events)


def has_own(thing: NeuralNet | Callback, method: str) -> bool:
    """Whether a net's or callback's method is none of skorch's."""
    return is_own(getattr(type(thing), method))


def is_own(code: Any) -> bool:
    """Whether a class, function or property is none of skorch's or scikit-learn's."""
    code = getattr(code, "fget", code)
    # A wrapper takes the `__module__` of what it wraps.
    module = getattr(code, "__globals__", {}).get("__name__") or getattr(code, "__module__", None)
    return isinstance(module, str) and not module.startswith(("skorch.", "sklearn."))


def own_classes(kind: type) -> list[type]:
    """Return the classes that a net's or layer's class is made of and that are none of skorch's or torch's."""
    return [cls for cls in kind.__mro__ if is_own(cls) and not cls.__module__.startswith(("builtins", "torch."))]


def mentioned(thing: Any, scope: dict[str, Any] | None = None, known: set[Any] | None = None) -> set[str]:
    """Return the names and words in code: that of a function or property, and of all that it holds, wraps and calls.

    `scope` has the global names of code that is no function; `known` is not looked at again.
    """
    known = set() if known is None else known
    function = getattr(getattr(thing, "fget", thing), "__func__", getattr(thing, "fget", thing))
    code = getattr(function, "__code__", function)
    if not isinstance(code, CodeType) or code in known:
        return set()
    known.add(code)
    scope = getattr(function, "__globals__", scope) or {}
    called = [scope.get(name) for name in code.co_names]
    called += [vars(each).get(name) for each in called if isinstance(each, ModuleType) for name in code.co_names]
    held = [cell.cell_contents for cell in getattr(function, "__closure__", None) or () if cell != CellType()]
    theirs = [each for each in (*called, *held) if not str(getattr(each, "__module__", "")).startswith(_LIBRARIES)]
    inside = (mentioned(each, scope, known) for each in (*theirs, *code.co_consts))
    return {*code.co_names, *(each for each in code.co_consts if isinstance(each, str))}.union(*inside)


def mentioned_in(net: NeuralNet | nn.Module, *methods: str) -> set[str]:
    """Return what own methods of a net or layer mention, and what its own methods do that they call."""
    found: set[str] = set()
    left = set(methods)
    while left:
        own = [vars(cls)[name] for cls in own_classes(type(net)) for name in left if name in vars(cls)]
        new = set().union(*map(mentioned, own)) - found
        found |= new
        left = new
    return found
