"""What kind of net a candidate is, and what nets have in common that may share a stack."""

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from skorch import NeuralNet
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from stages.lib.lockstep._compat import fingerprint
from stages.lib.lockstep.members import Member
from stages.lib.lockstep.stacks.activations import switchable
from stages.lib.lockstep.stacks.nets import EVALUATED_ROWS
from stages.lib.lockstep.stacks.optimizers import (
    fixed_part,
    named_tensors,
    optimizer_of,
    trained_names,
    varying_numbers,
)
from stages.lib.lockstep.stacks.step import shallow_copy
from stages.lib.lockstep.surroundings import RefusalError
from stages.lib.lockstep.watching import check_callbacks

# What lockstep does in skorch's stead, and so must be skorch's.
_TRAINING = """partial_fit fit_loop run_single_epoch train_step train_step_single validation_step
    get_train_step_accumulator""".split()

# The attributes of every nn.Module that hold its tensors, children and hooks.
_OF_ANY_MODULE = set(vars(nn.Module()))

# Floating-point operations of a step from which a few nets may cost more together: a stack has 16 places to fill.
LONG_STEP = 1_500_000


# Bytes and operations, by what they follow from.
_MEASURED: dict[str, tuple[int, int]] = {}


@dataclass(frozen=True)
class Kind:
    """What a candidate's nets have in common on all splits.

    Parameters
    ----------
    structure : str
        A hash of the module's and criterion's parts, without the tensors, dropout rates and activations.
    activations : str
        A hash of the activations.
    family : str
        A hash that nets share whose trial proves the same: without the sizes of torch's own layers.
    bytes_each : int
        What one more net in a stack takes.
    """

    structure: str
    activations: str
    family: str
    bytes_each: int


def check_net(net: NeuralNet) -> None:
    """Raise `RefusalError` where skorch is not what trains a net, or its parts are not those of a plain one."""
    for name in _TRAINING:
        owner = next(cls for cls in type(net).__mro__ if name in vars(cls))
        if owner.__module__.partition(".")[0] != "skorch":
            raise RefusalError(f"{owner.__name__} has its own {name}")
    if (net._modules, net._criteria, net._optimizers) != (["module"], ["criterion"], ["optimizer"]):
        raise RefusalError("the net has several modules, criteria or optimizers")
    if net.compile:
        raise RefusalError("compile is set")
    if len(net.optimizer_.param_groups) != 1:
        raise RefusalError("optimizer__param_groups are set")
    if not any(True for _ in net.module_.parameters()):
        raise RefusalError("the module has no parameters")
    check_callbacks(net)


def kind_of(member: Member) -> Kind:
    """Find out what kind of net a member is.

    Raises
    ------
    RefusalError
        Where it is known to be better off alone.
    """
    net = member.net
    if not trained_names(net):
        raise RefusalError("the module has no parameters to train")
    exchanged = switchable(net.module_)
    structure, family = [], []
    for part in (net.module_, net.criterion_):
        for path, layer in part.named_modules():
            if part is net.module_ and path in exchanged:
                structure.append(path)
                family.append(path)
                continue
            structure.append((path, type(layer), _shapes(layer, sizes=True), _attributes(layer, sizes=True)))
            family.append((path, type(layer), _shapes(layer, sizes=False), _attributes(layer, sizes=False)))
    optimizer, settings = optimizer_of(net)
    try:
        varying_numbers(optimizer, settings)
    except Exception as error:
        raise RefusalError(f"{optimizer.__name__} can't step stacked nets: {_first_line(error)}") from None
    what = _hash([structure, type(net), net.device, member.width, member.train.n])
    if what not in _MEASURED:
        _MEASURED[what] = _measure(member)
    bytes_each, flops = _MEASURED[what]
    if flops > LONG_STEP:
        raise RefusalError("its steps are long enough to keep a core busy alone")
    rows = [
        (type(part).__name__, [(t.dtype, t.dim()) for t in tree_leaves(part)])
        for part in (member.train.X, member.train.y)
    ]
    others = [
        type(net),
        [type(callback) for _, callback in net.callbacks_],
        optimizer,
        fixed_part(settings),
        member.order.is_fixed,
        member.order.loader.drop_last,
        member.valid is None,
        net.device,
        str(rows),
    ]
    return Kind(
        _hash([structure, type(net), net.device]),
        _hash([(path, type(part), _attributes(part, sizes=True)) for path, part in exchanged.items()]),
        _hash([family, others]),
        bytes_each,
    )


