"""Oracle: torch's optimizers, each on a net of its own. The kernel takes their steps for many nets at once."""

import inspect
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.optim import Optimizer

from lockstep.kernel.blocks import Blocks, table
from lockstep.kernel.program import Program, UnsupportedError
from lockstep.kernel.translate import translate
from lockstep.kernel.values import Layout, Value
from lockstep.optimizers.per_net import MixedError
from lockstep.optimizers.recorded import RecordedOptimizer, Run

Settings = dict[str, Any]
N_NETS, N_NUMBERS = 18, 5
# The steps of each epoch; RAdam takes other steps from the sixth on, ASGD here from the twelfth.
EPOCHS = 4, 7, 1, 20
TOLERANCES = {torch.float32: {"rtol": 3e-5, "atol": 1e-6}, torch.float64: {"rtol": 1e-11, "atol": 1e-13}}

# The settings of the first net, and of the last; those between lie between.
SETTINGS: dict[str, tuple[Settings, Settings]] = {
    "SGD": ({"lr": 0.1}, {"lr": 0.4}),
    "SGD, momentum": ({"lr": 0.1, "momentum": 0.5}, {"lr": 0.01, "momentum": 0.9}),
    "SGD, nesterov": ({"momentum": 0.9, "nesterov": True}, {"momentum": 0.5, "nesterov": True}),
    "SGD, dampening": (
        {"momentum": 0.9, "dampening": 0.1, "weight_decay": 0.1},
        {"momentum": 0.8, "dampening": 0.5, "weight_decay": 0.01},
    ),
    "SGD, maximize": ({"lr": 0.1, "maximize": True}, {"lr": 0.2, "maximize": True}),
    "Adam": ({"lr": 0.1}, {"lr": 0.001}),
    "Adam, betas": ({"betas": (0.9, 0.99), "eps": 1e-8}, {"betas": (0.9, 0.999), "eps": 1e-4}),
    "Adam, amsgrad": ({"amsgrad": True, "weight_decay": 0.1}, {"amsgrad": True, "weight_decay": 0.2}),
    "Adam, maximize": ({"maximize": True}, {"maximize": True, "lr": 0.1}),
    "AdamW": ({"lr": 0.1, "weight_decay": 0.1}, {"lr": 0.01, "weight_decay": 0.3}),
    "AdamW, amsgrad": ({"amsgrad": True}, {"amsgrad": True, "lr": 0.1}),
    "Adamax": ({"lr": 0.1, "weight_decay": 0.1}, {"lr": 0.01, "weight_decay": 0.2}),
    "NAdam": ({"lr": 0.1, "momentum_decay": 0.01}, {"lr": 0.01, "momentum_decay": 0.01}),
    "NAdam, decoupled": (
        {"weight_decay": 0.1, "decoupled_weight_decay": True},
        {"weight_decay": 0.3, "decoupled_weight_decay": True},
    ),
    "NAdam, momentum": ({"momentum_decay": 0.5, "maximize": True},) * 2,
    "RAdam": ({"lr": 0.1}, {"lr": 0.01}),
    "RAdam, decoupled": ({"weight_decay": 0.1, "decoupled_weight_decay": True},) * 2,
    "RAdam, decay": ({"lr": 0.1, "weight_decay": 0.1}, {"lr": 0.01, "weight_decay": 0.2}),
    "Adagrad": ({"lr": 0.1, "lr_decay": 0.1}, {"lr": 0.5, "lr_decay": 0.2}),
    "Adagrad, full": ({"initial_accumulator_value": 0.1, "weight_decay": 0.1},) * 2,
    "Rprop": ({"etas": (0.4, 1.1)},) * 2,
    "Adadelta": ({"lr": 1.0, "rho": 0.9}, {"lr": 0.5, "rho": 0.8}),
    "RMSprop": ({"lr": 0.1, "alpha": 0.9}, {"lr": 0.01, "alpha": 0.99}),
    "RMSprop, centered": (
        {"centered": True, "momentum": 0.9, "weight_decay": 0.1},
        {"centered": True, "momentum": 0.5, "weight_decay": 0.2},
    ),
    "ASGD": ({"lr": 0.1, "lambd": 0.01},) * 2,
    "ASGD, averaged": ({"t0": 10, "lambd": 0.1, "weight_decay": 0.1},) * 2,
    "Adam, from 0": ({"lr": 0.0}, {"lr": 0.0}),
    "SGD, from 0": ({"lr": 0.0, "momentum": 0.5}, {"lr": 0.0, "momentum": 0.5}),
}


