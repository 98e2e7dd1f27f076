"""Cases: torch's optimizers with all of their settings, and optimizers of people's own."""

from typing import Any

import torch
from skorch.callbacks import LRScheduler
from torch import Tensor, nn
from torch.optim import Optimizer

from packages.lockstep.tests.cases.base import Case, case

# RAdam takes other steps from the sixth on, ASGD here from the tenth.
SETTINGS: dict[str, list[dict[str, Any]]] = {
    "SGD": [
        *(
            {"momentum": 0.5},
            {"momentum": 0.9, "nesterov": True},
            {"momentum": 0.5, "nesterov": True},
        ),
        {"momentum": 0.9, "dampening": 0.1, "weight_decay": 0.1},
        {"momentum": 0.8, "dampening": 0.5, "weight_decay": 0.01},
        *({"lr": 0.01, "maximize": True}, {"lr": 0.02, "maximize": True}),
    ],
    "Adam": [
        *({"betas": (0.9, 0.99), "eps": 1e-8}, {"betas": (0.5, 0.999), "eps": 1e-4}),
        *(
            {"amsgrad": True, "weight_decay": 0.1},
            {"amsgrad": True, "weight_decay": 0.2},
        ),
        *({"maximize": True}, {"maximize": True, "lr": 0.01}),
    ],
    "AdamW": [
        {"weight_decay": 0.0},
        {"weight_decay": 0.1},
        {"weight_decay": 0.3},
        {"amsgrad": True},
    ],
    "Adamax": [{"weight_decay": 0.1}, {"weight_decay": 0.2}],
    "NAdam": [
        *({"momentum_decay": 0.01}, {"momentum_decay": 0.5, "maximize": True}),
        *(
            {"weight_decay": each, "decoupled_weight_decay": True}
            for each in (0.1, 0.3)
        ),
    ],
    "RAdam": [
        *(
            {},
            {"weight_decay": 0.1},
            {"weight_decay": 0.2},
            {"weight_decay": 0.1, "decoupled_weight_decay": True},
        ),
    ],
    "Adagrad": [
        *({"lr_decay": 0.1}, {"lr": 0.5, "lr_decay": 0.2}),
        {"initial_accumulator_value": 0.1, "weight_decay": 0.1},
    ],
    "Rprop": [{}, {"etas": (0.4, 1.1)}],
    "Adadelta": [{"lr": 1.0, "rho": 0.9}, {"lr": 0.5, "rho": 0.8}],
    "RMSprop": [
        *({"lr": 0.1, "alpha": 0.9}, {"lr": 0.01, "alpha": 0.99}),
        {"centered": True, "momentum": 0.9, "weight_decay": 0.1},
        {"centered": True, "momentum": 0.5, "weight_decay": 0.2},
    ],
    "ASGD": [{}, {"lambd": 0.01}, {"t0": 8, "lambd": 0.1, "weight_decay": 0.1}],
}

# By the name of a class: how Python reads a number of its state.
READS: dict[str, Any] = {"ByFloat": float, "ByInt": int, "ByBool": bool}


class OwnOptimizer(Optimizer):
    def __init__(self, params: Any, lr: float = 0.1) -> None:
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        with torch.enable_grad():
            loss = closure() if closure else None
        for group in self.param_groups:
            for param in group["params"]:
                param.add_(self.direction(param), alpha=-group["lr"])
        return loss

    def direction(self, param: Tensor) -> Tensor:
        raise NotImplementedError


class Switches(OwnOptimizer):
    """Lets two tensors of its state change places from the sixth step on; calls the same functions as before."""

    def direction(self, param: Tensor) -> Tensor:
        state = self.state[param]
        count = state.setdefault("step", torch.zeros(()))
        one, other = (
            state.setdefault(key, torch.zeros_like(param)) for key in ("one", "other")
        )
        count += 1
        if count.item() > 5:
            one, other = other, one
        one.add_(param.grad).mul_(0.9)
        return one.sub(other)


class Counts(OwnOptimizer):
    """Keeps numbers of Python, by which it branches and corrects; `reads` says how Python reads one."""

    reads: Any = staticmethod(lambda number: number)

    def __init__(self, params: Any, lr: float = 0.1, beta: float = 0.9) -> None:
        super().__init__(params, lr)
        self.param_groups[0]["beta"] = beta

    def direction(self, param: Tensor) -> Tensor:
        beta, state = self.param_groups[0]["beta"], self.state[param]
        mean = state.setdefault("mean", torch.zeros_like(param))
        state["step"], state["scale"] = (
            state.get("step", 0) + 1,
            state.get("scale", 1.0) * 0.99,
        )
        mean.lerp_(param.grad, 1 - beta)
        warmed = min(1.0, self.reads(state["step"]) / 7) * state["scale"]
        return mean / (1 - beta ** state["step"]) * warmed


