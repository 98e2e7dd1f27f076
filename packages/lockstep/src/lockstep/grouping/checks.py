"""Refuses nets whose class, parts, memory or optimizer a stack can't do justice to; skorch fits these one by one."""

import re
from types import FunctionType, NoneType
from typing import Any

import torch
from skorch import (
    NeuralNet,
    NeuralNetBinaryClassifier,
    NeuralNetClassifier,
    NeuralNetRegressor,
)
from skorch.callbacks import GradientNormClipping
from torch import nn

from lockstep._compat import hooks_of, parts_of, step_hooks, tree_leaves
from lockstep.members.parts import (
    ATTRIBUTES,
    named_tensors,
    optimizer_of,
    trained_params,
)
from lockstep.members.refusals import RefusalError

# The methods of skorch that a class may override; … stands for any ending. Mixins of scikit-learn have tags.
_OWN = "fit initialize… get_params_for… get_default_callbacks predict… score get_loss infer".split()
_OWN_METHODS = re.compile(
    "|".join(
        [
            r"__init__|__init_subclass__|__sklearn_tags__|set_\w+_request",
            *(name.replace("…", r"\w*") for name in _OWN),
        ]
    )
)
_MAY_BE_OWN = f"of skorch's methods, a class may have its own {', '.join(_OWN[:-1])} and {_OWN[-1]}"

# The types that attributes of the user's own optimizer may have.
_SETTINGS = (bool, int, float, str, FunctionType, NoneType)

_NETS = (NeuralNet, NeuralNetClassifier, NeuralNetBinaryClassifier, NeuralNetRegressor)
_OF_NETS = {cls for net in _NETS for cls in net.__mro__}


def check_class(cls: type) -> None:
    """Raise `RefusalError` if a net's class, or one of its base classes, overrides a method that is not listed."""
    for part in cls.__mro__:
        if part in _OF_NETS:
            continue
        for name, value in sorted(vars(part).items()):
            # What every class has does not count.
            counts = isinstance(value, FunctionType) or not name.startswith("__")
            is_skorchs = counts and hasattr(NeuralNetClassifier, name)
            if is_skorchs and not _OWN_METHODS.fullmatch(name):
                raise RefusalError(
                    f"{_full_name(part)} has its own {name}", _MAY_BE_OWN
                )


def _full_name(cls: type) -> str:
    if cls.__module__.startswith("skorch."):
        return f"{cls.__module__}.{cls.__qualname__}"
    return cls.__name__


def check_parts(net: NeuralNet) -> None:
    """Raise `RefusalError` if an initialised net has other parts than a plain one."""
    if (parts := parts_of(net)) != (["module"], ["criterion"], ["optimizer"]):
        found = ", ".join(name for names in parts for name in names)
        raise RefusalError(
            f"the net's parts are {found}, not a module, a criterion and an optimizer",
            "several modules can be parts of one, and so can several criteria",
        )
    if own := [name for name in vars(net) if callable(getattr(type(net), name, None))]:
        raise RefusalError(
            f"the net is given a {own[0]} of its own",
            "define it in a class derived from the net's",
        )
    if net.compile:
        raise RefusalError("compile is set", "set compile=False in the search")
    if len(net.optimizer_.param_groups) != 1:
        raise RefusalError(
            "the optimizer has several groups of parameters (optimizer__param_groups)"
        )
    if not trained_params(net):
        raise RefusalError("the module has no parameters to train")

    if any(
        layer._backward_hooks or layer._backward_pre_hooks
        for layer in net.module_.modules()
    ):
        raise RefusalError(
            "a layer has a backward hook, as by register_full_backward_hook",
            "if it only looks at gradients, let a callback do so in on_batch_end",
        )
    if any(
        isinstance(layer, nn.Embedding | nn.EmbeddingBag) and layer.max_norm is not None
        for layer in net.module_.modules()
    ):
        raise RefusalError(
            "an embedding with max_norm changes its weights in evaluation, too"
        )
    _check_numbers(net)
    _check_memory(net)
    _check_optimizer(net)


def _check_numbers(net: NeuralNet) -> None:
    """Raise `RefusalError` if a net is not on the CPU, or has numbers of a type that the kernel does not have."""
    kinds = {
        (tensor.device.type, tensor.dtype) for tensor in trained_params(net).values()
    }
    if devices := sorted({device for device, _ in kinds} - {"cpu"}):
        raise RefusalError(f"the kernel computes on the CPU, not on {devices[0]}")
    if others := sorted(
        str(dtype) for _, dtype in kinds if dtype not in (torch.float32, torch.float64)
    ):
        raise RefusalError(f"the kernel has no {others[0]}")
    if len(kinds) > 1:
        raise RefusalError(
            "parameters have several types: torch.float32, torch.float64"
        )


def _check_memory(net: NeuralNet) -> None:
    """Raise `RefusalError` if parameters and buffers would behave differently in the memory of a stack."""
    owners: dict[int, str] = {}
    for name, tensor in named_tensors(net).items():
        path = name.partition(".")[2]
        if any(hooks_of(tensor)):
            raise RefusalError(f"the parameter {path} has a hook")
        memory = tensor.untyped_storage()
        if tensor.nbytes > memory.nbytes():
            raise RefusalError(
                f"the numbers of {path} share memory",
                "copy them where they are made, by .clone()",
            )
        if tensor.numel():
            owner = owners.setdefault(memory.data_ptr(), path)
            if owner != path:
                raise RefusalError(f"{owner} and {path} share memory")


def _is_setting(value: Any) -> bool:
    return all(type(leaf) in _SETTINGS for leaf in tree_leaves(value))


def _check_optimizer(net: NeuralNet) -> None:
    """Raise `RefusalError` if an optimizer, or the clipping of its gradients, does more than a stack can do."""
    optimizer = net.optimizer_
    if any(step_hooks(optimizer)):
        raise RefusalError("the optimizer has a hook")
    attributes = optimizer_of(net)[1].get(ATTRIBUTES, {})
    others = [key for key, value in attributes.items() if not _is_setting(value)]
    if others:
        raise RefusalError(
            f"{type(optimizer).__name__} keeps more than settings outside of its state: {', '.join(others)}",
            "keep a number or a tensor for each parameter, in the optimizer's state",
        )
    clips = [each for _, each in net.callbacks_ if type(each) is GradientNormClipping]
    learnt = {
        id(param) for _, param in net.get_all_learnable_params() if param.requires_grad
    }
    if len(clips) > 1:
        raise RefusalError("gradients are clipped twice")
    if clips and learnt != set(map(id, trained_params(net).values())):
        raise RefusalError(
            "gradients are clipped together with those of parameters that the optimizer does not have"
        )