# Nets of these must have the same rate.
SHARED = "ASGD", "ASGD, averaged", "Rprop"


def complete(name: str, settings: Settings) -> tuple[type[Optimizer], Settings]:
    """Return an optimizer's class, and all of its settings."""
    cls = getattr(torch.optim, name.partition(",")[0])
    (group,) = cls([torch.zeros(1)], **settings).param_groups
    return cls, {key: value for key, value in group.items() if key != "params"}


def between(first: Any, last: Any, share: float) -> Any:
    if isinstance(first, tuple):
        return tuple(between(*each, share) for each in zip(first, last, strict=True))
    return first if first == last else float(first + share * (last - first))


def of_nets(name: str) -> list[Settings]:
    first, last = (complete(name, settings)[1] for settings in SETTINGS[name])
    shares = np.linspace(0, 1, N_NETS)
    return [{key: between(first[key], last[key], share) for key in first} for share in shares]


def in_epoch(name: str, epoch: int, settings: list[Settings]) -> list[Settings]:
    """Return settings as a schedule changes them, each net's in another way; a rate of 0 rises."""
    factors = [1 / (1 + 0.1 * (3 if name in SHARED else i) * epoch) for i in range(N_NETS)]
    return [each | {"lr": each["lr"] * f or 0.01 * epoch * f} for each, f in zip(settings, factors, strict=True)]


