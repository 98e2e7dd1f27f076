"""What kind of net a candidate is, and what nets have in common that may share a stack."""

import copy
import inspect
from dataclasses import dataclass
from typing import Any

from skorch import NeuralNet, callbacks
from torch import nn
from torch.utils._pytree import tree_leaves

from stages.lib.lockstep._compat import fingerprint
from stages.lib.lockstep.members import (
    Member,
    has_own,
    mentioned,
    named_tensors,
    optimizer_of,
    overrides,
    owner,
    trained_names,
)
from stages.lib.lockstep.stacks.activations import switchable
from stages.lib.lockstep.stacks.nets import measure
from stages.lib.lockstep.stacks.optimizers import fixed_part, varying_numbers
from stages.lib.lockstep.stacks.optimizers import group_key as optimizer_key
from stages.lib.lockstep.surroundings import RefusalError

# What lockstep does in skorch's stead, and so must be skorch's.
_TRAINING = """partial_fit fit_loop run_single_epoch train_step train_step_single validation_step
    get_train_step_accumulator""".split()

# Callbacks that change weights, which of them are trained, or files.
_INTRUDERS = (callbacks.Checkpoint, callbacks.LoadInitState, callbacks.ParamMapper, callbacks.TrainEndCheckpoint)

# What skorch's own methods make of a net's settings.
_KEPT_BY_SKORCH = """module_ criterion_ optimizer_ callbacks_ history_ initialized_ virtual_params_ init_context_
    _modules _criteria _optimizers cuda_dependent_attributes_ prefixes_ _params_to_validate _kwargs classes
    classes_inferred_ n_features_in_ feature_names_in_ diverged_""".split()

# The attributes of every nn.Module that hold its tensors, children and hooks.
_OF_ANY_MODULE = set(vars(nn.Module()))

# Floating-point operations of a step from which a few nets may cost more together: a stack has 16 places to fill.
LONG_STEP = 1_500_000

# Bytes and operations, by what they follow from.
_MEASURED: dict[str, tuple[int, int]] = {}


@dataclass(frozen=True)
class Kind:
    """What a candidate's nets have in common on all splits, as hashes."""

    structure: str  # the module's and criterion's parts, without the tensors, dropout rates and activations
    activations: str
    optimizer: str  # shared by nets that one object can step
    family: str  # shared by nets whose trial proves the same: without the sizes of torch's own layers
    bytes_each: int  # what one more net in a stack takes


# The attributes of torch's layers that are sizes: a trial of one size serves all.
_SIZES = set(
    """in_features out_features in_channels out_channels num_features num_channels num_embeddings embedding_dim
    normalized_shape""".split()
)

# What a step calls of a net's class.
_OF_A_STEP = ("get_loss", "infer")


def check_net(net: NeuralNet) -> None:
    """Raise `RefusalError` where skorch is not what trains a net, or its parts are not those of a plain one."""
    for name in _TRAINING:
        if has_own(net, name):
            raise RefusalError(f"{owner(net, name).__name__} has its own {name}")
    if (net._modules, net._criteria, net._optimizers) != (["module"], ["criterion"], ["optimizer"]):
        raise RefusalError("the net has several modules, criteria or optimizers")
    if net.compile:
        raise RefusalError("compile is set")
    if len(net.optimizer_.param_groups) != 1:
        raise RefusalError("optimizer__param_groups are set")
    if not any(True for _ in net.module_.parameters()):
        raise RefusalError("the module has no parameters")
    for _, callback in net.callbacks_:
        name = type(callback).__name__
        if isinstance(callback, _INTRUDERS):
            raise RefusalError(f"the callback {name} changes the net or writes files")
        changes = overrides(callback, callbacks.Callback, "on_grad_computed")
        if changes and type(callback) is not callbacks.GradientNormClipping:
            raise RefusalError(f"the callback {name} changes gradients")
    for name in _OF_A_STEP:
        if has_own(net, name) and "history" in mentioned(getattr(type(net), name)):
            raise RefusalError(f"the {name} of {type(net).__name__} looks at the history")
    if overrides(net, NeuralNet, "on_grad_computed"):
        raise RefusalError(f"{type(net).__name__} has its own on_grad_computed")


