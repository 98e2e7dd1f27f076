"""Which of skorch's callbacks watch a net, and which change its training in ways of their own."""

from typing import Any

from skorch import NeuralNet, callbacks
from skorch.callbacks import Callback, GradientNormClipping

from stages.lib.lockstep.surroundings import RefusalError

# They change weights, which of them are trained, or files.
_INTRUDERS = (
    callbacks.Checkpoint,
    callbacks.LoadInitState,
    callbacks.ParamMapper,
    callbacks.TrainEndCheckpoint,
)


def check_callbacks(net: NeuralNet) -> None:
    """Raise `RefusalError` where a net's callbacks change the training in another way than lockstep knows."""
    for _, callback in net.callbacks_:
        name = type(callback).__name__
        if isinstance(callback, _INTRUDERS):
            raise RefusalError(f"the callback {name} changes the net or writes files")
        if overrides(callback, Callback, "on_grad_computed") and type(callback) is not GradientNormClipping:
            raise RefusalError(f"the callback {name} changes gradients")
    if overrides(net, NeuralNet, "on_grad_computed"):
        raise RefusalError(f"{type(net).__name__} has its own on_grad_computed")


def overrides(thing: Any, base: type, method: str) -> bool:
    """Whether an object's class has a method of its own instead of that of `base`."""
    return getattr(type(thing), method) is not getattr(base, method)


def is_watched(net: NeuralNet) -> bool:
    """Whether callbacks, or methods of the net's own class, are to be told what happens in each epoch."""
    events = ("on_epoch_begin", "on_epoch_end", "on_batch_begin", "on_batch_end", "on_train_end")
    own = [callback for _, callback in net.callbacks_ if type(callback) is not GradientNormClipping]
    return bool(own) or any(overrides(net, NeuralNet, event) for event in events)
