"""The settings of torch's optimizers, and which of them may differ between nets that one object steps."""

import inspect
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import torch
from torch import Tensor

from lockstep.members.parts import ATTRIBUTES, is_torchs, lean_optimizer
from lockstep.optimizers.per_net import EachItsOwn, MixedError, PerNet

Settings = dict[str, Any]
# A setting that is a number: its key and, in a tuple such as `betas`, its position.
Place = tuple[str, int | None]

# Settings of how torch carries out a step; they change no result.
_ENGINES = {"foreach", "fused"}


def numbers_of(settings: Settings) -> Iterator[tuple[Place, float]]:
    """Yield the settings that are floats, by their places."""
    for key, value in settings.items():
        if isinstance(value, tuple):
            yield from (
                ((key, i), float(part))
                for i, part in enumerate(value)
                if part is not None
            )
        elif isinstance(value, float | int) and not isinstance(value, bool):
            yield (key, None), float(value)


def replaced(settings: Settings, place: Place, number: Any) -> Settings:
    """Return settings with another number at a place."""
    key, i = place
    if i is None:
        return settings | {key: number}
    numbers = list(settings[key])
    numbers[i] = number
    return settings | {key: tuple(numbers)}


def fixed_part(settings: Settings) -> tuple[Any, ...]:
    """Return the settings that are not numbers, to compare, and which numbers are 0: those turn off parts of a step."""
    numbers = list(numbers_of(settings))
    keys = {key for (key, _), _ in numbers}
    others = sorted(settings.keys() - keys)
    rest = tuple((key, _written(settings[key])) for key in others)
    return rest, tuple((place, number == 0) for place, number in numbers)


def _written(value: Any) -> str:
    """Return a setting as a text without rounding, to compare; the `repr` of a tensor rounds."""
    return repr(value.tolist() if isinstance(value, Tensor) else value)


def build(
    optimizer: type[torch.optim.Optimizer], settings: Settings, params: list[Tensor]
) -> torch.optim.Optimizer:
    """Return an optimizer that steps each number by itself, without torch's loops over several tensors at once."""
    accepted = inspect.signature(optimizer).parameters.keys() - _ENGINES
    own = {key: value for key, value in settings.items() if key in accepted}
    built = lean_optimizer(optimizer)(params, **own)
    for group in built.param_groups:
        if "foreach" in group:
            group["foreach"] = False
    vars(built).update(settings.get(ATTRIBUTES, {}))
    return built


def put_settings(
    group: dict[str, Any], of_nets: list[Settings], varying: frozenset[Place]
) -> None:
    """Put the nets' settings into a parameter group; numbers that may differ as `PerNet`."""
    first = of_nets[0]
    group.update({key: value for key, value in first.items() if key not in _ENGINES})
    keys_of_numbers = {key for (key, _), _ in numbers_of(first)}
    for key in first.keys() - keys_of_numbers - _ENGINES:
        different = {id(settings[key]): settings[key] for settings in of_nets}
        if len(set(map(_written, different.values()))) > 1:
            raise MixedError(f"{key} differs between nets of one group")
    for (key, i), _ in numbers_of(first):
        each = [settings[key] for settings in of_nets]
        if i is not None:
            each = [numbers[i] for numbers in each]
        if len(set(each)) == 1:
            each = each[:1]
        if (key, i) in varying:
            numbers = torch.tensor(each, dtype=torch.float64)
            group.update(replaced(group, (key, i), PerNet.of(numbers.unsqueeze(1))))
        elif len(each) > 1:
            raise MixedError(f"{key} differs between nets of one group")


def _canonical(optimizer: type[torch.optim.Optimizer], settings: Settings) -> Settings:
    """Return settings that represent all with the same zeros, so that one trial is enough for all other numbers.

    An optimizer that is not torch's own may behave differently at other numbers.
    """
    if not is_torchs(optimizer):
        return settings
    parameters = inspect.signature(optimizer).parameters
    canonical = settings
    for (key, i), number in numbers_of(settings):
        if number != 0:
            default: Any = parameters[key].default if key in parameters else None
            if i is not None:
                default = default[i] if isinstance(default, tuple) else None
            is_number = isinstance(default, float | int)
            if not is_number or isinstance(default, bool) or not default:
                default = 0.01
            canonical = replaced(canonical, (key, i), default)
    return canonical


def tried_as(
    optimizer: type[torch.optim.Optimizer], settings: Settings
) -> tuple[Any, ...]:
    """Return a key that settings share if one trial is enough for them."""
    # The step of an optimizer of the user's own may be edited.
    own = () if is_torchs(optimizer) else (optimizer.step, *numbers_of(settings))
    return optimizer, fixed_part(settings), own


