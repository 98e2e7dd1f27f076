"""A net that a call has begun to fit, and that waits to be trained together with others."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from sklearn.base import BaseEstimator, clone
from skorch import NeuralNet

from lockstep._compat import OF_CALLBACKS, parts_of
from lockstep.fits.answers import Forward
from lockstep.fits.fit import DIVERGED, Fit, Outcome
from lockstep.members.fingerprint import fingerprint
from lockstep.members.member import Cache, Member, begun_member
from lockstep.members.numerics import random_states, set_others
from lockstep.members.own_fit import Begun, Prepared
from lockstep.members.parts import exchange, named_tensors
from lockstep.members.refusals import INSTEAD_OF_FIT_PARAMS, OUTDATED, Refusal, RefusalError, refusal_of
from lockstep.members.state import outside
from lockstep.stacks.trained import Trained


@dataclass(eq=False)
class Waiting(Fit):
    """A net whose own `fit` has come to the training."""

    net: NeuralNet
    X: Any
    y: Any
    read: str | None = None  # a hash of what its steps read from outside, when its training began
    state: "_State | None" = None  # how the net was when its training began, if a stack has taken it up

    def __post_init__(self) -> None:
        self.is_answered = False
        self.states = random_states()
        self.place = id(self)
        try:
            self.key = fingerprint([type(self.net), clone(self.net).get_params(deep=False)])
            self.read = outside(self.net) if self.net.initialized_ else None
        except Exception as error:  # a file, for example, which skorch never compares
            self.key = f"net {id(self)}"
            self.refusal = Refusal(f"a net can't be compared with others ({refusal_of(error).reason})")

    def own_estimator(self) -> BaseEstimator:
        """Return a copy of the net with its settings, which its `fit` may have changed."""
        return clone(self.net)

    def prepare(self, estimator: BaseEstimator) -> Prepared:
        """Return the rows that its `fit` has handed on."""
        return Begun(self.X, self.y, own=dict(vars(self.net)), states=self.states)

    def begin(self, estimator: BaseEstimator, prepared: Prepared, cache: Cache) -> Member:
        """Take over the net itself, not a copy: others may share its weights, or keep its parts."""
        if not isinstance(prepared, Begun):
            raise TypeError("a net that waits has no steps around it")
        self.restore()
        if self.read not in (None, outside(self.net)):
            raise RefusalError(*OUTDATED)
        self.state = _State(self.net)
        return begun_member(self.net, prepared, self.seeds[1], cache)

    def hand_back(self, trained: Trained, prepared: Prepared, forward: Forward | None) -> Outcome | None:
        """Let the net be trained; returns None, and leaves it as it was, if skorch has to meet infinite numbers."""
        if not trained.is_finite and not hasattr(type(trained.net), "diverged_"):
            self.not_by_kernel = DIVERGED
            return None
        if trained.net is not self.net:  # it comes from another process
            vars(self.net).update(vars(trained.net))
        self.net.history_ = trained.history(self.is_looked_at)
        torch.set_rng_state(trained.random_state)
        if trained.member.others:
            set_others(trained.member.others)
        print(trained.member.output.getvalue(), end="")
        return self.net, None

    def restore(self) -> None:
        """Let the net be as it was when its training began."""
        if self.state:
            self.state.restore()
        self.state = None


class _State:
    """The attributes, tensors, optimizer and callbacks of a net, to restore them."""

    def __init__(self, net: NeuralNet) -> None:
        self.net, self.own = net, _copied(net)
        # Where a stack trains a net, its tensors get other memory.
        self.memory = {name: tensor.data for name, tensor in named_tensors(net).items()}
        self.optimizer = [dict(group) for group in net.optimizer_.param_groups]
        self.callbacks = [(callback, _copied(callback)) for _, callback in net.callbacks_]

    def restore(self) -> None:
        for thing, own in ((self.net, self.own), *self.callbacks):
            vars(thing).clear()
            vars(thing).update(own)
        named = named_tensors(self.net)
        exchange(named, self.memory)
        for tensor in named.values():
            tensor.grad = None
        optimizer = self.net.optimizer_
        optimizer.state.clear()
        for group, own in zip(optimizer.param_groups, self.optimizer, strict=True):
            group.update(own)


def _copied(thing: Any) -> dict[str, Any]:
    """Return an object's attributes; lists, dicts and sets among them are copied, because a training fills them."""
    return {name: copy.copy(v) if isinstance(v, list | dict | set) else v for name, v in vars(thing).items()}


def why_alone(net: NeuralNet, fit_params: dict[str, Any]) -> Refusal | None:
    """Return why a net whose training begins can't wait for others, as far as that can be seen at once."""
    # skorch takes `classes`, as scikit-learn hands them to partial_fit, and does not use them.
    if given := sorted(name for name, value in fit_params.items() if value is not None and name != "classes"):
        return Refusal(f"fit is given {', '.join(given)}", INSTEAD_OF_FIT_PARAMS)
    if not net.initialized_:
        return None
    optimizers = [vars(net).get(f"{name}_") for name in parts_of(net)[2]]
    if net.history or any(optimizer.state for optimizer in optimizers if optimizer):
        return Refusal(
            f"{type(net).__name__} has been trained before, and goes on by warm_start or partial_fit, as in a learning "
            "curve with exploit_incremental_learning",
            "only what is trained from the start goes in lockstep",
        )
    return None


@contextmanager
def without_context(net: NeuralNet) -> Iterator[None]:
    """Hide in the block what tells a net inside of which estimator it is fitted: that would tell it from others."""
    context = {name: vars(net).pop(name) for name in (OF_CALLBACKS,) if name in vars(net)}
    try:
        yield
    finally:
        vars(net).update(context)
