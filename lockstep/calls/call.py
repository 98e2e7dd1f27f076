"""A call in a thread of its own, which runs until a net is to be fitted, and waits there."""

import ctypes
import threading
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from pathlib import Path
from types import TracebackType
from typing import Any

from lockstep.calls.process import OfThread, Process
from lockstep.fits.fit import Fit
from lockstep.members.numerics import seed_everything
from lockstep.turns import WORKS_FOR

# How often a thread that waits for the end of a call looks, in seconds.
_LOOK = 0.05


class EndedError(BaseException):
    """Ends a call whose result nobody waits for any more; not an `Exception`, so that no `except Exception` gets it."""


class Call(threading.Thread):
    """A call of joblib that may fit nets; it runs while it has the turn, and one call at a time has it.

    `pause` gives the turn back; `resume`, of another thread, gives it to the call. Meanwhile everything that belongs to
    the process, such as the generators of random numbers, is exchanged. `seed` is what they start from. `watch`
    trains the nets that it fits.
    """

    def __init__(self, number: int, run: Callable[[], Any], seed: int, watch: Any, process: Process) -> None:
        super().__init__(name=f"call {number} of lockstep", daemon=True)
        self.number, self.seed, self.watch = number, seed, watch
        self.waiting: list[Fit] = []  # what it waits for
        self.is_trained = False  # whether it need not wait for them any longer
        self.n_fits = 0
        self.inside: list[Any] = []  # the calls that run inside of this one
        self.is_over, self.result = False, list[Any]()
        self.error: BaseException | None = None
        self.is_ended = False  # whether nobody waits for its result
        self.may_go_on = threading.Event()  # cleared while another call runs, although this one has not paused
        self.may_go_on.set()
        self._run: Callable[[], Any] | None = run
        self._process, self._of_thread, self._context = process, OfThread.now(), copy_context()
        self._context.run(WORKS_FOR.set, WORKS_FOR.get() or threading.get_ident())
        self._turn, self._paused = threading.Semaphore(0), threading.Semaphore(0)

    def run(self) -> None:
        """Make the call, once it has the turn for the first time."""
        with suppress(EndedError):  # which may come anywhere
            self._turn.acquire()
            self._make()

    def _make(self) -> None:
        try:
            self._process.restore()
            self._of_thread.take_over()
            seed_everything(self.seed)
            if self._run and not self.is_ended:
                self.result = self._context.run(self._run)
        except EndedError:
            pass
        except BaseException as error:
            self.error = error.with_traceback(_without_the_engine(error.__traceback__))
        finally:
            self._run, self.is_over = None, True
            self._paused.release()
            self._turn.acquire()  # until nobody asks for the time that this thread has used

    def wait_for(self, fits: list[Fit]) -> None:
        """Pause, in this thread, until nets are trained."""
        self.check()
        self.waiting, self._process = fits, Process.now()
        self._paused.release()
        self._turn.acquire()
        self.waiting, self.is_trained = [], False
        self._process.restore()
        self.check()

    def check(self) -> None:
        """Wait, in this thread, while another call runs; raises `EndedError` if nobody waits for this one any more."""
        self.may_go_on.wait()
        if self.is_ended:
            raise EndedError

    def resume(self) -> None:
        """Give the turn to the call."""
        self._turn.release()

    def has_paused(self, timeout: float) -> bool:
        """Whether the call gives the turn back within some seconds."""
        return self._paused.acquire(timeout=timeout)

    def stand_back(self) -> None:
        """Let another call run, although this one has not paused; at its next net it waits for `step_forward`."""
        self.may_go_on.clear()
        self._process = Process.now()

    def step_forward(self) -> None:
        """Let the call go on after `stand_back`."""
        self._process.restore()
        self.may_go_on.set()

    def end(self, is_running: bool) -> None:
        """Let the call raise `EndedError` where it waits or runs, and wait for the end of its thread."""
        self.is_ended = True
        self.may_go_on.set()
        if is_running and not self.is_over:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self.ident or 0), ctypes.py_object(EndedError))
        elif not self.is_over:
            self.resume()
        while not self.is_over and self.is_alive():
            if self._paused.acquire(timeout=_LOOK) and not self.is_over:
                self.resume()  # it had paused before it heard of its end
        self.resume()
        self.join()


def _without_the_engine(traceback: TracebackType | None) -> TracebackType | None:
    """Return a traceback without the code of this folder."""
    while traceback and _is_engines(traceback):
        traceback = traceback.tb_next
    if traceback:
        traceback.tb_next = _without_the_engine(traceback.tb_next)
    return traceback


def _is_engines(traceback: TracebackType) -> bool:
    return Path(traceback.tb_frame.f_code.co_filename).parent == Path(__file__).parent
