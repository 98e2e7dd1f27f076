"""Turns the settings by which a net is trained into skorch's arguments: hold-out, callbacks, weights of classes."""

from typing import Any

from stages.lib.model.callbacks import QuietCallbacks
from stages.lib.model.class_weights import ClassWeights, check_class_weight
from stages.lib.model.hold_out import hold_out


class TrainedAsSet(QuietCallbacks, ClassWeights):
    """Mixin for a skorch net that takes what `training_arguments` returns."""


def training_arguments(settings: dict[str, Any], n_classes: int, classify: bool) -> dict[str, Any]:
    """Return the arguments of a net, with those that concern its training in skorch's own terms.

    Parameters
    ----------
    settings : dict
        As `resolve_settings` returns them, without the wrapper.
    n_classes : int
        0 for a regression.
    classify : bool

    Raises
    ------
    UserError
        If the weights of the classes do not fit the criterion or the classes.
    """
    check_class_weight(settings, n_classes)
    return settings | {
        "verbose": settings.get("verbose", 0),
        # Without callbacks, nets of a search that differ in `max_epochs` alone are one training.
        "callbacks": settings.get("callbacks") or "disable",
        "n_classes": n_classes,
        "train_split": hold_out(settings["train_split"], None, classify),
    }
