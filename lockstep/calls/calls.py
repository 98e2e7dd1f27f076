"""Runs the calls of one use of joblib's `Parallel`, and trains the nets that they wait for together."""

import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any

from lockstep._compat import tree_leaves
from lockstep.calls.call import Call
from lockstep.calls.idle import Idle
from lockstep.calls.process import Process
from lockstep.calls.training import Watch, call_seed
from lockstep.calls.waiting import Waiting
from lockstep.fits.fit import Fit
from lockstep.members.refusals import Refusal

# So many calls wait at once; and the share of `max_memory_mb` that their rows may take.
_MOST, _SHARE = 256, 4

# How often the thread that waits for a call looks whether the call gets on, in seconds.
_LOOK = 0.2

LOCKED = Refusal("another call waits for a lock that is held where a net is fitted", "fit the net outside of the lock")


class Calls:
    """The calls of one `Parallel` that may fit nets, each in a thread of its own, of which one runs at a time.

    `train` trains the nets of fits; where it refuses one, or fails, the call fits the net itself, and `watch` notes
    it. `at_once` bounds the calls that wait at the same time; with 1, they run one by one.

    Why this can't wait for ever: the thread that runs `run` waits for the one call that has the turn, and for nothing
    else. A call that has the turn waits for nothing of the engine's: it gives the turn back where it waits for a net.
    So what the engine waits for always runs, unless the call waits for something that a paused call holds, such as a
    lock around a fit. Such a call uses no time of a processor; then the paused calls go on, one after the other, and
    fit their nets alone, until the call gets on. When no paused call is left, the call waits for something that
    no call of the engine holds, and would wait for it without the engine, too.
    """

    def __init__(
        self, train: Callable[[list[Fit]], None], watch: Watch, max_memory_mb: int, at_once: int = _MOST
    ) -> None:
        self._train, self._watch, self._at_once = train, watch, at_once
        self._most_bytes = max_memory_mb * 2**20 // _SHARE
        self._alive: list[Call] = []
        self._paused: list[Call] = []
        self.running: Call | None = None
        self.over: dict[int, Call] = {}
        self._last = sys.maxsize  # the number of the last call whose result is needed

    def run(self, asked: Mapping[int, Callable[[], Any]]) -> dict[int, Call]:
        """Run calls, and return them by their numbers; those after one that has raised may be missing."""
        own, outer, left = Process.now(), threading.current_thread(), list(asked.items())[::-1]
        if isinstance(outer, Call):
            outer.inside.append(self)
        try:
            while True:
                for call in [call for call in self._paused if call.is_trained]:
                    if call in self._paused:  # it may have ended, or gone on, meanwhile
                        self._proceed(call)
                while left and left[-1][0] < self._last and self._has_room():
                    if not self._start(*left[-1], own):
                        break
                    left.pop()
                if not self._paused and not (left and left[-1][0] < self._last):
                    return self.over
                own.restore()
                self._train([fit for call in self._paused for fit in call.waiting])
                for call in self._paused:
                    call.is_trained = True
        finally:
            for call in sorted(self._alive, key=lambda call: call not in self._paused):
                self._end(call)  # first those that may hold what another one waits for
            own.restore()
            if isinstance(outer, Call):
                outer.inside.remove(self)

    @property
    def are_paused(self) -> bool:
        """Whether some of the calls wait for nets."""
        return bool(self._paused)

    def _has_room(self) -> bool:
        """Whether another call can be started before the nets are trained that others wait for."""
        held: dict[int, int] = {}
        for fit in (fit for call in self._paused for fit in call.waiting if isinstance(fit, Waiting)):
            for part in tree_leaves((fit.X, fit.y)):
                memory = part if getattr(part, "base", None) is None else part.base
                held[id(memory)] = getattr(memory, "nbytes", 0) or sys.getsizeof(memory)
        return len(self._paused) < self._at_once and sum(held.values()) < self._most_bytes

    def _start(self, number: int, run: Callable[[], Any], own: Process) -> bool:
        """Start a call; returns whether there can be another thread."""
        call = Call(number, run, call_seed(self._watch.random_state, number), self._watch, own)
        try:
            call.start()
        except RuntimeError:
            if not self._paused:
                raise
            self._at_once = len(self._paused)
            return False
        self._alive.append(call)
        self._proceed(call)
        return True

    def _proceed(self, call: Call) -> None:
        """Let a call run until it waits for nets, or ends."""
        before, self.running = self.running, call
        if call in self._paused:
            self._paused.remove(call)
        call.resume()
        idle: Idle | None = None
        while not call.has_paused(_LOOK):
            idle = idle or Idle(call)
            if self._paused and idle.is_stuck():
                self._let_another_go_on(call)
                idle = None
        self.running = before
        if not call.is_over:
            self._paused.append(call)
            return
        self._end(call)
        self.over[call.number] = call
        if call.error is not None:
            self._last = min(self._last, call.number)
            for later in [each for each in self._paused if each.number > self._last]:
                self._end(later)

    def _end(self, call: Call) -> None:
        self._alive.remove(call)
        is_paused = call in self._paused
        if is_paused:
            self._paused.remove(call)
        call.end(is_running=not is_paused)

    def _let_another_go_on(self, call: Call) -> None:
        """Let a paused call fit its net alone, because a call waits for what it holds."""
        other = self._paused[0]
        for fit in other.waiting:
            fit.refusal = fit.refusal or LOCKED
        self._at_once = 1
        call.stand_back()
        self._proceed(other)
        call.step_forward()
