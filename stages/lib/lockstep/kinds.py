"""What kind of net a candidate is, and what nets have in common that may share a stack."""

from dataclasses import dataclass
from types import FunctionType, NoneType
from typing import Any

from skorch import NeuralNet, callbacks
from torch import Tensor, nn
from torch.nn.utils.parametrize import type_before_parametrizations
from torch.utils._pytree import tree_leaves

from stages.lib.lockstep.members.fingerprint import fingerprint
from stages.lib.lockstep.members.member import (
    OF_ROWS,
    Member,
    has_own,
    hooks_of,
    mentioned_in,
    named_tensors,
    own_classes,
    trained_params,
)
from stages.lib.lockstep.members.optimizer import ATTRIBUTES, optimizer_of
from stages.lib.lockstep.members.refusals import RefusalError, told
from stages.lib.lockstep.members.state import OF_A_STEP, attributes, hashed, own_numbers, own_params
from stages.lib.lockstep.optimizers.settings import tried_as
from stages.lib.lockstep.optimizers.stacked import group_key as step_key
from stages.lib.lockstep.stacks.activations import switchable
from stages.lib.lockstep.stacks.layers import dropouts
from stages.lib.lockstep.stacks.measured import Measured, measure

# What lockstep does in skorch's stead, and so must be skorch's.
_TRAINING = """partial_fit fit_loop run_single_epoch train_step train_step_single validation_step
    get_train_step_accumulator on_grad_computed _step_optimizer _zero_grad_optimizer""".split()

_EMBEDDINGS = (nn.Embedding, nn.EmbeddingBag)

# What a net has that changes as it is trained.
_CHANGING = {"history", "history_", "optimizer_", "callbacks_", "get_params"}

# What an optimizer of one's own may keep as attributes.
_PLAIN = (bool, int, float, str, FunctionType, NoneType)

# Callbacks that change weights, which of them are trained, or files.
_INTRUDERS = (callbacks.Checkpoint, callbacks.LoadInitState, callbacks.ParamMapper, callbacks.TrainEndCheckpoint)

# Floating-point operations of a step from which a few nets may cost more together: a stack has 16 places to fill.
LONG_STEP = 1_500_000

# Operations of a step from which its traces take seconds, as those of a loop over time do.
MANY_OPERATIONS = 1_000

# By what it follows from.
_MEASURED: dict[tuple[str, int, str], Measured] = {}


@dataclass(frozen=True)
class Kind:
    """What a candidate's nets have in common on all splits, as hashes."""

    structure: str  # the module's and criterion's parts, without the tensors, dropout rates and activations
    activations: str
    optimizer: str  # shared by nets that one object can step
    parts: str  # the net, its module and criterion, without the sizes of torch's own layers
    family: str  # shared by nets whose trial proves the same: how they are trained, without torch's sizes and floats
    bytes_each: int  # what one more net in a stack takes
    unused: frozenset[str]  # the parameters that take no part in the loss


def check_class(net: NeuralNet) -> None:
    """Raise `RefusalError` where the class of a net trains otherwise, or looks at what a stack does not keep up."""
    name = type(net).__name__
    for method in _TRAINING:
        if has_own(net, method):
            raise RefusalError(f"{name} has its own {method}")
    if "initialize" in mentioned_in(net, "fit"):
        raise RefusalError(f"the fit of {name} initialises the net itself")
    for method in OF_A_STEP:
        if looked_at := mentioned_in(net, method) & _CHANGING:
            raise RefusalError(f"the {method} of {name} looks at the {min(looked_at).rstrip('_')}")


def kind_of(member: Member) -> Kind:
    """Find out what kind of net a member is; raises `RefusalError` where it is known to be better off alone."""
    net, train = member.net, member.train
    _check_plain(net)
    optimizer, settings = optimizer_of(net)
    try:
        stepped = step_key(optimizer, settings)
    except Exception as error:
        raise RefusalError(f"{optimizer.__name__} can't step stacked nets: {told(error)}") from None
    whole = nn.ModuleList([net.module_, net.criterion_])
    exchanged = {} if _asks_for_classes(net) else switchable(net.module_)
    switched = set(exchanged.values())

    def described(**without: bool) -> list[Any]:
        """Return what the layers are; of activations, only where they stand counts."""
        layers = whole.named_modules()
        return [path if layer in switched else (path, _description(layer, **without)) for path, layer in layers]

    def of_any_size(numbers: bool) -> list[Any]:
        """Return what the net and its parts are, with or without torch's own layers' floats."""
        layers = described(sizes=False, numbers=numbers)
        return [layers, type(net), own_params(net), own_numbers(net), net.device]

    clips = [getattr(callback, "gradient_clip_norm_type", None) for _, callback in net.callbacks_]
    structure = hashed([described(), type(net), net.device, sorted(set(map(str, clips))), sorted(trained_params(net))])
    what = structure + own_numbers(net), train.width, str([tensor.shape for tensor in tree_leaves((train.X, train.y))])
    if what not in _MEASURED:
        _MEASURED[what] = measure(member)
    measured = _MEASURED[what]
    if measured.n_flops > LONG_STEP:
        raise RefusalError("its steps are long enough to keep a core busy alone")
    if measured.n_operations > MANY_OPERATIONS:
        raise RefusalError(f"a step takes {measured.n_operations} operations: to trace it may cost more than it spares")
    family = [
        of_any_size(numbers=False),
        net.use_caching,
        [(type(each), own_params(each)) for _, each in net.callbacks_],
        tried_as(optimizer, settings),
        sorted((k, v) for k, v in vars(net).items() if k.startswith(OF_ROWS) and "batch_size" not in k),
        [layer.p == 0 for layer in dropouts(net)],
        member.order.is_fixed,
        member.order.loader.drop_last,
        member.valid is None,
        str([(type(part).__name__, [(t.dtype, t.dim()) for t in tree_leaves(part)]) for part in (train.X, train.y)]),
    ]
    return Kind(
        structure,
        hashed([(path, _description(part)) for path, part in exchanged.items()]),
        fingerprint(stepped),
        hashed(of_any_size(numbers=True)),
        hashed(family),
        measured.n_bytes,
        measured.unused,
    )


