"""What kind of net a candidate is, and what nets have in common that may share a stack."""

from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from lockstep._compat import tree_leaves
from lockstep.grouping.checks import check_parts
from lockstep.grouping.measured import Measured, measure
from lockstep.members.fingerprint import fingerprint
from lockstep.members.member import OF_ROWS, Member
from lockstep.members.own_code import own_classes
from lockstep.members.parts import optimizer_of, trained_params
from lockstep.members.refusals import RefusalError, refusal_of
from lockstep.members.state import (
    attributes,
    class_of,
    hashed,
    names_of_parts,
    outside,
    own_numbers,
    own_params,
)
from lockstep.optimizers.settings import step_key, tried_as
from lockstep.stacks.layers import rates_of

# By structure and numbers, rows of a batch, and shapes.
_MEASURED: dict[tuple[str, int, str], Measured] = {}


@dataclass(frozen=True)
class Kind:
    """What a candidate's nets have in common on all splits, as hashes."""

    # The module's and criterion's parts, without the tensors and dropout rates.
    structure: str
    optimizer: str  # shared by nets that one object can step
    parts: str  # the net, its module and criterion, without the sizes of torch's own layers and numbers in tensors
    family: str  # shared by nets whose trial proves the same: how they are trained, without torch's sizes and floats
    outside: str  # the code of the steps, with what this reads from outside of the net
    measured: Measured


def kind_of(member: Member) -> Kind:
    """Find out what kind of net a member is; raises `RefusalError` if it can't be stacked."""
    net = member.net
    train = member.train
    check_parts(net)
    optimizer, settings = optimizer_of(net)
    try:
        stepped = step_key(optimizer, settings)
    except Exception as error:
        raise RefusalError(
            f"{optimizer.__name__} can't step stacked nets: {refusal_of(error).reason}"
        ) from None
    whole = nn.ModuleList([net.module_, net.criterion_])
    read = outside(net)

    def described(**without: bool) -> list[Any]:
        return [
            (path, _description(layer, **without))
            for path, layer in whole.named_modules()
        ]

    def of_any_size(numbers: bool) -> list[Any]:
        """Return a description of the net and its parts, with or without the floats of torch's own layers."""
        layers = described(sizes=False, numbers=numbers)
        return [layers, type(net), own_params(net), own_numbers(net), net.device, read]

    clips = [
        getattr(callback, "gradient_clip_norm_type", None)
        for _, callback in net.callbacks_
    ]
    plain = [
        type(net),
        net.device,
        sorted(set(map(str, clips))),
        sorted(trained_params(net)),
        read,
    ]
    parts = names_of_parts(whole)
    structure = hashed([described(), plain], parts)
    about = (
        structure + own_numbers(net),
        min(train.width, train.n),
        str([tensor.shape for tensor in train.tensors]),
    )
    if about not in _MEASURED:
        _MEASURED[about] = measure(member, min(train.width, train.n))
    types = [_types_of(train.X), _types_of(train.y)]
    of_any_step = [[rate == 0 for rate in rates_of(net)], str(types)]
    callbacks = [
        (type(each), own_params(each))
        for _, each in net.callbacks_
        if each not in member.recorders
    ]
    of_rows = [
        (key, value)
        for key, value in vars(net).items()
        if key.startswith(OF_ROWS) and "batch_size" not in key
    ]
    family = [
        of_any_size(numbers=False),
        of_any_step,
        net.use_caching,
        callbacks,
        tried_as(optimizer, settings),
        sorted(of_rows),
        member.order.is_fixed,
        member.order.loader.drop_last,
        member.valid is None,
    ]
    return Kind(
        structure,
        fingerprint(stepped),
        hashed([of_any_size(numbers=True), of_any_step], parts),
        hashed(family, parts),
        read,
        _MEASURED[about],
    )


def _types_of(part: Any) -> tuple[str, list[Any]]:
    """Return the types of rows or targets, and how many dimensions they have."""
    tensors = tree_leaves(part)
    return type(part).__name__, [(each.dtype, each.dim()) for each in tensors]


def group_key(member: Member, kind: Kind, filled: bool) -> tuple[Any, ...]:
    """Return what nets have in common that can share a stack."""
    train = member.train
    valid = member.valid
    lengths = member.order.lengths
    if filled:
        held_out = valid and (-(-valid.n // valid.batch), valid.width)
        rows: Any = train.width, len(lengths), held_out
    else:
        rows = tuple(lengths), valid and (valid.n, valid.batch)
    features = str([(t.shape[1:], t.dtype) for t in train.tensors])
    shapes = tuple(
        (name, tuple(t.shape), t.dtype, t.requires_grad)
        for name, t in member.tensors.items()
    )
    return (
        kind.structure,
        kind.optimizer,
        member.has_listeners,
        member.rows_to_answer is None,
        rows,
        features,
        shapes,
        own_numbers(member.net),
    )


def _description(
    layer: nn.Module, sizes: bool = True, numbers: bool = True
) -> list[Any]:
    """Return a description of a layer, without the numbers in its tensors.

    If `sizes` is false, without shapes; without `numbers`, too, but with those in tensors that may be settings: each of
    these is tried.
    """
    kind = class_of(layer)
    params = layer.named_parameters(recurse=False)
    buffers = layer.named_buffers(recurse=False)
    tensors = list[Any]()
    for name, tensor in (*params, *buffers):
        shape: Any = tuple(tensor.shape)
        if not sizes:
            shape = tensor.dim(), numbers or _setting(layer, tensor)
        tensors.append((name, str(tensor.dtype), tensor.requires_grad, shape))
    # The code of `forward`, because the user's own class may be changed in a notebook.
    return [kind, kind.forward, tensors, attributes(layer, sizes, numbers)]


def _setting(layer: nn.Module, tensor: Tensor) -> Any:
    """Return the number in a tensor that the user's own layer may keep as a setting, or whether it has any but 0."""
    if tensor.requires_grad or not own_classes(type(layer)):
        return None
    if tensor.numel() == 1:
        return tensor.tolist()
    return bool(tensor.any())
