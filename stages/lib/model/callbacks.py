"""What callbacks need of a net: skorch's default ones, and rows that are held out."""

from collections.abc import Mapping
from typing import Any

from skorch.callbacks import Callback

_PREFIX = "callbacks__"

# Those of skorch's defaults that cost little and that others may watch. The rest measures times, scores and prints.
_RECORDING = ("train_loss", "valid_loss")


class QuietCallbacks:
    """Mixin for a skorch net: of the default callbacks, it has those that record losses and those it is asked for."""

    def get_default_callbacks(self) -> list[tuple[str, Callback]]:
        """Return the default callbacks that this net needs."""
        varied = {key.split("__")[1] for key in vars(self) if key.startswith(_PREFIX)}
        watched = {str(monitor).removesuffix("_best") for monitor in _monitors(vars(self)).values()}
        wanted = {*_RECORDING, *varied, *watched}
        return [each for each in super().get_default_callbacks() if each[0] in wanted]  # type: ignore[misc]


def hold_out_watchers(settings: dict[str, Any], grid: dict[str, list[Any]] | None = None) -> list[str]:
    """Return the names of the callbacks that watch the rows held out of a fit, such as EarlyStopping.

    Names are resolved in the settings, and in the lists of the grid.
    """
    watched = {name: [monitor] for name, monitor in _monitors(settings).items()} | _monitors(grid or {})
    return [name for name, monitors in watched.items() if any(str(each).startswith("valid_") for each in monitors)]


def _monitors(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what each callback watches, or what `callbacks__NAME__monitor` says instead, by its name."""
    own = {name: getattr(callback, "monitor", None) for name, callback in settings.get("callbacks") or []}
    keys = (key for key in settings if key.startswith(_PREFIX) and key.endswith("__monitor"))
    return own | {key.split("__")[1]: settings[key] for key in keys}
