"""The settings of a net, and what prepares its rows: `model` and `prepare`, and what experiments set instead."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field

from gridstage.config.space import is_number
from gridstage.config.table import Section, rule

_A_CLASS_WEIGHT = (
    "it should be `balanced`, null, or a list with the weight of each class, 0 or more"
)
NO_SETTING = "it should be a number, true, false, null, a name, or a list of numbers"

# What `grid` and `fixed` put before the keys of `prepare`.
PREFIX = "prepare__"

# The largest numbers: of the 32-bit floats that nets compute with, and those that no training has a use for.
_LARGEST_FLOAT = 3.4e38
_MOST_EPOCHS = 1_000_000
_LARGEST_BATCH = 2**31 - 1
_LARGEST_RATE = 1e6


def _scalar(value: Any) -> Any:
    """Reject values that can't be settings: mappings, lists of anything but numbers, and numbers that no net holds."""
    items = value if isinstance(value, list) else [value]
    kinds = (
        (int, float) if isinstance(value, list) else (bool, int, float, str, type(None))
    )
    if not all(isinstance(item, kinds) for item in items):
        raise ValueError(NO_SETTING)
    if not all(
        abs(item) <= _LARGEST_FLOAT for item in items if isinstance(item, int | float)
    ):
        raise ValueError(
            f"it should be a finite number, no larger than {_LARGEST_FLOAT}, the most that a net can hold"
        )
    return value


def _scalar_or_callbacks(value: Any) -> Any:
    """Let mappings through; where the key is known, those that are not callbacks are refused."""
    return value if isinstance(value, dict) else _scalar(value)


def _weighs_classes(value: Any) -> bool:
    weights = value if isinstance(value, list) else []
    is_list = len(weights) > 1 and all(
        is_number(each) and each >= 0 for each in weights
    )
    return is_list or value in (None, "balanced")


Value = Annotated[Any, AfterValidator(_scalar)]
Settings = dict[str, Annotated[Any, AfterValidator(_scalar_or_callbacks)]]
ClassWeight = Annotated[Any, rule(_weighs_classes, _A_CLASS_WEIGHT)]


class NetSettings(Section):
    """The settings of a net. Further keys are skorch's, such as `module__n_neurons`."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Value]

    wrapper: str = "NeuralNetClassifier"
    """skorch's NeuralNetClassifier, NeuralNetBinaryClassifier or NeuralNetRegressor."""
    module: str
    """The network; it gets `n_inputs` and `n_outputs` if it has these parameters."""
    criterion: str
    """The loss. BCELoss needs a network that ends in a sigmoid; any other loss takes the plain output."""
    optimizer: str
    """The optimizer; `optimizer__momentum` and so on are its parameters."""
    lr: float = Field(gt=0, le=_LARGEST_RATE)
    """The learning rate, unless `optimizer__lr` is set."""
    max_epochs: int = Field(ge=1, le=_MOST_EPOCHS)
    """Passes over the training rows."""
    batch_size: int = Field(ge=1, le=_LARGEST_BATCH)
    """Rows in a training step."""
    train_split: Annotated[int, Field(ge=2)] | None = 5
    """skorch's hold-out inside of a training fold: with 5, a fifth of its rows; null holds out none."""
    device: str = "cpu"
    """Where torch computes, such as cpu or cuda."""
    # Dumps leave out what is not in use, so that a model file and its bytes do not know of it.
    class_weight: ClassWeight = Field(
        default=None, exclude_if=lambda value: value is None
    )
    """How much the rows of each class count in the loss, but not in BCELoss: balanced, a list by class, or null."""
    callbacks: dict[str, dict[str, Value]] = Field(
        default={}, exclude_if=lambda value: not value
    )
    """Callbacks of skorch with their parameters, such as `EarlyStopping: {patience: 10, load_best: true}`; in grids,
    `callbacks__EarlyStopping__patience`."""


class Model(NetSettings):
    """The settings that every experiment starts from."""

    @property
    def classifies(self) -> bool:
        """Whether the target is a class; the names of skorch's regressors end in `Regressor`."""
        return not self.wrapper.endswith("Regressor")


class Prepare(Section):
    """What is fitted on the training rows of each split, before the net sees them."""

    impute: Literal["mean", "median", "most_frequent"] | None = None
    """What replaces missing numbers and booleans, and zeros with `zero_is_missing`: mean, median, most_frequent, or
    null for nothing. A missing category is a category of its own, which only most_frequent replaces."""
    indicator: bool = False
    """Whether each column with missing cells gets another one, which is 1 where a cell is missing."""
    scale: (
        Literal["standard", "minmax", "robust", "robust_clipped", "quantile"] | None
    ) = None
    """How numbers are scaled: standard (zero mean, unit variance), minmax (0 to 1), robust (by median and quartiles),
    robust_clipped (also smoothly clipped to -3 to 3), quantile (to a normal distribution), or null."""
    encode: Literal["onehot", "ordinal"] = "onehot"
    """onehot: each category is a column; ordinal: a category is its number in the alphabet, -1 if it is missing."""
    target: Literal["standard", "quantile"] | None = None
    """How the target of a regression is scaled: standard, quantile, or null; scores and predictions are in its own
    unit."""

    def under(self, settings: dict[str, Any]) -> "Prepare":
        """Return the preparation with what keys such as `prepare__scale` set."""
        own = {
            key.removeprefix(PREFIX): value
            for key, value in settings.items()
            if key.startswith(PREFIX)
        }
        return Prepare.model_validate(self.model_dump() | own)
