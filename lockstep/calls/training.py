"""Stands in for skorch's `partial_fit` while calls run: a net waits there for others, or is fitted alone."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from skorch import NeuralNet

from lockstep.calls.call import Call
from lockstep.calls.waiting import Waiting, why_alone, without_context
from lockstep.fits.fit import is_alone
from lockstep.members.numerics import fit_seed, seed_torch, set_random_states
from lockstep.members.own_fit import built_lean
from lockstep.members.refusals import Refusal
from lockstep.options import Shared

# Tells the seeds of fits in calls from those of splits: the third number of the latter is 0 or 1.
_OF_CALLS, _NOISE = 2, 3

HIDDEN = Refusal(
    "a call fits a net that is neither among its arguments nor named in its function", "make it one of the arguments"
)
IN_A_STEP = Refusal("a net is fitted by a callback, or in a step around another net")
OUTSIDE = Refusal("a net is fitted in a thread that a call has started itself", "fit it in the call's own thread")

_lock = threading.Lock()
_users: list["Watch"] = []
_replaced: dict[str, Any] = {}  # methods of skorch


def call_seed(random_state: int, call: int, fit: int = 0, purpose: int = _OF_CALLS) -> int:
    """Return the seed of a fit: its number in a call, and the call's number in its `Parallel`."""
    return fit_seed(random_state, call, fit, purpose)


class Watch:
    """Notes the nets that are fitted while calls run: how many there are, and why some are fitted alone."""

    def __init__(self, random_state: int, shared: Shared, n_calls: int, same_bytes: bool = False) -> None:
        self.random_state, self.shared, self.n_calls, self.same_bytes = random_state, shared, n_calls, same_bytes
        self.thread = threading.current_thread()
        self.n_fits = 0
        self.is_training = True  # whether nets are trained together now; otherwise calls run that should fit none
        self.told: list[tuple[Refusal, str]] = []  # with the number of the fit

    def note(self, refusal: Refusal | None, fit: str) -> None:
        """Note what is to be told of a fit."""
        if refusal:
            self.told.append((refusal, fit))

    def meet(self, thread: threading.Thread) -> None:
        """Note that a net is fitted in a thread that is not a call's."""
        self.n_fits += 1
        here = IN_A_STEP if self.is_training else HIDDEN
        self.note(here if thread is self.thread else OUTSIDE, str(self.n_fits))

    def fit(
        self, call: Call, skorchs: Callable[..., Any], net: NeuralNet, X: Any, y: Any, about: dict[str, Any]
    ) -> Any:
        """Train a net in a call: with others, or alone."""
        call.check()
        number, self.n_fits = call.n_fits, self.n_fits + 1
        call.n_fits += 1
        fit_params = {name: value for name, value in about.items() if name != "_routing_method"}
        refusal, key = why_alone(net, fit_params), f"{call.number} {number}"
        try:
            if refusal is None:
                if not net.initialized_:
                    net.initialize()
                seeds = (0, call_seed(self.random_state, call.number, number, _NOISE))
                with without_context(net):
                    fit = Waiting(net, X, y, seeds=seeds, n_splits=max(1, self.n_calls // 3))
                    if fit.refusal is None:
                        call.wait_for([fit])
                        if fit.finish and fit.finish():
                            self.note(fit.told(self.same_bytes), key)
                            return net
                        fit.restore()
                        set_random_states(fit.states)
                refusal = fit.told(self.same_bytes)
            self.note(refusal, key)
            return skorchs(net, X, y, **about)
        finally:
            # Random layers draw other masks in a stack, so what follows starts from a seed of its own.
            seed_torch(call_seed(self.random_state, call.number, number + 1))


@contextmanager
def watched(watch: Watch) -> Iterator[None]:
    """In the block, nets that calls fit wait for each other."""
    with _lock:
        if not _users:
            _replaced.update({name: getattr(NeuralNet, name) for name in _STAND_INS})
            for name, stand_in in _STAND_INS.items():
                setattr(NeuralNet, name, stand_in(_replaced[name]))
        _users.append(watch)
    try:
        yield
    finally:
        with _lock:
            _users.remove(watch)
            if not _users:
                for name, skorchs in _replaced.items():
                    setattr(NeuralNet, name, skorchs)


def _initialize(skorchs: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(skorchs)
    def initialize(self: NeuralNet) -> Any:
        thread = threading.current_thread()
        if not isinstance(thread, Call):
            return skorchs(self)
        thread.check()
        with built_lean(self):
            return skorchs(self)

    return initialize


def _partial_fit(skorchs: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(skorchs)
    def partial_fit(self: NeuralNet, X: Any, y: Any = None, classes: Any = None, **fit_params: Any) -> Any:
        thread, about = threading.current_thread(), {"classes": classes} | fit_params
        if is_alone():
            return skorchs(self, X, y, **about)
        if isinstance(thread, Call):
            return thread.watch.fit(thread, skorchs, self, X, y, about)
        _users[0].meet(thread)
        return skorchs(self, X, y, **about)

    return partial_fit


_STAND_INS = {"initialize": _initialize, "partial_fit": _partial_fit}