def group_key(member: Member, kind: Kind, filled: bool) -> tuple[Any, ...]:
    """Return what nets have in common that can share a stack."""
    batches = [len(batch) for batch in member.order.peek()]
    valid = 0 if member.valid is None else member.valid.n
    if filled:
        held = 0 if member.valid is None else -(-valid // member.valid_batch)
        rows: tuple[Any, ...] = (member.width, len(batches), held, member.valid_width)
    else:
        rows = (tuple(batches), valid, member.valid_batch)
    shapes = tuple((name, tuple(t.shape), t.dtype, t.requires_grad) for name, t in named_tensors(member.net).items())
    return kind.structure, member.live, _clip_norm(member.net), rows, shapes


def _clip_norm(net: NeuralNet) -> Any:
    kinds = {getattr(callback, "gradient_clip_norm_type", None) for _, callback in net.callbacks_}
    return tuple(sorted(str(kind) for kind in kinds))


def _shapes(layer: nn.Module, sizes: bool) -> list[Any]:
    tensors = [*layer.named_parameters(recurse=False), *layer.named_buffers(recurse=False)]
    return [(name, tuple(t.shape) if sizes else t.dim(), str(t.dtype), t.requires_grad) for name, t in tensors]


def _attributes(layer: nn.Module, sizes: bool) -> list[Any]:
    """Return a layer's own attributes; of torch's layers, those that are no sizes where `sizes` is false."""
    own = {name: value for name, value in vars(layer).items() if name not in _OF_ANY_MODULE}
    if isinstance(layer, nn.modules.dropout._DropoutNd):
        own.pop("p")
    if not sizes and type(layer).__module__.startswith("torch.nn.modules."):
        own = {name: value for name, value in own.items() if isinstance(value, bool | str | type(None))}
    hooks = [(name, list(vars(layer)[name].values())) for name in _OF_ANY_MODULE if name.endswith("_hooks")]
    return [sorted(own.items()), sorted((name, listed) for name, listed in hooks if listed)]


def python_state(module: nn.Module) -> list[str]:
    """Return a hash of each part's attributes that are no parameters, buffers or parts."""
    return [_hash(_attributes(layer, sizes=True)) for layer in module.modules()]


def _hash(thing: Any) -> str:
    try:
        return fingerprint(thing)
    except Exception as error:
        raise RefusalError(f"an attribute can't be compared with another net's: {_first_line(error)}") from None


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _measure(member: Member) -> tuple[int, int]:
    """Return the bytes that one more net in a stack takes at most, and the operations of one of its steps.

    Counted are all results of one step and of one evaluation of a lone net, as if none were freed, and what an
    optimizer keeps.
    """
    net = member.net
    module, criterion = copy.deepcopy((net.module_, net.criterion_))
    trial = shallow_copy(net, module_=module, criterion_=criterion)
    batch = member.train.take(slice(0, min(member.width, member.train.n)))
    many = member.train.take(np.resize(np.arange(member.train.n), min(EVALUATED_ROWS, member.train.n)))
    state = torch.get_rng_state()
    try:
        with _Bytes() as counted, FlopCounterMode(display=False) as flops:
            trial._set_training(True)
            trial.get_loss(trial.infer(batch.X), batch.y, X=batch.X, training=True).backward()
            n_flops = flops.get_total_flops()
            with torch.no_grad():
                trial._set_training(False)
                trial.infer(many.X)
    finally:
        torch.set_rng_state(state)
    weights = sum(tensor.numel() * tensor.element_size() for tensor in named_tensors(net).values())
    return counted.total + 6 * weights, n_flops


class _Bytes(TorchDispatchMode):
    """Adds up the bytes of all results."""

    total = 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = function(*args, **(kwargs or {}))
        self.total += sum(t.numel() * t.element_size() for t in tree_leaves(result) if isinstance(t, Tensor))
        return result
