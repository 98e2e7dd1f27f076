"""Refuses nets that are known to train otherwise than a plain one of skorch, before they are tried."""

from types import FunctionType, NoneType

from skorch import NeuralNet, callbacks
from torch import nn
from torch.utils._pytree import tree_leaves

from lockstep.members.member import hooks_of, named_tensors, trained_params
from lockstep.members.optimizer import ATTRIBUTES, optimizer_of, step_hooks
from lockstep.members.own_code import has_own, mentioned_in
from lockstep.members.refusals import RefusalError
from lockstep.members.state import OF_A_STEP

# What lockstep does in skorch's stead, and so must be skorch's.
_TRAINING = """partial_fit fit_loop run_single_epoch train_step train_step_single validation_step
    get_train_step_accumulator on_grad_computed _set_training _step_optimizer _zero_grad_optimizer""".split()

_EMBEDDINGS = (nn.Embedding, nn.EmbeddingBag)

# What a net has that changes as it is trained.
_CHANGING = {"history", "history_", "optimizer_", "callbacks_", "get_params"}

# What an optimizer of one's own may keep as attributes.
_PLAIN = (bool, int, float, str, FunctionType, NoneType)

# Callbacks that change weights, which of them are trained, or files.
_INTRUDERS = (callbacks.Checkpoint, callbacks.LoadInitState, callbacks.ParamMapper, callbacks.TrainEndCheckpoint)


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


def check_plain(net: NeuralNet) -> None:
    """Raise `RefusalError` where the parts of a net are not those of a plain one."""
    if (net._modules, net._criteria, net._optimizers) != (["module"], ["criterion"], ["optimizer"]):
        raise RefusalError("the net has several modules, criteria or optimizers")
    if own := [method for method in (*_TRAINING, *OF_A_STEP) if method in vars(net)]:
        raise RefusalError(f"the net is given a {own[0]} of its own")
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
    if any(step_hooks(optimizer)):
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
