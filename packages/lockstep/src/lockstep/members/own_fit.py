"""Runs a net's own `fit`, up to where its training begins, on rows that the nets of a split share."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from skorch import NeuralNet

from lockstep.members.parts import build_lean
from lockstep.members.refusals import INSTEAD_OF_FIT_PARAMS, RefusalError


class EndOfFitError(BaseException):
    """Ends a method of the user's when the net would start to work; its arguments are the net's.

    Not an `Exception`, so that no `except Exception` catches it.
    """


@dataclass
class Prepared:
    """The rows for the nets of one split, the same for all nets with the same steps around them."""

    X: Any
    y: Any
    fitted: Any = None  # the estimator, with a stub in the place of the net
    random_states: Any = None  # of all generators after the fit of the steps around the net, if these have drawn
    # The X and y to train on instead of those that `fit` passes on.
    handed_on: tuple[Any, Any] | None = None

    def transform(self, X: Any) -> Any:
        """Return other rows as the net gets them."""
        try:
            self.fitted.predict(X)
        except EndOfFitError as captured:
            (X,) = captured.args
        return X


def capture(net: NeuralNet, prepared: Prepared) -> tuple[Any, Any]:
    """Run a net's own `fit` up to the training: the net is initialised, and the rows to train on are returned."""

    def partial_fit(
        X: Any,
        y: Any = None,
        classes: Any = None,
        _routing_method: str = "",
        **fit_params: Any,
    ) -> None:
        if fit_params:
            given = ", ".join(sorted(fit_params))
            raise RefusalError(
                f"the fit of {type(net).__name__} hands on {given}",
                INSTEAD_OF_FIT_PARAMS,
            )
        raise EndOfFitError(X, y)

    methods: dict[str, Callable[..., Any]] = {"partial_fit": partial_fit}
    if type(net).initialize_optimizer is NeuralNet.initialize_optimizer:
        # Without torch's compiler.
        methods["initialize_optimizer"] = partial(build_lean, net)
    try:
        with stand_ins(net, **methods):
            net.fit(prepared.X, prepared.y)
    except EndOfFitError as captured:
        X, y = prepared.handed_on or captured.args
        return X, y
    raise RefusalError(
        f"the fit of {type(net).__name__} does not call partial_fit, which trains the net"
    )


@contextmanager
def method_of_one(
    net: NeuralNet, name: str, method: Callable[..., Any]
) -> Iterator[None]:
    """Replace a method of one net; the new method gets skorch's method and the arguments. Copies keep skorch's method.

    As an attribute of the net, skorch would take the method for a parameter, and pickle it.
    """
    skorchs = getattr(NeuralNet, name)

    def called(self: NeuralNet, *args: Any, **kwargs: Any) -> Any:
        if self is net:
            return method(skorchs, *args, **kwargs)
        return skorchs(self, *args, **kwargs)

    setattr(NeuralNet, name, called)
    try:
        yield
    finally:
        setattr(NeuralNet, name, skorchs)


@contextmanager
def stand_ins(thing: Any, **methods: Callable[..., Any]) -> Iterator[None]:
    """Give an object other methods than its class's in the block; a method may remove itself earlier."""
    thing.__dict__.update(methods)
    try:
        yield
    finally:
        for name in methods:
            thing.__dict__.pop(name, None)
