"""How columns are prepared for a net: `prepare` in params.yaml."""

from typing import Any, Literal

from stages.lib.config.table import Section

# What `grid` and `fixed` put before these keys.
PREFIX = "prepare__"


class Prepare(Section):
    """What is fitted on the training rows of each split, before the net sees them.

    `impute` says what replaces missing cells of numbers and booleans, and zeros of columns with `zero_is_missing`. With
    `most_frequent`, missing categories are replaced too; otherwise they are a category of their own. With `indicator`,
    each column that lacks cells gets another one that says where. `target` says how the target of a regression is
    scaled; predictions and scores are in its own unit.
    """

    impute: Literal["mean", "median", "most_frequent"] | None = None
    indicator: bool = False
    scale: Literal["standard", "minmax", "robust", "robust_clipped", "quantile"] | None = None
    encode: Literal["onehot", "ordinal"] = "onehot"
    target: Literal["standard", "quantile"] | None = None

    def under(self, settings: dict[str, Any]) -> "Prepare":
        """Return the preparation with what keys such as `prepare__scale` set."""
        own = {key.removeprefix(PREFIX): value for key, value in settings.items() if key.startswith(PREFIX)}
        return Prepare.model_validate(self.model_dump() | own)
