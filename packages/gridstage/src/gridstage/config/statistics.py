"""What is concluded from scores, and which setting is kept: `statistics` and `evaluate` in params.yaml."""

from collections.abc import Collection, Iterator
from typing import Annotated, Literal

from pydantic import Field

from gridstage.common import Problem, format_value, in_params, join_words
from gridstage.config.cv import has_unit
from gridstage.config.table import Section
from resampled.scorers import bounds_of

# The region of practical equivalence of scores between bounds.
ROPE = 0.01
# So that squares of costs are finite.
_LARGEST_COST = 1e12

# The net that is worth most in the evaluation.
BEST = "best"
# The settings that can be named as the one to keep, besides each experiment's.
WINNER, SIMPLEST, COMBINED = "winner", "simplest", "combined"
# `model` of params.yaml as it stands, which can be used, but not kept.
STARTING_POINT = "starting_point"
# What the evaluation advises.
ANSWER = "answer"
# The models without a net: one that is linear, two of trees, and a constant.
OF_CLASSES = (
    "logistic_regression",
    "hist_gradient_boosting",
    "random_forest",
    "majority_class",
)
OF_NUMBERS = ("linear_regression", "hist_gradient_boosting", "random_forest", "mean")
# All of these names, which no experiment may have.
RESERVED = {
    ANSWER,
    BEST,
    WINNER,
    SIMPLEST,
    COMBINED,
    STARTING_POINT,
    *OF_CLASSES,
    *OF_NUMBERS,
}


class Statistics(Section):
    """What is concluded from the scores of a search."""

    rope: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    """The region of practical equivalence: settings that differ by less, in the unit of `cv.scoring`, are equally good.
    null is 0.01; a scorer without bounds, such as neg_mean_squared_error, needs a number."""
    pick: Literal["best", "simplest"] = "best"
    """The candidate of each experiment that goes on to the combined setting and the evaluation: the best, or the
    simplest of those that may be the best."""

    @property
    def rope_or_default(self) -> float:
        """The region of practical equivalence."""
        return ROPE if self.rope is None else self.rope


Cost = Annotated[float, Field(gt=0, le=_LARGEST_COST)]


class Costs(Section):
    """What a mistake of each kind costs, in any unit: the second of two classes is the positive one."""

    false_positive: Cost
    false_negative: Cost

    @property
    def calibrated(self) -> float:
        """The best threshold of probabilities that are right: where both mistakes are expected to cost the same."""
        return self.false_positive / (self.false_positive + self.false_negative)


class Evaluate(Section):
    """What the evaluation does with its contenders."""

    keep: str = BEST
    """The net that represents the nets in the answer, and is saved as `models/best.onnx`: best, the one that is worth
    most in the evaluation, which needs a higher chance because it is chosen there; or one by name, which alone is
    compared: winner (of the searches), simplest, combined (of two grid searches or more), or an experiment."""
    use: str = ANSWER
    """The model that is saved as `models/answer.onnx` and predicts: answer, which the evaluation recommends, or a
    contender, such as starting_point or random_forest."""
    costs: Costs | None = Field(default=None, exclude_if=lambda value: value is None)
    """What a mistake of each kind costs, in any unit, such as {false_positive: 1, false_negative: 5}: then the second
    of two classes is predicted from the probability on that costs least. null predicts the more probable class."""


def misplaced_rope(statistics: Statistics, scoring: str) -> Iterator[Problem]:
    """Yield a problem if a scorer needs a region of practical equivalence, or has one as wide as its scores."""
    low, high = bounds_of(scoring)
    if statistics.rope is None and has_unit(scoring):
        remedy = "set it to the difference, in the unit of the score, below which two settings are equally good"
        yield in_params(
            "statistics.rope",
            f"is null, but cv.scoring is {scoring}, which has no bounds",
            remedy,
        )
    elif statistics.rope is not None and statistics.rope >= high - low:
        finding = f"is {format_value(statistics.rope)}, but {scoring} lies between {low:g} and {high:g}"
        remedy = f"every difference would count as none; set it to a small part of that, such as {ROPE}, or to null"
        yield in_params("statistics.rope", finding, remedy)


def misplaced_names(
    evaluate: Evaluate, experiments: Collection[str], combines: bool, classify: bool
) -> Iterator[Problem]:
    """Yield a problem if there is no such setting to keep, or no such contender to hand over."""
    nets = [WINNER, SIMPLEST, *([COMBINED] if combines else []), *experiments]
    contenders = [
        ANSWER,
        *nets,
        STARTING_POINT,
        *(OF_CLASSES if classify else OF_NUMBERS),
    ]
    for key, names, what in (
        ("keep", [BEST, *nets], "a setting that can be kept"),
        ("use", contenders, "a contender of the evaluation"),
    ):
        if (name := getattr(evaluate, key)) not in names:
            remedy = f"it should be {join_words(names, 'or')}"
            yield in_params(
                f"evaluate.{key}", f"is {name!r}, which is not {what} here", remedy
            )


def misplaced_costs(
    evaluate: Evaluate, classify: bool, n_classes: int
) -> Iterator[Problem]:
    """Yield a problem if there are costs for another target than one of two classes; 0 classes are not known yet."""
    finding = f"is {n_classes} classes" if classify else "is a number"
    if evaluate.costs and (not classify or n_classes not in {0, 2}):
        remedy = "they are for two classes, of which the second is the positive one; set them to null"
        yield in_params(
            "evaluate.costs", f"has costs of mistakes, but the target {finding}", remedy
        )
