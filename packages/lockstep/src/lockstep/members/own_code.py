"""Which code is the user's own, what it mentions or is declared to do, and the net as a step sees it."""

from types import CellType, CodeType, ModuleType
from typing import Any, TypeVar

from skorch import NeuralNet
from skorch.callbacks import Callback
from torch import nn

from lockstep.members.parts import shallow_copy

# Libraries whose code reads a net's numbers only if it gets them as arguments.
_LIBRARIES = ("torch", "skorch", "sklearn", "numpy", "scipy", "pandas")

# The methods of a net's class that a step calls.
OF_A_STEP = ("get_loss", "infer")

_HIDDEN = ("history_", "optimizer_", "callbacks_")

# Noted in classes, functions and objects, because copies of these and other processes have it then, too.
_DECLARED = "_lockstep_reads_only"

_Code = TypeVar("_Code")


def reads_only(code: _Code) -> _Code:
    """Declare that a callback or a scorer of your own looks at nets, and changes nothing.

    Nets with such a callback can be trained in lockstep, and such a scorer gets predictions that the stack has
    computed.

    Parameters
    ----------
    code : class derived from skorch's Callback, or a function, object or class of objects that scores an estimator
        A callback may read, print, record in the history, predict at the end of an epoch, and raise
        `KeyboardInterrupt` there to end the training; it may not change weights, settings, modes or rows, nor draw
        random numbers. The first epoch of each training checks this. A scorer may ask the estimator for predictions,
        and read all of its state.

    Returns
    -------
    type or callable
        The same `code`, so that this can be a decorator. Classes that are derived from a class are not declared with
        it, because they may do more.

    Raises
    ------
    TypeError
        If `code` is neither, or can't be marked, such as a bound method.

    See Also
    --------
    explain : Says whether a net goes in lockstep.

    Examples
    --------
    >>> from lockstep import explain, reads_only
    >>> from sklearn.datasets import load_iris
    >>> from skorch import NeuralNetClassifier
    >>> from skorch.callbacks import Callback
    >>> from torch import nn
    >>> class Logger(Callback):
    ...     def on_epoch_end(self, net, **kwargs):
    ...         print(net.history[-1, "train_loss"])
    >>> X, y = load_iris(return_X_y=True)
    >>> net = NeuralNetClassifier(
    ...     nn.Linear, module__in_features=4, module__out_features=3, criterion=nn.CrossEntropyLoss, callbacks=[Logger]
    ... )
    >>> print(explain(net, X.astype("float32"), y))
    NeuralNetClassifier is fitted alone: Logger is a callback of your own; if it changes nothing, say ...
    >>> Logger = reads_only(Logger)
    >>> print(explain(net, X.astype("float32"), y))
    NeuralNetClassifier goes in lockstep: ...
    """
    found = f"not {code!r}"
    scores = callable(code)
    if isinstance(code, type):
        scores = issubclass(code, Callback) or _has_call(code)
    if isinstance(code, Callback):
        found = f"not an object of the class: say reads_only({type(code).__name__})"
    elif scores:
        try:
            setattr(code, _DECLARED, True)
        except AttributeError:
            found = f"not {code!r}, which can't be marked; put a function around it"
        else:
            return code
    raise TypeError(
        f"reads_only takes a class of callbacks derived from skorch's Callback, or a scorer, {found}"
    )


def _has_call(cls: type) -> bool:
    return any("__call__" in vars(each) for each in cls.__mro__)


def is_declared(code: Any) -> bool:
    """Whether an object or function, or exactly its class, is declared to change nothing."""
    return any(
        _DECLARED in getattr(each, "__dict__", ()) for each in (code, type(code))
    )


def has_own(net: NeuralNet, *methods: str) -> bool:
    """Whether one of these methods of a net's class is not skorch's."""
    return any(is_own(getattr(type(net), method)) for method in methods)


def is_own(code: Any) -> bool:
    """Whether a class or function is not part of Python, skorch, scikit-learn or the engine."""
    # A wrapper takes the `__module__` of what it wraps.
    module = getattr(code, "__globals__", {}).get("__name__") or getattr(
        code, "__module__", None
    )
    return isinstance(module, str) and not module.startswith(
        ("skorch.", "sklearn.", "builtins", "lockstep.")
    )


def own_classes(cls: type) -> list[type]:
    """Return a net's or layer's class and base classes that are not part of skorch or torch."""
    return [
        each
        for each in cls.__mro__
        if is_own(each) and not each.__module__.startswith("torch.")
    ]


def mentioned(
    thing: Any, scope: dict[str, Any] | None = None, seen: set[Any] | None = None
) -> set[str]:
    """Return the names and strings in the code of a function or property, and of all that it holds, wraps and calls.

    `scope` has the global names for code that is not a function; code in `seen` is skipped.
    """
    if seen is None:
        seen = set()
    getter = getattr(thing, "fget", thing)
    function = getattr(getter, "__func__", getter)
    code = getattr(function, "__code__", function)
    if not isinstance(code, CodeType) or code in seen:
        return set()
    seen.add(code)
    scope = getattr(function, "__globals__", scope) or {}
    called = [scope.get(name) for name in code.co_names]
    called += [
        vars(each).get(name)
        for each in called
        if isinstance(each, ModuleType)
        for name in code.co_names
    ]
    held = [
        cell.cell_contents
        for cell in getattr(function, "__closure__", None) or ()
        if cell != CellType()
    ]
    theirs = [
        each
        for each in (*called, *held)
        if not str(getattr(each, "__module__", "")).startswith(_LIBRARIES)
    ]
    texts = (each for each in code.co_consts if isinstance(each, str))
    inside = (mentioned(each, scope, seen) for each in (*theirs, *code.co_consts))
    return {*code.co_names, *texts}.union(*inside)


def mentioned_in(cls: type, *methods: str) -> set[str]:
    """Return the names in the user's own methods of a net's or layer's class, and in own methods that these call."""
    names: set[str] = set()
    left = set(methods)
    while left:
        own = [
            vars(each)[name]
            for each in own_classes(cls)
            for name in left
            if name in vars(each)
        ]
        left = set().union(*map(mentioned, own)) - names
        names |= left
    return names


def step_view(net: NeuralNet, module: nn.Module, criterion: nn.Module) -> NeuralNet:
    """Return a copy of a net with another module and criterion, for steps.

    If the net's class has its own `get_loss` or `infer`, the copy has no history, optimizer and callbacks.
    """
    view = shallow_copy(net, module_=module, criterion_=criterion)
    if has_own(net, *OF_A_STEP):
        for name in _HIDDEN:
            vars(view).pop(name, None)
    return view
