"""What kind of net a candidate is, and what nets have in common that may share a stack."""

from dataclasses import dataclass
from typing import Any

from skorch import NeuralNet, callbacks
from torch import nn
from torch.nn.utils.parametrize import type_before_parametrizations
from torch.utils._pytree import tree_leaves

from stages.lib.lockstep.members.fingerprint import fingerprint
from stages.lib.lockstep.members.member import Member, has_own, mentioned, named_tensors, optimizer_of, trained_params
from stages.lib.lockstep.members.refusals import RefusalError, told
from stages.lib.lockstep.members.state import OF_A_STEP, attributes, hashed, own_numbers
from stages.lib.lockstep.stacks import optimizers
from stages.lib.lockstep.stacks.layers import switchable
from stages.lib.lockstep.stacks.nets import measure

# What lockstep does in skorch's stead, and so must be skorch's.
_TRAINING = """partial_fit fit_loop run_single_epoch train_step train_step_single validation_step
    get_train_step_accumulator on_grad_computed""".split()

# The settings by which a net is given its rows.
OF_ROWS = ("dataset", "iterator_train", "iterator_valid")

# Callbacks that change weights, which of them are trained, or files.
_INTRUDERS = (callbacks.Checkpoint, callbacks.LoadInitState, callbacks.ParamMapper, callbacks.TrainEndCheckpoint)

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
    structure = hashed([described(sizes=True), type(net), net.device, sorted(set(map(str, clips)))])
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
        own_numbers(net),
        member.order.is_fixed,
        member.order.loader.drop_last,
        member.valid is None,
        net.device,
        str([(type(part).__name__, [(t.dtype, t.dim()) for t in tree_leaves(part)]) for part in (train.X, train.y)]),
    ]
    return Kind(
        structure,
        hashed([(path, _description(part)) for path, part in exchanged.items()]),
        fingerprint(stepped),
        hashed(family),
        bytes_each,
    )


def _check_plain(net: NeuralNet) -> None:
    """Raise `RefusalError` where skorch is not what trains a net, or its parts are not those of a plain one."""
    name = type(net).__name__
    for method in _TRAINING:
        if has_own(net, method):
            raise RefusalError(f"{name} has its own {method}")
    for method in OF_A_STEP:
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
    return kind.structure, member.live, rows, features, shapes, own_numbers(member.net)


def _description(layer: nn.Module, sizes: bool = True) -> list[Any]:
    """Return what a layer is, but for the numbers in its tensors; where `sizes` is false, without their shapes."""
    kind: Any = type_before_parametrizations(layer)  # a parametrised layer has a class of its own
    tensors = [
        (name, tuple(t.shape) if sizes else t.dim(), str(t.dtype), t.requires_grad)
        for name, t in (*layer.named_parameters(recurse=False), *layer.named_buffers(recurse=False))
    ]
    # The code of `forward`, as the user's own class may be changed in a notebook.
    return [kind, kind.forward, tensors, attributes(layer, sizes)]
