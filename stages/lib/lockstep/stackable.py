"""Decides which nets can be trained in lockstep, and says why others can't.

This code knows no particular module, optimizer or data set: it inspects the net and its parts.
"""

import copy
from typing import Any

import joblib
import torch
from skorch import NeuralNet, callbacks
from skorch.dataset import Dataset
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase
from torch.utils.data import DataLoader

from stages.lib.lockstep.activations import switchable
from stages.lib.lockstep.nets import FiniteOrUnfit, shallow_copy
from stages.lib.lockstep.numerics import seed_everything

# What lockstep does in skorch's stead, and so must be skorch's.
_TRAINING = """fit partial_fit fit_loop run_single_epoch train_step train_step_single get_loss initialize
    initialize_module initialize_criterion initialize_optimizer get_dataset get_split_datasets get_iterator
    validation_step on_train_begin on_train_end on_epoch_begin on_epoch_end on_batch_begin on_batch_end
    on_grad_computed""".split()

# Callbacks that look on.
_ONLOOKERS = (
    callbacks.BatchScoring,
    callbacks.EpochScoring,
    callbacks.EpochTimer,
    callbacks.PassthroughScoring,
    callbacks.PrintLog,
)

# The attributes of every nn.Module that hold its tensors, children and hooks.
_OF_ANY_MODULE = set(vars(nn.Module()))


class RefusalError(Exception):
    """Says in a phrase why a net is to be fitted alone."""


def check_net(net: NeuralNet) -> None:
    """Raise `RefusalError` if a fit of the net is more than a plain run over batches in the rows' order."""
    if not isinstance(net, NeuralNet):
        raise RefusalError(f"{type(net).__name__} is no skorch net")
    for name in _TRAINING:
        owner = next(cls for cls in type(net).__mro__ if name in vars(cls))
        if owner.__module__.partition(".")[0] != "skorch" and owner is not FiniteOrUnfit:
            raise RefusalError(f"{owner.__name__} has its own {name}")
    if net.callbacks != "disable":
        for callback in net.callbacks or []:
            callback = callback[1] if isinstance(callback, tuple) else callback
            if callback is not None and not issubclass(_class_of(callback), _ONLOOKERS):
                raise RefusalError(f"the callback {_class_of(callback).__name__} may change the training")
    if net.iterator_train is not DataLoader:
        raise RefusalError(f"iterator_train is {_class_of(net.iterator_train).__name__}")
    if changed := sorted(net.get_params_for("iterator_train")):
        raise RefusalError(f"iterator_train__{changed[0]} is set")
    if net.dataset is not Dataset or net.get_params_for("dataset"):
        raise RefusalError("the dataset is not skorch's plain one")
    if net.warm_start:
        raise RefusalError("warm_start is set")
    if net.compile:
        raise RefusalError("compile is set")
    if not isinstance(net.module, type):
        raise RefusalError("the module is given as an instance, whose weights do not follow the seed")


def build_module(net: NeuralNet, seed: int) -> nn.Module:
    """Return the module, with the weights that a fit of the net under this seed starts from."""
    seed_everything(seed)
    return net.initialized_instance(net.module, net.get_params_for("module")).to(net.device)


def structure(module: nn.Module) -> str:
    """Return a hash that two modules share when they differ in tensors' values, dropout rates and activations alone.

    Raises
    ------
    RefusalError
        If a part of the module is known not to be batched, or can't be compared.
    """
    parts: list[Any] = []
    exchanged = switchable(module)
    for path, part in module.named_modules():
        if path in exchanged:
            parts.append(path)
            continue
        if isinstance(part, _NormBase) and part.running_mean is not None:
            raise RefusalError(f"{type(part).__name__} keeps running statistics")
        if any(vars(part)[name] for name in _OF_ANY_MODULE if name.endswith("_hooks")):
            raise RefusalError(f"{type(part).__name__} has hooks")
        tensors = [*part.named_parameters(recurse=False), *part.named_buffers(recurse=False)]
        shapes = [(name, tuple(tensor.shape), str(tensor.dtype)) for name, tensor in tensors]
        own = _attributes(part)
        if isinstance(part, nn.Dropout):
            del own["p"]
        parts.append((path, type(part), shapes, sorted(own.items())))
    trained = [weight.requires_grad for weight in module.parameters()]
    if not trained:
        raise RefusalError("the module has no parameters")
    if not all(trained):
        raise RefusalError("some of the module's parameters are frozen")
    return _hash(parts)


def activations_key(module: nn.Module) -> str:
    """Return a hash that modules of one structure share when their activations are the same."""
    return _hash([(path, type(part), sorted(_attributes(part).items())) for path, part in switchable(module).items()])


