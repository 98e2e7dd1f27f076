"""torch's own optimizers, stepping many nets at once, each by numbers of its own."""

import copy
import inspect
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves

from stages.lib.lockstep.stacks.per_net import EachItsOwn, MixedError, PerNet

Settings = dict[str, Any]
# A setting that is a number: its key and, in a tuple such as `betas`, its position.
Place = tuple[str, int | None]

# How torch carries out a step, which changes no result.
_ENGINES = {"foreach", "fused"}


def _numbers(settings: Settings) -> Iterator[tuple[Place, float]]:
    """Yield the settings that are floats, by their places."""
    for key, value in settings.items():
        if isinstance(value, tuple):
            yield from (((key, i), float(part)) for i, part in enumerate(value))
        elif isinstance(value, float | int) and not isinstance(value, bool):
            yield (key, None), float(value)


def _replaced(settings: Settings, place: Place, number: Any) -> Settings:
    """Return settings with another number at a place."""
    key, i = place
    if i is None:
        return settings | {key: number}
    return settings | {key: tuple(number if j == i else part for j, part in enumerate(settings[key]))}


def fixed_part(settings: Settings) -> tuple[Any, ...]:
    """Return what is no number, in a form to compare; and which numbers are 0, as optimizers leave out such parts."""
    names = {key for (key, _), _ in _numbers(settings)}
    rest = tuple(sorted((key, repr(value)) for key, value in settings.items() if key not in names))
    return rest, tuple((place, number == 0) for place, number in _numbers(settings))


def group_key(optimizer: type[torch.optim.Optimizer], settings: Settings) -> tuple[Any, ...]:
    """Return what nets share that one object can step."""
    varying = varying_numbers(optimizer, settings)
    return optimizer, fixed_part(settings), tuple(each for each in _numbers(settings) if each[0] not in varying)


def _build(optimizer: type[torch.optim.Optimizer], settings: Settings, params: list[Tensor]) -> torch.optim.Optimizer:
    accepted = inspect.signature(optimizer).parameters.keys() - _ENGINES
    built = optimizer(params, **{key: value for key, value in settings.items() if key in accepted})
    for group in built.param_groups:
        group.update({"foreach": False} if "foreach" in group else {})
    return built


def _put(group: dict[str, Any], listed: list[Settings], varying: frozenset[Place]) -> None:
    """Put the nets' settings into a parameter group; those that differ as `PerNet`."""
    group.update({key: value for key, value in listed[0].items() if key not in _ENGINES})
    for key in listed[0].keys() - {key for (key, _), _ in _numbers(listed[0])} - _ENGINES:
        if len({repr(each) for each in {id(settings[key]): settings[key] for settings in listed}.values()}) > 1:
            raise MixedError(f"{key} differs between nets of one group")
    for (key, i), _ in _numbers(listed[0]):
        each = [settings[key] if i is None else settings[key][i] for settings in listed]
        if len(set(each)) > 1:
            if (key, i) not in varying:
                raise MixedError(f"{key} differs between nets of one group")
            numbers = torch.tensor(each, dtype=torch.float64, device=group["params"][0].device)
            group.update(_replaced(group, (key, i), PerNet.of(numbers.unsqueeze(1))))


def _canonical(optimizer: type[torch.optim.Optimizer], settings: Settings) -> Settings:
    """Return settings that stand for all with the same zeros, so that one trial serves whatever else is searched."""
    parameters, found = inspect.signature(optimizer).parameters, settings
    for (key, i), number in _numbers(settings):
        if number != 0:
            default = parameters[key].default if key in parameters else None
            if i is not None:
                default = default[i] if isinstance(default, tuple) else None
            is_number = isinstance(default, float | int) and not isinstance(default, bool)
            found = _replaced(found, (key, i), default if is_number and default else 0.01)
    return found


_TRIED: dict[Any, frozenset[Place]] = {}


def varying_numbers(optimizer: type[torch.optim.Optimizer], settings: Settings) -> frozenset[Place]:
    """Return which numbers of an optimizer may differ between nets that one object steps.

    Each is tried: three steps on two nets have to give the bits of steps by two optimizers. Raises where the optimizer
    does more than treat each number of each parameter by itself.
    """
    key = (optimizer, fixed_part(settings))
    if key not in _TRIED:
        canonical = _canonical(optimizer, settings)
        _TRIED[key] = _try(optimizer, canonical, torch.float32) & _try(optimizer, canonical, torch.float64)
    return _TRIED[key]


