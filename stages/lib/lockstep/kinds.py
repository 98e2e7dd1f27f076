"""What kind of net a candidate is, and what nets have in common that may share a stack."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from skorch import NeuralNet, NeuralNetClassifier, callbacks
from torch import nn
from torch.nn.utils.parametrize import type_before_parametrizations
from torch.utils._pytree import tree_leaves

from stages.lib.lockstep._compat import fingerprint
from stages.lib.lockstep.members import Member, has_own, mentioned, named_tensors, optimizer_of, trained_params
from stages.lib.lockstep.stacks import optimizers
from stages.lib.lockstep.stacks.layers import switchable
from stages.lib.lockstep.stacks.nets import measure
from stages.lib.lockstep.surroundings import RefusalError, told

# What lockstep does in skorch's stead, and so must be skorch's.
_TRAINING = """partial_fit fit_loop run_single_epoch train_step train_step_single validation_step
    get_train_step_accumulator on_grad_computed""".split()

# The settings by which a net is given its rows.
OF_ROWS = ("dataset", "iterator_train", "iterator_valid")

# What a step calls of a net's class.
_OF_A_STEP = ("get_loss", "infer")

# Callbacks that change weights, which of them are trained, or files.
_INTRUDERS = (callbacks.Checkpoint, callbacks.LoadInitState, callbacks.ParamMapper, callbacks.TrainEndCheckpoint)

# The attributes of every nn.Module, which hold its tensors, children and hooks.
_OF_ANY_MODULE = set(vars(nn.Module()))
_HOOKS = sorted(name for name in _OF_ANY_MODULE if name.endswith("_hooks"))

# The attributes of torch's layers that are sizes: a trial of one size serves all.
_SIZES = set(
    """in_features out_features in_channels out_channels num_features num_channels num_embeddings embedding_dim
    normalized_shape""".split()
)

# Floating-point operations of a step from which a few nets may cost more together: a stack has 16 places to fill.
LONG_STEP = 1_500_000

# Bytes and operations, by what they follow from.
_MEASURED: dict[tuple[str, int, int], tuple[int, int]] = {}


@dataclass(frozen=True)
class Kind:
    """What a candidate's nets have in common on all splits, as hashes."""

    structure: str  # the module's and criterion's parts, without the tensors, dropout rates and activations
    activations: str
    optimizer: str  # shared by nets that one object can step
    family: str  # shared by nets whose trial proves the same: without the sizes of torch's own layers
    bytes_each: int  # what one more net in a stack takes


def kind_of(member: Member) -> Kind:
    """Find out what kind of net a member is; raises `RefusalError` where it is known to be better off alone."""
    net, train = member.net, member.train
    _check_plain(net)
    optimizer, settings = optimizer_of(net)
    try:
        stepped = optimizers.group_key(optimizer, settings)
    except Exception as error:
        raise RefusalError(f"{optimizer.__name__} can't step stacked nets: {told(error)}") from None
    whole, exchanged = nn.ModuleList([net.module_, net.criterion_]), switchable(net.module_)
    switched = set(exchanged.values())

    def described(sizes: bool) -> list[Any]:
        """Return what the layers are; of activations, only where they stand counts."""
        layers = whole.named_modules()
        return [path if layer in switched else (path, _description(layer, sizes)) for path, layer in layers]

    clips = [getattr(callback, "gradient_clip_norm_type", None) for _, callback in net.callbacks_]
    structure = _hash([described(sizes=True), type(net), net.device, sorted(set(map(str, clips)))])
    what = structure, train.width, train.n
    if what not in _MEASURED:
        _MEASURED[what] = measure(member)
    bytes_each, flops = _MEASURED[what]
    if flops > LONG_STEP:
        raise RefusalError("its steps are long enough to keep a core busy alone")
    family = [
        described(sizes=False),
        type(net),
        [type(callback) for _, callback in net.callbacks_],
        optimizer,
        optimizers.fixed_part(settings),
        sorted((k, v) for k, v in vars(net).items() if k.startswith(OF_ROWS) and "batch_size" not in k),
        _own_numbers(net),
        member.order.is_fixed,
        member.order.loader.drop_last,
        member.valid is None,
        net.device,
        str([(type(part).__name__, [(t.dtype, t.dim()) for t in tree_leaves(part)]) for part in (train.X, train.y)]),
    ]
    return Kind(
        structure,
        _hash([(path, _description(part)) for path, part in exchanged.items()]),
        fingerprint(stepped),
        _hash(family),
        bytes_each,
    )