class Decaying(OwnOptimizer):
    def __init__(self, params: Any, lr: float = 0.1) -> None:
        super().__init__(params, lr)
        self._steps = 0

    def step(self, closure: Any = None) -> Any:
        self._steps += 1
        return super().step(closure)

    def direction(self, param: Tensor) -> Tensor:
        return param.grad / self._steps**0.5


class ClippedSGD(torch.optim.SGD):
    """Clips the norm of the gradient itself."""

    def __init__(self, params: Any, lr: float = 0.1, max_norm: float = 10.0) -> None:
        super().__init__(params, lr=lr)
        self.param_groups[0]["max_norm"] = max_norm

    def step(self, closure: Any = None) -> Any:
        loss = closure() if closure else None
        for group in self.param_groups:
            nn.utils.clip_grad_norm_(group["params"], group["max_norm"])
        super().step()
        return loss


class SeveralMomenta(OwnOptimizer):
    """Keeps a dict in its state, as aggregated momentum does."""

    def direction(self, param: Tensor) -> Tensor:
        kept = self.state[param].setdefault(
            "momenta", {b: torch.zeros_like(param) for b in (0.0, 0.9)}
        )
        return torch.stack(
            [momentum.mul_(beta).add_(param.grad) for beta, momentum in kept.items()]
        ).mean(0)


class SGDW(torch.optim.SGD):
    """Decays its weights before the closure computes their gradient."""

    def __init__(self, params: Any, lr: float = 0.1, wd: float = 0.01) -> None:
        super().__init__(params, lr=lr)
        self.param_groups[0]["wd"] = wd

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        for group in self.param_groups:
            for weight in group["params"]:
                weight.mul_(1 - group["lr"] * group["wd"])
        return super().step(closure)


def optimizers() -> dict[str, Case]:
    warm_up = LRScheduler(
        torch.optim.lr_scheduler.LambdaLR, lr_lambda=lambda epoch: min(epoch / 3, 1.0)
    )
    halved = LRScheduler("StepLR", step_size=1, gamma=0.5)
    whole = {
        name: type(name, (Counts,), {"reads": staticmethod(reads)})
        for name, reads in READS.items()
    }
    return {
        **{
            name: case(
                grid=[
                    {f"optimizer__{key}": [each[key]] for key in each}
                    for each in settings
                ],
                optimizer=getattr(torch.optim, name),
                callbacks=[halved],
                cv=2,
            )
            for name, settings in SETTINGS.items()
        },
        "side by side": case(
            grid={
                "optimizer": [
                    getattr(torch.optim, name) for name in SETTINGS if name != "Rprop"
                ]
            }
        ),
        "LBFGS": case(
            grid={}, optimizer=torch.optim.LBFGS, max_epochs=2, alone="LBFGS"
        ),
        "param groups": case(
            grid={},
            optimizer__param_groups=[("layers.0.*", {"lr": 0.01})],
            alone="groups",
        ),
        "a rate that starts at 0": case(
            grid={"optimizer": [torch.optim.SGD, torch.optim.Adam]}, callbacks=[warm_up]
        ),
        "an optimizer that switches": case(optimizer=Switches),
        "an optimizer by whose numbers Python counts": case(
            grid={"optimizer": [*whole.values()]},
            alone="reads a number that differs from step to step",
        ),
        "an optimizer's own setting": case(
            grid={"optimizer__beta": [0.9, 0.1]}, optimizer=Counts
        ),
        "an optimizer that counts in private": case(
            optimizer=Decaying, alone="outside of its state"
        ),
        "an optimizer that clips the norm": case(
            grid={"optimizer__max_norm": [10.0, 1.0, 0.05]},
            optimizer=ClippedSGD,
            alone=" ",
        ),
        "an optimizer that decays before its closure": case(
            grid={"optimizer__wd": [1e-6, 1e-3, 0.1, 1.0]}, optimizer=SGDW, alone=" "
        ),
        "an optimizer with a dict in its state": case(
            optimizer=SeveralMomenta, alone="its state has more than numbers"
        ),
    }
