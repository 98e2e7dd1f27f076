"""torch's own optimizers, stepping many nets at once, each by numbers of its own."""

import copy
import inspect
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import torch
from skorch import NeuralNet
from torch import Tensor
from torch.utils._pytree import tree_leaves

from stages.lib.lockstep.stacks.per_net import EachItsOwn, PerNet

Settings = dict[str, Any]
# A setting that is a number: its key and, in a tuple such as `betas`, its position.
Place = tuple[str, int | None]

# How torch carries out a step, which changes no result.
_ENGINES = {"foreach", "fused"}


def _numbers(settings: Settings) -> Iterator[tuple[Place, float]]:
    """Yield the settings that are floats, by key and, of tuples such as `betas`, by position."""
    for key, value in settings.items():
        if isinstance(value, tuple):
            yield from (((key, i), float(part)) for i, part in enumerate(value))
        elif isinstance(value, float | int) and not isinstance(value, bool):
            yield (key, None), float(value)


def fixed_part(settings: Settings) -> tuple[Any, ...]:
    """Return what is no number, in a form to compare; and which numbers are 0, as optimizers leave out such parts."""
    names = {key for (key, _), _ in _numbers(settings)}
    rest = tuple(sorted((key, repr(value)) for key, value in settings.items() if key not in names))
    return rest, tuple((place, number == 0) for place, number in _numbers(settings))


def group_key(optimizer: type[torch.optim.Optimizer], settings: Settings) -> tuple[Any, ...]:
    """Return what nets share that one object can step."""
    varying = varying_numbers(optimizer, settings)
    held = tuple((place, number) for place, number in _numbers(settings) if place not in varying)
    return optimizer, fixed_part(settings), held


def _build(optimizer: type[torch.optim.Optimizer], settings: Settings, params: list[Tensor]) -> torch.optim.Optimizer:
    taken = inspect.signature(optimizer).parameters
    built = optimizer(params, **{key: value for key, value in settings.items() if key in taken and key not in _ENGINES})
    for group in built.param_groups:
        group.update({"foreach": False} if "foreach" in group else {})
    return built


def _put(group: dict[str, Any], listed: list[Settings], varying: frozenset[Place]) -> None:
    """Put the nets' settings into a parameter group; those that differ as `PerNet`."""
    device = group["params"][0].device
    for key, value in listed[0].items():
        if key in _ENGINES:
            continue

        def number(place: int | None, key: str = key) -> Any:
            each = [settings[key] if place is None else settings[key][place] for settings in listed]
            if (key, place) not in varying or len(set(each)) == 1:
                return each[0]
            return PerNet.of(torch.tensor(each, dtype=torch.float64, device=device).unsqueeze(1))

        group[key] = tuple(number(i) for i in range(len(value))) if isinstance(value, tuple) else number(None)