def _check_plain(net: NeuralNet) -> None:
    """Raise `RefusalError` where skorch is not what trains a net, or its parts are not those of a plain one."""
    name = type(net).__name__
    for method in _TRAINING:
        if has_own(net, method):
            raise RefusalError(f"{name} has its own {method}")
    for method in _OF_A_STEP:
        if has_own(net, method) and "history" in mentioned(getattr(type(net), method)):
            raise RefusalError(f"the {method} of {name} looks at the history")
    if (net._modules, net._criteria, net._optimizers) != (["module"], ["criterion"], ["optimizer"]):
        raise RefusalError("the net has several modules, criteria or optimizers")
    if net.compile:
        raise RefusalError("compile is set")
    if len(net.optimizer_.param_groups) != 1:
        raise RefusalError("optimizer__param_groups are set")
    if not trained_params(net):
        raise RefusalError("the module has no parameters to train")
    for _, callback in net.callbacks_:
        name = type(callback).__name__
        if isinstance(callback, _INTRUDERS) or has_own(callback, "on_grad_computed"):
            raise RefusalError(f"the callback {name} changes the net or its gradients, or writes files")


def group_key(member: Member, kind: Kind, filled: bool) -> tuple[Any, ...]:
    """Return what nets have in common that can share a stack."""
    train, valid, lengths = member.train, member.valid, member.order.lengths
    if filled:
        rows: Any = train.width, len(lengths), valid and (-(-valid.n // valid.batch), valid.width)
    else:
        rows = tuple(lengths), valid and (valid.n, valid.batch)
    features = str([(t.shape[1:], t.dtype) for t in tree_leaves((train.X, train.y))])
    shapes = tuple((name, tuple(t.shape), t.dtype, t.requires_grad) for name, t in named_tensors(member.net).items())
    return kind.structure, member.live, rows, features, shapes, _own_numbers(member.net)


@cache
def _of_any_net() -> set[str]:
    """Return the attributes of every net of skorch; on import it would cost a second, as the first optimizer does."""
    with torch.random.fork_rng(devices=[]):
        return set(vars(NeuralNetClassifier(nn.PReLU).initialize()))


def _own_numbers(net: NeuralNet) -> str:
    """Return a hash of what a net's own steps may look at: all that a plain net of skorch does not have."""
    steps = [getattr(type(net), name) for name in _OF_A_STEP if has_own(net, name)]
    if not steps:
        return ""
    seen = {name for name in set().union(*map(mentioned, steps)) if not name.endswith("_")}
    own = {k: v for k, v in vars(net).items() if (k in seen or k not in _of_any_net()) and "__" not in k}
    return _hash(sorted(own.items()))


def python_state(module: nn.Module) -> str:
    """Return a hash of all parts' attributes that are no parameters, buffers or parts."""
    return _hash([_attributes(layer) for layer in module.modules()])


def net_state(net: NeuralNet) -> tuple[str, ...]:
    """Return hashes of all that a step may look at and that is no tensor."""
    return python_state(net.module_), python_state(net.criterion_), _own_numbers(net)


def plain_attributes(net: NeuralNet) -> str:
    """Return the numbers and words among the attributes of a net's layers, which its `fit` may set by its rows."""
    layers = [layer for part in (net.module_, net.criterion_) for layer in part.modules()]
    kinds = bool | int | float | str | tuple
    return str([(k, v) for layer in layers for k, v in vars(layer).items() if isinstance(v, kinds) and k != "training"])


def _attributes(layer: nn.Module, sizes: bool = True) -> list[Any]:
    """Return a layer's own attributes; of torch's layers, those that are no sizes where `sizes` is false."""
    own = {name: value for name, value in vars(layer).items() if name not in _OF_ANY_MODULE}
    if isinstance(layer, nn.modules.dropout._DropoutNd):
        own.pop("p")
    if not sizes and type_before_parametrizations(layer).__module__.startswith("torch.nn.modules."):
        own = {name: value for name, value in own.items() if name not in _SIZES}
    hooks = [(name, list(vars(layer)[name].values())) for name in _HOOKS if vars(layer)[name]]
    return [sorted(own.items()), hooks]


def _description(layer: nn.Module, sizes: bool = True) -> list[Any]:
    """Return what a layer is, but for the numbers in its tensors; where `sizes` is false, without their shapes."""
    kind: Any = type_before_parametrizations(layer)  # a parametrised layer has a class of its own
    tensors = [
        (name, tuple(t.shape) if sizes else t.dim(), str(t.dtype), t.requires_grad)
        for name, t in (*layer.named_parameters(recurse=False), *layer.named_buffers(recurse=False))
    ]
    # The code of `forward`, as the user's own class may be changed in a notebook.
    return [kind, kind.forward, tensors, _attributes(layer, sizes)]


def _hash(thing: Any) -> str:
    try:
        return fingerprint(thing)
    except Exception as error:
        raise RefusalError(f"an attribute can't be compared with another net's: {told(error)}") from None