def optimizer_settings(net: NeuralNet, module: nn.Module) -> dict[str, Any]:
    """Return what the net's optimizer is built with.

    Raises
    ------
    RefusalError
        If the optimizer does more than treat each element of each parameter by itself.
    """
    (groups,), settings = net.get_params_for_optimizer("optimizer", module.named_parameters())
    if len(groups) > 1:
        raise RefusalError("optimizer__param_groups are set")
    name = net.optimizer.__name__
    if not set(settings) <= set(net.optimizer(groups, **settings).defaults):
        raise RefusalError(f"{name} does not take its options by parameter group")
    try:
        elementwise = _steps_elementwise(net.optimizer, settings)
    except Exception as error:
        raise RefusalError(f"{name} can't step on stacked parameters: {error}") from None
    if not elementwise:
        raise RefusalError(f"{name} is not elementwise")
    return settings


def group_key(net: NeuralNet, module: nn.Module, X: Tensor, y: Tensor) -> str:
    """Return a hash that nets share when their steps can be taken together.

    Parameters
    ----------
    net : NeuralNet
    module : nn.Module
        As `build_module` gives it.
    X, y : Tensor
        A few rows to try the criterion on.

    Raises
    ------
    RefusalError
        If the module or the criterion can't be batched.
    """
    settings = net.get_params_for("criterion")
    criterion = net.initialized_instance(net.criterion, settings)
    name = type(criterion).__name__
    if any(True for _ in criterion.parameters()):
        raise RefusalError(f"{name} has parameters to learn")
    if getattr(criterion, "reduction", None) != "mean" or not _is_mean_of_rows(net, module, X, y):
        raise RefusalError(f"{name} is no mean over rows")
    return _hash(
        [
            type(net).__name__,
            structure(module),
            net.criterion,
            sorted(settings.items()),
            net.batch_size,
            net.train_split,
            net.device,
            net.max_epochs,
        ]
    )


def optimizer_key(net: NeuralNet, settings: dict[str, Any]) -> str:
    """Return a hash that nets share when one optimizer can step them."""
    return _hash([net.optimizer, sorted(settings.items())])


def trajectory_key(net: NeuralNet) -> str:
    """Return a hash of everything that determines a net's training, except its length."""
    settings = {key: value for key, value in net.get_params(deep=False).items() if key not in _NOT_OF_TRAINING}
    return _hash(sorted(settings.items()))


_NOT_OF_TRAINING = ("max_epochs", "callbacks", "verbose", "predict_nonlinearity")


def _attributes(part: nn.Module) -> dict[str, Any]:
    return {name: value for name, value in vars(part).items() if name not in _OF_ANY_MODULE}


def _class_of(thing: Any) -> type:
    return thing if isinstance(thing, type) else type(thing)


def _hash(thing: Any) -> str:
    try:
        return joblib.hash(thing)
    except Exception as error:
        raise RefusalError(f"an attribute can't be compared with another net's: {error}") from None


def _is_mean_of_rows(net: NeuralNet, module: nn.Module, X: Tensor, y: Tensor) -> bool:
    """Whether the net's loss on some rows is the mean of its losses on each."""
    losses = []
    for reduction in ("mean", "none"):
        criterion = net.initialized_instance(net.criterion, net.get_params_for("criterion"))
        criterion.reduction = reduction
        seed_everything(0)  # both losses with the same noise, where there is some
        trial = shallow_copy(net, module_=copy.deepcopy(module).eval(), criterion_=criterion)
        with torch.no_grad():
            losses.append(trial.get_loss(trial.infer(X), y, X=X, training=True))
    mean, each = losses
    return len(each) == len(X) and torch.allclose(mean, each.mean(), rtol=1e-4, equal_nan=True)


def _steps_elementwise(optimizer: type[torch.optim.Optimizer], settings: dict[str, Any]) -> bool:
    """Whether three steps on two nets' flattened parameters are those on each net's own matrix and vector."""
    generator = torch.Generator().manual_seed(0)
    start, *gradients = (torch.randn(2, 20, dtype=torch.float64, generator=generator) for _ in range(4))

    def own(flat: Tensor) -> list[Tensor]:
        return [part.clone() for row in flat for part in (row[:15].view(3, 5), row[15:])]

    together, apart = start.clone(), own(start)
    steps = [optimizer([together], **settings), optimizer(apart, **settings)]
    for gradient in gradients:
        together.grad = gradient
        for weight, own_gradient in zip(apart, own(gradient), strict=True):
            weight.grad = own_gradient
        for each in steps:
            each.step()
    return torch.allclose(together, torch.cat([weight.flatten() for weight in apart]).view(2, 20), rtol=1e-9, atol=0)