def step_key(
    optimizer: type[torch.optim.Optimizer], settings: Settings
) -> tuple[Any, ...]:
    """Return a key shared by the nets that one object can step."""
    varying = varying_numbers(optimizer, settings)
    return (
        optimizer,
        fixed_part(settings),
        tuple(each for each in numbers_of(settings) if each[0] not in varying),
    )


_TRIED: dict[Any, frozenset[Place]] = {}


def varying_numbers(
    optimizer: type[torch.optim.Optimizer], settings: Settings
) -> frozenset[Place]:
    """Return which numbers of an optimizer may differ between nets that one object steps.

    Each is tried: three steps on two nets must give the same bits as the steps of two optimizers. Raises if the
    optimizer does not update each number of each parameter independently of the others.
    """
    key = tried_as(optimizer, settings)
    if key not in _TRIED:
        canonical = _canonical(optimizer, settings)
        # An optimizer that clips gradients shows this only if they are large.
        tries = [
            (dtype, scale)
            for dtype in (torch.float32, torch.float64)
            for scale in (1.0, 1e4)
        ]
        if is_torchs(optimizer):
            tries = tries[::2]
        _TRIED[key] = frozenset.intersection(
            *(_try(optimizer, canonical, *each) for each in tries)
        )
    return _TRIED[key]


def _try(
    optimizer: type[torch.optim.Optimizer],
    settings: Settings,
    dtype: torch.dtype,
    scale: float,
) -> frozenset[Place]:
    generator = torch.Generator().manual_seed(0)
    start, *gradients = (
        torch.randn(2, 16, generator=generator, dtype=dtype) for _ in range(4)
    )
    gradients = [scale * gradient for gradient in gradients]

    def stepped(
        of_nets: list[Settings],
        varying: frozenset[Place] = frozenset(),
        apart: bool = False,
    ) -> Tensor:
        """Step two nets, each a row; or, apart, the first net's own matrix and vector."""

        def parts(rows: Tensor) -> list[Tensor]:
            if apart:
                return [rows[0, :10].view(2, 5).clone(), rows[0, 10:].clone()]
            return [rows.clone()]

        params = parts(start)
        built = build(optimizer, of_nets[0], params)
        put_settings(built.param_groups[0], of_nets, varying)
        before = _noted(built)
        for gradient in gradients:
            for param, grad in zip(params, parts(gradient), strict=True):
                param.grad = grad
            asked = partial(_ask, params, [param.clone() for param in params])
            with torch.no_grad(), EachItsOwn():
                built.step(asked)
        if _noted(built) != before:
            raise ValueError("a step keeps something outside of its state")
        if not all(
            _is_kept(value, param)
            for param in params
            for value in built.state[param].values()
        ):
            raise ValueError(
                "its state has more than numbers and tensors of a parameter's shape"
            )
        return torch.cat([param.flatten() for param in params])

    alone = stepped([settings, settings], apart=True)
    together = stepped([settings, settings])
    if not torch.allclose(alone, together[:16], rtol=1e-5, atol=1e-7):
        raise ValueError(f"{optimizer.__name__} is not elementwise")

    varying = set()
    for place, value in numbers_of(settings):
        if value != 0:
            other = replaced(settings, place, value * 0.75)
            # One that can't use such a number may raise anything; then nets with other numbers step separately.
            with suppress(Exception):
                mixed = stepped([settings, other], frozenset({place}))
                if not torch.equal(mixed[:16], together[:16]):
                    continue
                if torch.equal(mixed[16:], stepped([other, other])[16:]):
                    varying.add(place)
    return frozenset(varying)


def _ask(params: list[Tensor], before: list[Tensor]) -> float:
    """Stand in for the closure that computes loss and gradients; a stack has computed them before the step."""
    if not all(map(torch.equal, params, before)):
        raise ValueError("it asks for gradients after it has changed weights")
    return 0.0


def _noted(optimizer: torch.optim.Optimizer) -> dict[str, str]:
    """Return an optimizer's settings and attributes; a stack that becomes smaller would lose changes there."""
    held = vars(optimizer) | optimizer.param_groups[0]
    return {
        key: repr(value)
        for key, value in held.items()
        if key not in {"params", "param_groups", "state"}
    }


def _is_kept(value: Any, param: Tensor) -> bool:
    """Whether a stack keeps a part of an optimizer's state for each net."""
    if isinstance(value, Tensor):
        return value.shape in (param.shape, ())
    return value is None or isinstance(value, bool | int | float)
