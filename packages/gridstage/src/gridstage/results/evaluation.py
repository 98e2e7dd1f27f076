"""What the evaluation writes beside its answer: names, thresholds, and how far predictions may be off."""

from operator import not_

from pydantic import ConfigDict, Field, RootModel

from gridstage.results.record import Counted, Record


class Threshold(Record):
    """The threshold that costs least, and what it and others cost per row, without the luck of its choice.

    `threshold` is 0 if it costs least to predict the second class for every row, and 1 if it does to predict the first
    one. `cost` is that of thresholds chosen by other rows. `saved` is what 0.5 costs more, with half its 95 % interval,
    None where there is none. `calibrated` is the threshold that is best for probabilities that are right.
    """

    threshold: float
    cost: float
    default_cost: float
    saved: float
    calibrated: float
    calibrated_cost: float
    saved_ci95: float | None = None


class Evaluation(Counted):
    """What the evaluation says besides its answer, whose names of models are here as well, for other commits to read.

    `given_away` has which columns give the target away, and for what share of the rows. Where mistakes have `costs`,
    `thresholds` has the choice for each saved model that has probabilities. `not_by_kernel` is that of a search.
    """

    model_config = ConfigDict(extra="ignore")  # as an earlier commit has it

    kept: str
    handed_over: str | None = None
    use: str | None = None
    kept_brier_score: float | None = None
    given_away: list[tuple[list[str], float]] | None = None
    costs: dict[str, float] | None = None
    thresholds: dict[str, Threshold] = Field(default={}, exclude_if=not_)
    not_by_kernel: dict[str, list[str]] = Field(default={}, exclude_if=not_)


class AbsoluteErrors(Record):
    """The median of absolute errors, and what nine in ten do not exceed."""

    median: float
    most: float


class IntervalSteps(Record):
    """The half width of an interval around a predicted number, a step function of the number."""

    level: float
    edges: list[float]
    half_widths: list[float]


class PredictionErrors(Record):
    """The fields of a model's card that say how far its predictions may be off.

    For a number: `errors`, and the `interval`; there is none with fewer than 9 rows or groups, because it would be
    infinite. For classes: `sets`, if the model has probabilities. Nothing for a model that diverged everywhere.
    """

    errors: AbsoluteErrors | None = None
    interval: IntervalSteps | None = None
    sets: dict[str, float] = Field(default={}, exclude_if=not_)


class ErrorsByModel(RootModel[dict[str, PredictionErrors]]):
    """How far the predictions of models may be off, by their names."""

    def content(self) -> dict[str, object]:
        """Return what is written."""
        return {name: each.content() for name, each in self.root.items()}
