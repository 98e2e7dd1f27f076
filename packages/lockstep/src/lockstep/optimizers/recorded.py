"""Optimizers as graphs: an optimizer's code runs once for many steps, on the numbers of all of them."""

import inspect
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lockstep._compat import tree_map
from lockstep.kernel.recording import Recorder
from lockstep.optimizers.per_net import MixedError, PerNet, Watched, is_row
from lockstep.optimizers.settings import Settings, build, put_settings, varying_numbers
from lockstep.optimizers.update import Update

# How many numbers may be computed ahead of the steps that need them.
_AHEAD = 2**17


@dataclass(frozen=True)
class Run:
    """Steps that one graph describes."""

    update: Update
    n_steps: int
    numbers: np.ndarray  # float64, shape (n_nets or 1, n_steps, n_numbers)


@dataclass
class _Ahead:
    """Steps that the optimizer's code has run for, of which the first `n_done` are handed out."""

    run: Run
    # The numbers of the state after each step, shape (n_steps,).
    counts: dict[str, Tensor]
    n_done: int = 0

    def take(self, n_steps: int) -> Run:
        """Hand out the next steps, at most as many as there are."""
        start = self.n_done
        self.n_done = min(self.n_done + n_steps, self.run.n_steps)
        return Run(
            self.run.update,
            self.n_done - start,
            self.run.numbers[:, start : self.n_done],
        )