def _try(optimizer: type[torch.optim.Optimizer], settings: Settings, dtype: torch.dtype) -> frozenset[Place]:
    generator = torch.Generator().manual_seed(0)
    start, *gradients = (torch.randn(2, 16, generator=generator, dtype=dtype) for _ in range(4))

    def stepped(listed: list[Settings], varying: frozenset[Place] = frozenset(), apart: bool = False) -> Tensor:
        """Step two nets, each a row; or, apart, the first net's own matrix and vector."""

        def parts(rows: Tensor) -> list[Tensor]:
            return [rows[0, :10].view(2, 5).clone(), rows[0, 10:].clone()] if apart else [rows.clone()]

        params = parts(start)
        built = _build(optimizer, listed[0], params)
        _put(built.param_groups[0], listed, varying)
        before = _counters(built)
        for gradient in gradients:
            for param, grad in zip(params, parts(gradient), strict=True):
                param.grad = grad
            with torch.no_grad(), EachItsOwn():
                built.step()
        if _counters(built) != before:
            raise ValueError("it counts outside of its state")
        return torch.cat([param.flatten() for param in params])

    alone = stepped([settings, settings], apart=True)
    together = stepped([settings, settings])
    if not torch.allclose(alone, together[:16], rtol=1e-5, atol=1e-7):
        raise ValueError(f"{optimizer.__name__} is not elementwise")

    found = set()
    for place, value in _numbers(settings):
        if value != 0:
            other = _replaced(settings, place, value * 0.75)
            # An optimizer may raise whatever it likes where it can't take it: then nets of other numbers step apart.
            with suppress(Exception):
                mixed = stepped([settings, other], frozenset({place}))
                if torch.equal(mixed[:16], together[:16]) and torch.equal(mixed[16:], stepped([other, other])[16:]):
                    found.add(place)
    return frozenset(found)


def _counters(optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """Return the numbers among an optimizer's settings; a stack that closes up would lose what it counts there."""
    return {key: value for key, value in optimizer.param_groups[0].items() if isinstance(value, bool | int | float)}


@dataclass
class _Group:
    """Nets that one of torch's optimizers steps."""

    places: list[int]
    optimizer: torch.optim.Optimizer
    settings: Settings
    varying: frozenset[Place]
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
        for _, run in groupby(range(len(optimizers)), key=lambda i: group_key(*optimizers[i])):
            places = list(run)
            param = self._rows[places[0] : places[-1] + 1]
            param.grad = self._gradient[places[0] : places[-1] + 1]
            cls, settings = optimizers[places[0]]
            built = _build(cls, settings, [param])
            self.groups.append(_Group(places, built, built.param_groups[0], varying_numbers(cls, settings)))
        self.set([settings for _, settings in optimizers])

    def set(self, settings: list[Settings]) -> None:
        """Take over the nets' settings, such as rates that a schedule has changed."""
        try:
            for group in self.groups:
                _put(group.settings, [settings[i] for i in group.places], group.varying)
        except MixedError:  # a rate that started at 0, say
            states = [self.state_of(place) for place in range(len(settings))]
            kinds = [type(group.optimizer) for group in self.groups for _ in group.places]
            self._group(list(zip(kinds, settings, strict=True)))
            self.load_states(states)
        for group in self.groups:
            group.differs = any(isinstance(leaf, PerNet) for leaf in tree_leaves(group.settings))

    @torch.no_grad()
    def step(self) -> None:
        """Take a step with each optimizer."""
        for group in self.groups:
            # Without torch's hooks around each step, which cost as much as a small net's step itself.
            with EachItsOwn() if group.differs else nullcontext():
                inspect.unwrap(type(group.optimizer).step)(group.optimizer)

    def state_of(self, place: int) -> dict[str, Any]:
        """Return what the optimizer keeps of a net, not copied: rows of n_numbers, and numbers."""
        group = next(group for group in self.groups if place in group.places)
        state = group.optimizer.state.get(group.settings["params"][0], {})
        return {key: value[place - group.places[0]] if is_row(value) else value for key, value in state.items()}

    def load_states(self, states: list[dict[str, Any]]) -> None:
        """Take over what `state_of` returned, by net."""
        for group in self.groups:
            listed = [states[i] for i in group.places]
            if listed[0]:
                group.optimizer.state[group.settings["params"][0]] = {
                    key: torch.stack([state[key] for state in listed]) if is_row(value) else copied(value)
                    for key, value in listed[0].items()
                }


def is_row(value: Any) -> bool:
    """Whether an optimizer's state is a number for each of a net's parameters, or a row of them for each net."""
    return isinstance(value, Tensor) and value.dim() > 0


def copied(value: Any) -> Any:
    """Return a copy of a part of an optimizer's state; cloning a tensor takes a tenth of `deepcopy`."""
    return value.clone() if isinstance(value, Tensor) else copy.deepcopy(value)
