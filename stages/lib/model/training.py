"""Turns the settings by which a net is trained into skorch's arguments: hold-out, callbacks, weights of classes.

And says which of them to change if nets diverge.
"""

from collections.abc import Sequence
from typing import Any

from sklearn.base import ClassifierMixin

from stages.lib.common import format_value
from stages.lib.config import PREFIX, Prepare
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


def against_divergence(settings: dict[str, Any], prepare: Prepare, candidates: Sequence[dict[str, Any]] = ()) -> str:
    """Return what may keep nets with these settings from diverging, as a sentence.

    Parameters
    ----------
    settings : dict
        As `resolve_experiment` or `resolve_settings` returns them.
    prepare : Prepare
    candidates : sequence of dict
        Of a search, if there is one. What they vary has been tried.
    """
    varied = set(candidates[0]) if candidates else set()
    chosen = prepare.under(settings)
    rate = "optimizer__lr" if {"optimizer__lr"} & ({*settings} | varied) else "lr"
    ways = [f"lower the values of {rate}" if rate in varied else f"lower {rate} ({format_value(settings[rate])} now)"]
    if chosen.scale is None and f"{PREFIX}scale" not in varied:
        ways.append("scale the inputs with prepare.scale: standard")
    if (
        not issubclass(settings["wrapper"], ClassifierMixin)
        and chosen.target is None
        and f"{PREFIX}target" not in varied
    ):
        ways.append("scale the target with prepare.target: standard")
    if not any(name == "GradientNormClipping" for name, _ in settings.get("callbacks") or []):
        ways.append("clip gradients with the callback GradientNormClipping: {gradient_clip_value: 1.0}")
    *most, last = ways
    told = f"{', '.join(most)} or {last}" if most else last
    return f"{told[0].upper()}{told[1:]}."