def _check_plain(net: NeuralNet) -> None:
    """Raise `RefusalError` where the parts of a net are not those of a plain one."""
    if (net._modules, net._criteria, net._optimizers) != (["module"], ["criterion"], ["optimizer"]):
        raise RefusalError("the net has several modules, criteria or optimizers")
    if net.compile:
        raise RefusalError("compile is set")
    if len(net.optimizer_.param_groups) != 1:
        raise RefusalError("the optimizer has several groups of parameters")
    if not trained_params(net):
        raise RefusalError("the module has no parameters to train")
    if any(isinstance(layer, _EMBEDDINGS) and layer.max_norm is not None for layer in net.module_.modules()):
        raise RefusalError("an embedding renormalises weights in evaluation as well, for the rows that it sees")
    _check_memory(net)
    _check_optimizer(net)
    for _, callback in net.callbacks_:
        name = type(callback).__name__
        if isinstance(callback, _INTRUDERS):
            raise RefusalError(f"the callback {name} changes the net, or writes files")
        if has_own(callback, "on_grad_computed"):
            raise RefusalError(f"the callback {name} is shown gradients, which it may change")


def _asks_for_classes(net: NeuralNet) -> bool:
    """Whether code of a step asks what a layer is; it can't ask one that stands for several."""
    layers = {type(layer): layer for layer in net.module_.modules()}.values()
    names = mentioned_in(net, *OF_A_STEP).union(*(mentioned_in(layer, "forward") for layer in layers))
    return not names.isdisjoint(("isinstance", "issubclass", "type", "__class__", "getattr", "hasattr"))


def _check_memory(net: NeuralNet) -> None:
    """Raise `RefusalError` where a stack's own memory would change what parameters and buffers are."""
    tensors, trained = named_tensors(net).values(), trained_params(net).values()
    if len({t.dtype for t in trained}) > 1 or any(t.is_complex() for t in trained):
        raise RefusalError("parameters have several types, or complex ones")
    if any(map(any, map(hooks_of, tensors))):
        raise RefusalError("a parameter has a hook")
    places = [t.untyped_storage().data_ptr() for t in tensors if t.numel()]
    if len(set(places)) < len(places) or any(t.nbytes > t.untyped_storage().nbytes() for t in tensors):
        raise RefusalError("parameters or buffers share memory")


def _check_optimizer(net: NeuralNet) -> None:
    """Raise `RefusalError` where an optimizer, or what clips for it, does more than a stack's."""
    optimizer = net.optimizer_
    if optimizer._optimizer_step_pre_hooks or optimizer._optimizer_step_post_hooks:
        raise RefusalError("the optimizer has a hook")
    attributes = optimizer_of(net)[1].get(ATTRIBUTES, {})
    if kept := [name for name, value in attributes.items() if not all(type(v) in _PLAIN for v in tree_leaves(value))]:
        raise RefusalError(
            f"{type(optimizer).__name__} keeps more than settings outside of its state: {', '.join(kept)}"
        )
    clips = [each for _, each in net.callbacks_ if isinstance(each, callbacks.GradientNormClipping)]
    learnt = {id(param) for _, param in net.get_all_learnable_params() if param.requires_grad}
    if len(clips) > 1 or (clips and learnt != set(map(id, trained_params(net).values()))):
        raise RefusalError("gradients are clipped twice, or together with some that are not trained")


def group_key(member: Member, kind: Kind, filled: bool) -> tuple[Any, ...]:
    """Return what nets have in common that can share a stack."""
    train, valid, lengths = member.train, member.valid, member.order.lengths
    if filled:
        rows: Any = train.width, len(lengths), valid and (-(-valid.n // valid.batch), valid.width)
    else:
        rows = tuple(lengths), valid and (valid.n, valid.batch)
    features = str([(t.shape[1:], t.dtype) for t in tree_leaves((train.X, train.y))])
    shapes = tuple((name, tuple(t.shape), t.dtype, t.requires_grad) for name, t in named_tensors(member.net).items())
    return kind.structure, member.live, rows, features, shapes, own_numbers(member.net)


def _description(layer: nn.Module, sizes: bool = True, numbers: bool = True) -> list[Any]:
    """Return what a layer is, but for the numbers in its tensors.

    Where `sizes` is false, without their shapes, but with numbers that may be settings: each is tried.
    """
    kind: Any = type_before_parametrizations(layer)  # a parametrised layer has a class of its own
    tensors = [
        (name, str(t.dtype), t.requires_grad, tuple(t.shape) if sizes else (t.dim(), _setting(layer, t)))
        for name, t in (*layer.named_parameters(recurse=False), *layer.named_buffers(recurse=False))
    ]
    # The code of `forward`, as the user's own class may be changed in a notebook.
    return [kind, kind.forward, tensors, attributes(layer, sizes, numbers)]


def _setting(layer: nn.Module, tensor: Tensor) -> Any:
    """Return the number in a tensor that a layer of one's own may keep as a setting."""
    return tensor.tolist() if own_classes(type(layer)) and tensor.numel() == 1 and not tensor.requires_grad else None
