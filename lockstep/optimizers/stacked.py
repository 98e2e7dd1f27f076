"""torch's own optimizers, updating many nets at once, each with its own numbers."""

import copy
import inspect
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import torch
from torch import Tensor

from lockstep._compat import tree_leaves
from lockstep.members.parts import ATTRIBUTES
from lockstep.optimizers.per_net import EachItsOwn, MixedError, PerNet
from lockstep.optimizers.settings import (
    Place,
    Settings,
    build,
    fixed_part,
    numbers_of,
    put_settings,
    varying_numbers,
)


def step_key(optimizer: type[torch.optim.Optimizer], settings: Settings) -> tuple[Any, ...]:
    """Return a key shared by the nets that one optimizer can update."""
    varying = varying_numbers(optimizer, settings)
    return optimizer, fixed_part(settings), tuple(each for each in numbers_of(settings) if each[0] not in varying)


@dataclass
class _Group:
    """Nets that one of torch's optimizers updates."""

    places: list[int]
    optimizer: torch.optim.Optimizer
    settings: Settings
    varying: frozenset[Place]
    step: Callable[..., Any]  # without torch's hooks around it, which cost as much as a small net's step itself
    differs: bool = False


class StackedOptimizer:
    """Steps the nets of a stack, each by an optimizer with its own settings and state.

    `rows` and `gradient`, shape (n_nets, n_numbers), are the nets' parameters, changed in place, and their gradients;
    `optimizers` has the class of each net, and the settings that it is built with.
    """

    def __init__(self, rows: Tensor, gradient: Tensor, optimizers: list[tuple[type, Settings]]) -> None:
        self._rows, self._gradient = rows, gradient
        self._group(optimizers)

    def _group(self, optimizers: list[tuple[type, Settings]]) -> None:
        self.groups: list[_Group] = []
        for _, run in groupby(range(len(optimizers)), key=lambda i: step_key(*optimizers[i])):
            places = list(run)
            param = self._rows[places[0] : places[-1] + 1]
            param.grad = self._gradient[places[0] : places[-1] + 1]
            cls, settings = optimizers[places[0]]
            built = build(cls, settings, [param])
            varying, step = varying_numbers(cls, settings), inspect.unwrap(type(built).step)
            self.groups.append(_Group(places, built, built.param_groups[0], varying, step))
        self.set([settings for _, settings in optimizers])

    def set(self, settings: list[Settings]) -> None:
        """Use the nets' current settings, such as rates that a schedule has changed."""
        try:
            for group in self.groups:
                put_settings(group.settings, [settings[i] for i in group.places], group.varying)
        except MixedError:  # a rate that started at 0, for example
            states = [self.state_of(place) for place in range(len(settings))]
            kinds = [type(group.optimizer) for group in self.groups for _ in group.places]
            self._group(list(zip(kinds, settings, strict=True)))
            self.load_states(states)
        for group in self.groups:
            vars(group.optimizer).update(group.settings.get(ATTRIBUTES, {}))
            group.differs = any(isinstance(leaf, PerNet) for leaf in tree_leaves(group.settings))

    def step(self) -> None:
        """Take a step with each optimizer; torch does not record gradients by then."""
        for group in self.groups:
            with EachItsOwn() if group.differs else nullcontext():
                group.step(group.optimizer, lambda: 0.0)  # losses and gradients are computed by then

    def state_of(self, place: int) -> dict[str, Any]:
        """Return the optimizer's state of a net, not copied: rows of n_numbers, and numbers."""
        group = next(group for group in self.groups if place in group.places)
        state = group.optimizer.state.get(group.settings["params"][0], {})
        return {key: value[place - group.places[0]] if is_row(value) else value for key, value in state.items()}

    def load_states(self, states: list[dict[str, Any]]) -> None:
        """Restore the states that `state_of` returned, by net."""
        for group in self.groups:
            of_nets = [states[i] for i in group.places]
            if of_nets[0]:
                group.optimizer.state[group.settings["params"][0]] = {
                    key: torch.stack([state[key] for state in of_nets]) if is_row(value) else copied(value)
                    for key, value in of_nets[0].items()
                }


def is_row(value: Any) -> bool:
    """Whether a part of an optimizer's state has a number for each of a net's parameters."""
    return isinstance(value, Tensor) and value.dim() > 0


def copied(value: Any) -> Any:
    """Return a copy of a part of an optimizer's state; cloning a tensor takes a tenth of `deepcopy`."""
    return value.clone() if isinstance(value, Tensor) else copy.deepcopy(value)