def _canonical(optimizer: type[torch.optim.Optimizer], settings: Settings) -> Settings:
    """Return settings that stand for all with the same zeros, so that one trial serves whatever else is searched."""
    defaults = {name: parameter.default for name, parameter in inspect.signature(optimizer).parameters.items()}

    def number(value: Any, default: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(number(part, default[i] if isinstance(default, tuple) else 0) for i, part in enumerate(value))
        if isinstance(value, bool) or not isinstance(value, float | int) or value == 0:
            return value
        return default if isinstance(default, float | int) and default and not isinstance(default, bool) else 0.01

    return {key: number(value, defaults.get(key)) for key, value in settings.items()}


_TRIED: dict[Any, frozenset[Place]] = {}


def varying_numbers(optimizer: type[torch.optim.Optimizer], settings: Settings) -> frozenset[Place]:
    """Return which numbers of an optimizer may differ between nets that one object steps.

    Each is tried: three steps on two nets have to give the bits of steps by two optimizers.

    Raises
    ------
    ValueError
        Where the optimizer does more than treat each number of each parameter by itself.
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
        for gradient in gradients:
            for param, grad in zip(params, parts(gradient), strict=True):
                param.grad = grad
            with torch.no_grad(), EachItsOwn():
                built.step()
        return torch.cat([param.flatten() for param in params])

    alone = stepped([settings, settings], apart=True)
    together = stepped([settings, settings])
    if not torch.allclose(alone, together[:16], rtol=1e-5, atol=1e-7):
        raise ValueError(f"{optimizer.__name__} is not elementwise")

    found = set()
    for place, value in _numbers(settings):
        if value == 0:
            continue
        other = _replaced(settings, place, value * 0.75)
        # An optimizer may raise whatever it likes where it can't take it: then nets of other numbers step apart.
        with suppress(Exception):
            mixed = stepped([settings, other], frozenset({place}))
            if torch.equal(mixed[:16], together[:16]) and torch.equal(mixed[16:], stepped([other, other])[16:]):
                found.add(place)
    return frozenset(found)


def _replaced(settings: Settings, place: Place, value: float) -> Settings:
    key, i = place
    if i is None:
        return settings | {key: value}
    return settings | {key: tuple(value if j == i else part for j, part in enumerate(settings[key]))}


class StackedOptimizer:
    """Steps the nets of a stack, each by an optimizer with its own settings and state.

    Parameters
    ----------
    rows, gradient : Tensor of shape (n_nets, n_numbers)
        The nets' parameters, changed in place, and their gradients.
    optimizers : list of (class, settings)
        By net. `settings` are what the class is built with.
    """

    def __init__(self, rows: Tensor, gradient: Tensor, optimizers: list[tuple[type, Settings]]) -> None:
        self.groups: list[_Group] = []
        for _, run in groupby(range(len(optimizers)), key=lambda i: group_key(*optimizers[i])):
            places = list(run)
            param = rows[places[0] : places[-1] + 1]
            param.grad = gradient[places[0] : places[-1] + 1]
            cls, settings = optimizers[places[0]]
            self.groups.append(_Group(places, _build(cls, settings, [param]), varying_numbers(cls, settings)))
        self.set([settings for _, settings in optimizers])

    def set(self, settings: list[Settings]) -> None:
        """Take over the nets' settings, such as rates that a schedule has changed."""
        for group in self.groups:
            (param_group,) = group.optimizer.param_groups
            _put(param_group, [settings[i] for i in group.places], group.varying)
            group.differs = any(isinstance(leaf, PerNet) for leaf in tree_leaves(param_group))

    @torch.no_grad()
    def step(self) -> None:
        """Take a step with each optimizer."""
        for group in self.groups:
            # Without torch's hooks around each step, which cost as much as a small net's step itself.
            step = inspect.unwrap(type(group.optimizer).step)
            if group.differs:
                with EachItsOwn():
                    step(group.optimizer)
            else:
                step(group.optimizer)

    def state_of(self, place: int) -> dict[str, Any]:
        """Return what the optimizer keeps of a net: rows of n_numbers, and numbers."""
        group = next(group for group in self.groups if place in group.places)
        i = place - group.places[0]
        (param,) = group.optimizer.param_groups[0]["params"]
        state = group.optimizer.state.get(param, {})
        return {
            key: value[i] if isinstance(value, Tensor) and value.dim() > 0 else copy.deepcopy(value)
            for key, value in state.items()
        }

    def load_states(self, states: list[dict[str, Any]]) -> None:
        """Take over what `state_of` returned, by net."""
        for group in self.groups:
            (param,) = group.optimizer.param_groups[0]["params"]
            listed = [states[i] for i in group.places]
            if not listed[0]:
                continue
            group.optimizer.state[param] = {
                key: torch.stack([state[key] for state in listed])
                if isinstance(value, Tensor) and value.dim() > 0
                else copy.deepcopy(value)
                for key, value in listed[0].items()
            }


@dataclass
class _Group:
    places: list[int]
    optimizer: torch.optim.Optimizer
    varying: frozenset[Place]
    differs: bool = False


def named_tensors(net: NeuralNet) -> dict[str, Tensor]:
    """Return a net's parameters and buffers by name, those of its module and of its criterion."""
    parts = {"module": net.module_, "criterion": net.criterion_}
    return {
        f"{part}.{name}": tensor
        for part, module in parts.items()
        for name, tensor in [*module.named_parameters(), *module.named_buffers()]
    }


def trained_names(net: NeuralNet) -> set[str]:
    """Return the names of the parameters that a net's optimizer steps."""
    stepped = {id(param) for group in net.optimizer_.param_groups for param in group["params"] if param.requires_grad}
    return {name for name, tensor in named_tensors(net).items() if id(tensor) in stepped}


def optimizer_of(net: NeuralNet) -> tuple[type[torch.optim.Optimizer], Settings]:
    """Return a net's optimizer and its settings as they are now."""
    (group,) = net.optimizer_.param_groups
    return type(net.optimizer_), {key: value for key, value in group.items() if key != "params"}