def numbers(dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Return the nets' parameters, and their gradients in each step; some are 0, and some change their signs."""
    generator = torch.Generator().manual_seed(0)
    params = torch.randn(N_NETS, N_NUMBERS, generator=generator, dtype=torch.float64)
    gradients = torch.randn(N_NETS, sum(EPOCHS), N_NUMBERS, generator=generator, dtype=torch.float64)
    gradients[:, 1::3, 0] = 0
    return params.to(dtype), gradients.to(dtype)


def by_torch(name: str, dtype: torch.dtype) -> tuple[Tensor, list[Settings]]:
    """Return the parameters, and the state, of each net."""
    (params, gradients), settings = numbers(dtype), of_nets(name)
    optimizers, states = [], []
    for i, (each, own) in enumerate(zip(params, settings, strict=True)):
        cls, _ = complete(name, {})
        chosen = {key: value for key, value in own.items() if key in inspect.signature(cls).parameters}
        optimizers.append(cls([each], **chosen | {"foreach": False}))
        step = iter(gradients[i])
        for epoch, n_steps in enumerate(EPOCHS):
            optimizers[i].param_groups[0].update(in_epoch(name, epoch, settings)[i] | {"foreach": False})
            for _ in range(n_steps):
                each.grad = next(step)
                optimizers[i].step()
        states.append(optimizers[i].state_dict()["state"].get(0, {}))
    return params, states


class OfKernel:
    """Nets whose steps the kernel takes, epoch by epoch."""

    def __init__(
        self, name: str, dtype: torch.dtype, at_once: int = max(EPOCHS), settings: list[Settings] | None = None
    ) -> None:
        cls, _ = complete(name, {})
        self.dtype, self.layout = dtype, Layout()
        self.params, self.gradient = self.layout.new((N_NUMBERS,)), self.layout.new((N_NUMBERS,))
        self.state: dict[str, Value] = {}
        self.blocks = Blocks(N_NETS, self.layout, dtype)
        start, self.gradients = numbers(dtype)
        self.blocks.put(self.params, start)
        settings = settings or of_nets(name)
        self.optimizer = RecordedOptimizer([(cls, each) for each in settings], dtype, {})
        for key, value in self.optimizer.state().items():  # which Adagrad has from the beginning
            if value.dim():
                self.state[key] = self.layout.new((N_NUMBERS,))
                self.blocks.grow(self.layout)
                self.blocks.put(self.state[key], value.expand(N_NETS, N_NUMBERS))
        at = 0
        for epoch, n_steps in enumerate(EPOCHS):
            self.optimizer.set(in_epoch(name, epoch, settings))
            for done in range(0, n_steps, at_once):
                for run in self.optimizer.runs(min(at_once, n_steps - done)):
                    self.take(run, self.gradients[:, at : at + run.n_steps].contiguous())
                    at += run.n_steps

    def take(self, run: Any, gradients: Tensor) -> None:
        """Take the steps of a run."""
        program, update, n_numbers = Program(), run.update, run.numbers.shape[2]
        program.emit("copy", program.rows((N_NUMBERS,)).with_one(0), out=self.gradient.with_one(0))
        of_step = program.rows((1, n_numbers))
        each = [of_step.part(1, i, i + 1).without({0, 1}) for i in range(n_numbers)]
        for name in update.kept:
            self.state.setdefault(name, self.layout.new((N_NUMBERS,)))
        held = [self.state[name] for name in update.held]
        after = translate(program, update.graph, [self.params, self.gradient, *held, *each])
        for name, value in zip(update.kept, after, strict=True):
            program.emit("copy", value, out=self.state[name])
        self.blocks.grow(self.layout)
        rows, every = torch.from_numpy(run.numbers.astype(self.blocks.number)), np.arange(N_NETS)
        tables = [table(gradients, every), table(rows, every if len(rows) > 1 else 0 * every)]
        self.blocks.run(program.assembled(), run.n_steps, tables)

    def tensor(self, value: Value) -> Tensor:
        made = torch.empty(N_NETS, N_NUMBERS, dtype=self.dtype)
        self.blocks.get(value, made)
        return made


@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize("name", SETTINGS)
def test_each_net_steps_as_with_an_optimizer_of_its_own(name: str, dtype: torch.dtype) -> None:
    params, states = by_torch(name, dtype)
    nets = OfKernel(name, dtype)
    close: Any = TOLERANCES[dtype]
    torch.testing.assert_close(nets.tensor(nets.params), params, **close)
    found = nets.optimizer.state()
    assert found.keys() == states[0].keys()
    for key, value in found.items():
        wanted = torch.stack([torch.as_tensor(state[key], dtype=torch.float64) for state in states])
        ours = (
            nets.tensor(nets.state[key])
            if key in nets.state
            else torch.as_tensor(value, dtype=torch.float64).expand(N_NETS)
        )
        torch.testing.assert_close(ours.double(), wanted, **close, msg=partial("{}: {}".format, key))


@pytest.mark.parametrize("name", ["Adam", "Adam, betas", "NAdam", "RAdam", "ASGD", "RMSprop, centered"])
def test_steps_have_the_same_bytes_one_by_one_and_with_other_nets(name: str) -> None:
    """An epoch is one call, but with callbacks each batch is; a net's company has other rates, or the same."""
    whole, parts = OfKernel(name, torch.float32), OfKernel(name, torch.float32, at_once=1)
    assert torch.equal(whole.tensor(whole.params), parts.tensor(parts.params))
    for key, value in whole.state.items():
        assert torch.equal(whole.tensor(value), parts.tensor(parts.state[key])), key
    alike = OfKernel(name, torch.float32, settings=[of_nets(name)[0]] * N_NETS)
    assert torch.equal(whole.tensor(whole.params)[0], alike.tensor(alike.params)[0])


@pytest.mark.parametrize("name", ["Adam, betas", "NAdam", "RAdam", "Adagrad"])
def test_numbers_that_are_computed_ahead_are_those_of_the_steps_that_are_taken(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    settings, n_runs = of_nets(name), 0
    nets = optimizer_of(name, settings)
    take_step = nets._take_step

    def counted(*args: Any) -> None:
        nonlocal n_runs
        n_runs += 1
        take_step(*args)

    monkeypatch.setattr(nets, "_take_step", counted)
    for epoch in range(60):
        if epoch == 12:  # in the middle of what is computed by then
            settings = in_epoch(name, 1, settings)
        nets.set(settings)
        others = optimizer_of(name, settings)
        if epoch:
            others.load(nets.state())
        for i, found in enumerate(of_steps(nets.runs(3))):
            (wanted,) = of_steps(others.runs(1))
            np.testing.assert_array_equal(found.astype("f4"), wanted.astype("f4"), err_msg=f"epoch {epoch}, step {i}")
        assert int(nets.state()["step"]) == 3 * epoch + 3
    assert n_runs < 60


def optimizer_of(name: str, settings: list[Settings]) -> RecordedOptimizer:
    cls, _ = complete(name, {})
    return RecordedOptimizer([(cls, each) for each in settings], torch.float32, {})


def of_steps(runs: list[Run]) -> list[np.ndarray]:
    """Return the numbers of each step, shape (n_nets or 1, n_numbers)."""
    return [numbers for run in runs for numbers in run.numbers.transpose(1, 0, 2)]


class Switches(Optimizer):
    """Lets two tensors of its state change places from the sixth step on; calls the same functions as before."""

    def __init__(self, params: Any, lr: float = 0.1, foreach: bool = False) -> None:
        super().__init__(params, {"lr": lr, "foreach": foreach})

    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for param in self.param_groups[0]["params"]:
            state = self.state[param]
            count = state.setdefault("step", torch.zeros(()))
            one, other = (state.setdefault(key, torch.zeros_like(param)) for key in ("one", "other"))
            count += 1
            if count.item() > 5:
                one, other = other, one
            one.add_(param.grad).mul_(0.9)
            param.sub_(one.sub(other), alpha=self.param_groups[0]["lr"])


class Counts(Optimizer):
    """Keeps numbers of Python, by which it branches and corrects; `reads` says how Python reads one."""

    reads: Any = staticmethod(lambda number: number)

    def __init__(self, params: Any, lr: float = 0.1, beta: float = 0.9, foreach: bool = False) -> None:
        super().__init__(params, {"lr": lr, "beta": beta, "foreach": foreach})

    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        (group,) = self.param_groups
        for param in group["params"]:
            state = self.state[param]
            mean = state.setdefault("mean", torch.zeros_like(param))
            state["step"], state["scale"] = state.get("step", 0) + 1, state.get("scale", 1.0) * 0.99
            mean.lerp_(param.grad, 1 - group["beta"])
            warmed = min(1.0, self.reads(state["step"]) / 7) * state["scale"]
            param.sub_(mean / (1 - group["beta"] ** state["step"]), alpha=group["lr"] * warmed)


@pytest.mark.parametrize("kind", [Switches, Counts])
def test_an_optimizer_of_ones_own_is_recorded_anew_where_it_does_something_else(
    monkeypatch: pytest.MonkeyPatch, kind: type
) -> None:
    monkeypatch.setattr(torch.optim, "Own", kind, raising=False)
    monkeypatch.setitem(SETTINGS, "Own", ({"lr": 0.1}, {"lr": 0.2}))
    test_each_net_steps_as_with_an_optimizer_of_its_own("Own", torch.float64)


@pytest.mark.parametrize("reads", [float, int, bool])
def test_a_number_that_python_reads_is_not_taken_for_that_of_all_steps(
    monkeypatch: pytest.MonkeyPatch, reads: type
) -> None:
    monkeypatch.setattr(torch.optim, "Own", type("Own", (Counts,), {"reads": staticmethod(reads)}), raising=False)
    monkeypatch.setitem(SETTINGS, "Own", ({"lr": 0.1}, {"lr": 0.2}))
    with pytest.raises(MixedError, match="reads a number that differs from step to step"):
        OfKernel("Own", torch.float64)


OTHERS = {name for name, cls in vars(torch.optim).items() if isinstance(cls, type) and issubclass(cls, Optimizer)}


@pytest.mark.parametrize("name", sorted(OTHERS - {name.partition(",")[0] for name in SETTINGS} - {"Optimizer"}))
def test_what_the_kernel_does_not_step_as_torch_does_is_refused(name: str) -> None:
    with pytest.raises((UnsupportedError, ValueError, RuntimeError)):
        OfKernel(name, torch.float32, settings=[complete(name, {})[1]] * N_NETS)
