"""Finds out whether a call gets on."""

import sys
import time
from typing import Any

from lockstep.calls.call import Call

# A call that uses no time of a processor for so many seconds is stuck, if no other thread works for it; and if others
# do, which may have nothing to do with the call, after so many.
_STUCK, _STUCK_BESIDE_OTHERS = 1.0, 60.0

# A thread that waits uses less than this share of a processor's time: it wakes now and then.
_LITTLE = 0.05


class Idle:
    """Tells how long a call has not got on."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self._begin()

    def _begin(self) -> None:
        self._since, self._process, self._seen = (
            time.monotonic(),
            time.process_time(),
            _progress(_running(self.call)[-1]),
        )

    def is_stuck(self) -> bool:
        """Whether the call waits for something that the engine does not know."""
        calls = _running(self.call)
        # Inner calls that wait go on first.
        waiting = any(inner.are_paused for call in calls for inner in call.inside)
        if waiting or _progress(calls[-1]) != self._seen:
            self._begin()
            return False
        passed = time.monotonic() - self._since
        beside = time.process_time() - self._process > _LITTLE * passed
        return passed > (_STUCK_BESIDE_OTHERS if beside else _STUCK)


def _running(call: Call) -> list[Call]:
    """Return a call, and those that run inside of it."""
    calls = [call]
    while calls[-1].inside and (running := calls[-1].inside[-1].running):
        calls.append(running)
    return calls


def _progress(call: Call) -> Any:
    """Return a value that changes while a call's thread works."""
    if hasattr(time, "pthread_getcpuclockid") and call.ident:
        return time.clock_gettime_ns(time.pthread_getcpuclockid(call.ident)) // 1_000_000
    frame = sys._current_frames().get(call.ident or 0)
    return frame and (id(frame), frame.f_lasti)