def kind_of(member: Member) -> Kind:
    """Find out what kind of net a member is; raises `RefusalError` where it is known to be better off alone."""
    net, train = member.net, member.train
    if not trained_names(net):
        raise RefusalError("the module has no parameters to train")
    exchanged = switchable(net.module_)

    def parts(sizes: bool) -> list[Any]:
        """Return what the layers are, but for the activations; only where they stand counts of these."""
        return [
            path
            if part is net.module_ and path in exchanged
            else (path, type(layer), _code(layer), _shapes(layer, sizes), _attributes(layer, sizes))
            for part in (net.module_, net.criterion_)
            for path, layer in part.named_modules()
        ]

    structure = parts(sizes=True)
    optimizer, settings = optimizer_of(net)
    try:
        varying_numbers(optimizer, settings)
    except Exception as error:
        raise RefusalError(f"{optimizer.__name__} can't step stacked nets: {_first_line(error)}") from None
    what = _hash([structure, type(net), net.device, train.width, train.n])
    if what not in _MEASURED:
        _MEASURED[what] = measure(member)
    bytes_each, flops = _MEASURED[what]
    if flops > LONG_STEP:
        raise RefusalError("its steps are long enough to keep a core busy alone")
    rows = [(type(part).__name__, [(t.dtype, t.dim()) for t in tree_leaves(part)]) for part in (train.X, train.y)]
    others = [
        type(net),
        [type(callback) for _, callback in net.callbacks_],
        optimizer,
        fixed_part(settings),
        member.order.fixed is None,
        member.order.loader.drop_last,
        member.valid is None,
        net.device,
        str(rows),
    ]
    return Kind(
        _hash([structure, type(net), net.device]),
        _hash([(path, type(part), _attributes(part, sizes=True)) for path, part in exchanged.items()]),
        fingerprint(optimizer_key(optimizer, settings)),
        _hash([parts(sizes=False), others]),
        bytes_each,
    )


def group_key(member: Member, kind: Kind, filled: bool) -> tuple[Any, ...]:
    """Return what nets have in common that can share a stack."""
    lengths = [len(batch) for batch in copy.copy(member.order).next_epoch()]
    train, valid = member.train, member.valid
    if filled:
        held = None if valid is None else (-(-valid.n // valid.batch), valid.width)
        rows: tuple[Any, ...] = (train.width, len(lengths), held)
    else:
        rows = (tuple(lengths), None if valid is None else (valid.n, valid.batch))
    clips = {getattr(callback, "gradient_clip_norm_type", None) for _, callback in member.net.callbacks_}
    shapes = tuple((name, tuple(t.shape), t.dtype, t.requires_grad) for name, t in named_tensors(member.net).items())
    return kind.structure, member.live, tuple(sorted(map(str, clips))), rows, shapes, _own_numbers(member.net)


def _own_numbers(net: NeuralNet) -> str:
    """Return a hash of what a net's own steps may look at: all that a plain net of skorch does not have."""
    steps = [getattr(type(net), name) for name in _OF_A_STEP if has_own(net, name)]
    if not steps:
        return ""
    plain = inspect.signature(NeuralNet).parameters.keys() - set().union(*map(mentioned, steps))
    own = {k: v for k, v in vars(net).items() if k not in {*plain, *_KEPT_BY_SKORCH} and "__" not in k}
    return _hash(sorted(own.items()))


def _code(layer: nn.Module) -> Any:
    """Return a module's forward where it is the user's, who may change it in a notebook."""
    return None if type(layer).__module__.startswith("torch.nn.") else type(layer).forward


def _shapes(layer: nn.Module, sizes: bool) -> list[Any]:
    tensors = [*layer.named_parameters(recurse=False), *layer.named_buffers(recurse=False)]
    return [(name, tuple(t.shape) if sizes else t.dim(), str(t.dtype), t.requires_grad) for name, t in tensors]


def _attributes(layer: nn.Module, sizes: bool) -> list[Any]:
    """Return a layer's own attributes; of torch's layers, those that are no sizes where `sizes` is false."""
    own = {name: value for name, value in vars(layer).items() if name not in _OF_ANY_MODULE}
    if isinstance(layer, nn.modules.dropout._DropoutNd):
        own.pop("p")
    if not sizes and type(layer).__module__.startswith("torch.nn.modules."):
        own = {name: value for name, value in own.items() if name not in _SIZES}
    hooks = [(name, list(vars(layer)[name].values())) for name in _OF_ANY_MODULE if name.endswith("_hooks")]
    return [sorted(own.items()), sorted((name, listed) for name, listed in hooks if listed)]


def python_state(module: nn.Module) -> str:
    """Return a hash of all parts' attributes that are no parameters, buffers or parts."""
    return _hash([_attributes(layer, sizes=True) for layer in module.modules()])


def _hash(thing: Any) -> str:
    try:
        return fingerprint(thing)
    except Exception as error:
        raise RefusalError(f"an attribute can't be compared with another net's: {_first_line(error)}") from None


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