class RecordedOptimizer:
    """The optimizer of some nets, whose settings may differ in numbers that `varying_numbers` allows.

    `dtype` is that of the parameters.
    """

    def __init__(
        self,
        optimizers: list[tuple[type, Settings]],
        dtype: torch.dtype,
        updates: dict[Any, Update],
    ) -> None:
        cls, settings = optimizers[0]
        self._cls = cls
        self._param = torch.ones(1, dtype=dtype)
        self._param.grad = torch.ones(1, dtype=dtype)
        self._optimizer = build(cls, settings, [self._param])
        self._take_step = inspect.unwrap(type(self._optimizer).step)  # without hooks
        self._varying = varying_numbers(cls, settings)
        self._updates = updates
        self._has_begun = False  # the first step makes the state
        self._settings = ""
        self._ahead: _Ahead | None = None
        # For how many later calls of `runs` the code runs beforehand.
        self._calls_ahead = 0
        self.set([settings for _, settings in optimizers])

    @property
    def _group(self) -> dict[str, Any]:
        return self._optimizer.param_groups[0]

    def set(self, settings: list[Settings]) -> None:
        """Use the nets' current settings, such as rates that a schedule has changed."""
        self._last = settings[-1]
        try:
            put_settings(self._group, settings, self._varying)
        except MixedError:  # a rate that started at 0, for example
            self._varying |= varying_numbers(type(self._optimizer), settings[0])
            put_settings(self._group, settings, self._varying)
        group = {key: value for key, value in self._group.items() if key != "params"}
        self._fixed = repr(list(group.items()))
        in_full = repr(tree_map(_in_full, group))
        if in_full != self._settings:
            self._restore(self.state())
            self._settings = in_full
            self._ahead = None
            self._calls_ahead = 0

    def state(self) -> dict[str, Any]:
        """Return the state of a parameter: tensors with one number stand for one of each parameter's numbers."""
        state = dict(self._optimizer.state.get(self._param, {}))
        if self._ahead is not None:
            counts = {
                name: each[self._ahead.n_done - 1].item()
                for name, each in self._ahead.counts.items()
            }
            state |= {name: _like(state[name], count) for name, count in counts.items()}
        return state

    def load(self, state: dict[str, Any]) -> None:
        """Continue with the state of a net."""
        ones = torch.ones_like(self._param)
        self._has_begun = True
        self._ahead = None
        rows = {key: ones for key, value in state.items() if is_row(value)}
        self._restore(state | rows)

    def runs(self, n_steps: int) -> list[Run]:
        """Return the next steps, cut where the optimizer does something else, and count them as done."""
        runs = list[Run]()
        left = n_steps
        while left:
            if self._ahead is None or self._ahead.n_done == self._ahead.run.n_steps:
                self._ahead = self._look_ahead(left, n_steps)
            runs.append(self._ahead.take(left))
            left -= runs[-1].n_steps
        return runs

    def _look_ahead(self, left: int, n_steps: int) -> _Ahead:
        """Run the optimizer's code for the steps that are left of these, and for those of some later calls.

        Each time for eight times as many, so a short training, or one whose settings change, computes little in vain.
        """
        before = self.state()
        self._ahead = None
        n = left + n_steps * self._calls_ahead if self._has_begun else 1
        wanted = n
        while True:
            try:
                ahead = self._tried(before, n)
                break
            except MixedError:
                self._restore(before)
                if n == 1:
                    raise
                n = 1
        of_a_step = ahead.run.numbers[:, 0].size
        if n < wanted:
            self._calls_ahead = 0
        elif 8 * n_steps * (self._calls_ahead + 1) * of_a_step <= _AHEAD:
            self._calls_ahead = 8 * self._calls_ahead + 7
        self._has_begun = True
        return ahead

    def _tried(self, before: dict[str, Any], n_steps: int) -> _Ahead:
        watched, entries, ends = self._chained(before, n_steps)
        n_nets = max((len(each) for each in watched.numbers), default=1)
        numbers = [each.expand(n_nets, n_steps).numpy() for each in watched.numbers]
        made = np.stack(numbers, axis=2) if numbers else np.zeros((1, n_steps, 0))
        key = (
            self._cls,
            self._param.dtype,
            self._fixed,
            str(watched.calls),
            tuple(before),
        )
        if key not in self._updates:
            update = self._recorded(before, entries)
            last = {
                name: _like(before[name], begin[-1].item())
                for name, begin in entries.items()
            }
            numbers_then = torch.from_numpy(made[-1, -1]).to(self._param.dtype)
            update.check(self._cls, self._last, before | last, numbers_then)
            self._updates[key] = update
        state = self._optimizer.state[self._param]
        for name, value in ends.items():
            state[name] = _like(before[name], value[-1].item())
        return _Ahead(Run(self._updates[key], n_steps, made), ends)

    def _chained(
        self, before: dict[str, Any], n_steps: int
    ) -> tuple[Watched, dict[str, Tensor], dict[str, Tensor]]:
        """Return what the code does in steps of which each begins with the numbers that the step before has left.

        Also returns these numbers of the state, before each step and after it. They are guessed until they agree.
        """
        firsts = {
            key: _tensor(value) for key, value in before.items() if _is_number(value)
        }
        entries = {key: first + torch.arange(n_steps) for key, first in firsts.items()}
        for attempt in range(n_steps + 5):
            watched, ends = self._step(before, entries)
            chained = {
                key: torch.cat([firsts[key].reshape(1), end[:-1]])
                for key, end in ends.items()
            }
            differ = [
                key for key in entries if not torch.equal(entries[key], chained[key])
            ]
            if not differ:
                break
            for key in differ:
                entries[key] = chained[key]
                # NAdam multiplies a number in each step: by what a step leaves of 1, rounded to the number's type.
                if attempt == 1:
                    entries[key] = torch.ones_like(chained[key])
                elif attempt == 2:
                    products = np.multiply.accumulate(chained[key].numpy())
                    entries[key] = torch.from_numpy(products)
        return watched, entries, ends

    def _restore(self, before: dict[str, Any], entries: Any = None) -> None:
        state = dict(before)
        for key, value in before.items():
            if isinstance(value, Tensor):
                state[key] = value.clone()
        for key, value in (entries or {}).items():
            state[key] = PerNet.of(value.clone().unsqueeze(0))
        if state:
            self._optimizer.state[self._param] = state
        else:
            self._optimizer.state.pop(self._param, None)

    def _step(
        self, before: dict[str, Any], entries: dict[str, Tensor]
    ) -> tuple[Watched, dict[str, Tensor]]:
        """Run the optimizer's code once; returns what it did, and its counts after each step."""
        self._restore(before, entries)
        watched = Watched()
        with torch.no_grad(), watched:
            self._take_step(self._optimizer, lambda: 0.0)
        state = self.state()
        ends = {}
        for key, begin in entries.items():
            end = state[key].each.reshape(-1).expand(len(begin))
            ends[key] = end.to(_tensor(before[key]).dtype)
        return watched, ends

    def _recorded(self, before: dict[str, Any], entries: dict[str, Tensor]) -> Update:
        held = [key for key, value in before.items() if is_row(value)]
        self._restore(before, entries)
        state = self.state()
        recorder = Recorder(
            [self._param, self._param.grad, *(state[key] for key in held)]
        )
        watched = Watched(recorder)
        with torch.no_grad(), recorder, watched:
            self._take_step(self._optimizer, lambda: 0.0)
        state = self.state()
        left = [key for key, value in state.items() if is_row(value)]
        recorder.graph.output([recorder.node_of(state[key]) for key in left])
        return Update(recorder.graph, held, left)


def _in_full(value: Any) -> Any:
    """Return a setting as what has a `repr` without rounding."""
    if type(value) is PerNet:
        return value.each.tolist()
    if isinstance(value, Tensor):
        return value.tolist()
    return value


def _is_number(value: Any) -> bool:
    if isinstance(value, Tensor):
        return value.dim() == 0
    return type(value) in (int, float)


def _tensor(number: Any) -> Tensor:
    """Return a number of the state as a tensor; Python computes in float64."""
    if isinstance(number, Tensor):
        return number
    return torch.tensor(number, dtype=torch.float64)


def _like(number: Any, other: float) -> Any:
    """Return another number in the form that one of the state has."""
    if isinstance(number, Tensor):
        return torch.full_like(number, other)
    return type(number)(other)
