"""How rows are split into folds, and what scores them: the section `cv` of params.yaml."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

from pydantic import Field

from gridstage.common import Problem, in_params
from gridstage.config.table import Section
from resampled.resampling import Resampling
from resampled.scorers import bounds_of, effective_rows

# Scorers of predicted numbers.
OF_NUMBERS = {
    *("r2", "explained_variance", "d2_absolute_error_score"),
    *(
        "neg_max_error",
        "neg_mean_absolute_error",
        "neg_median_absolute_error",
        "neg_mean_absolute_percentage_error",
    ),
    *("neg_mean_squared_error", "neg_root_mean_squared_error"),
    *("neg_mean_squared_log_error", "neg_root_mean_squared_log_error"),
    *("neg_mean_gamma_deviance", "neg_mean_poisson_deviance"),
}

Splitter = Literal["stratified", "kfold", "group", "stratified_group", "time"]


def has_unit(scoring: str) -> bool:
    """Whether a scorer has no bounds, because its scores are in the target's unit or can be of any size."""
    return (
        scoring.startswith("neg_") and scoring != "neg_brier_score"
    ) or scoring == "positive_likelihood_ratio"


class CV(Section):
    """The folds and the scores."""

    splitter: Splitter | None = None
    """stratified: each fold has the shares of the classes; kfold: equal parts; group, stratified_group: the rows of a
    group stay together; time: later rows are predicted from earlier ones. null is stratified for classes, kfold for
    numbers."""
    groups: str | None = None
    """The column with the groups of the rows, for group and stratified_group; it is not a feature."""
    order: str | None = None
    """The column that time sorts the rows by; it is not a feature. null takes the order of the file."""
    n_splits: int = Field(ge=2)
    """The number of folds."""
    n_repeats: int = Field(default=10, ge=1, le=1000)
    """How often the rows are split into folds, each time with other seeds; 1 to 1000."""
    shuffle: bool = False
    """false takes the folds of the first repeat in the order of the file, and draws the others; true draws all."""
    scoring: str = "accuracy"
    """The name of any scorer of scikit-learn, such as roc_auc; it selects the best candidate."""
    also_score: list[str] = Field(default=[])
    """Further scorers, such as roc_auc and neg_brier_score, that are shown beside it."""

    def kind(self, classify: bool) -> str:
        """Return the splitter that is used: the one that is set, or what suits classes or numbers."""
        return self.splitter or ("stratified" if classify else "kfold")

    @property
    def keeps_groups(self) -> bool:
        """Whether the rows of a group stay together."""
        return self.splitter in {"group", "stratified_group"}

    @property
    def keeps_time(self) -> bool:
        """Whether nets are trained on earlier rows than those that they are scored on."""
        return self.splitter == "time"

    def resampling(
        self,
        n_rows: float = math.inf,
        counts: Sequence[float] = (),
        n_groups: float | None = None,
    ) -> Resampling:
        """Return how scores of a table with so many rows are resampled; `counts` are the rows of each class, if known.

        Each row is tested once in a repeat, so folds count as equal even where whole groups make them of different
        sizes. Nothing is tested in the order of time.
        """
        effective = effective_rows(self.scoring, counts, n_groups)
        folds = Resampling.of_folds(
            self.n_splits, n_rows, bounds_of(self.scoring), effective
        )
        return replace(folds, test_share=math.nan) if self.keeps_time else folds


def misfits(cv: CV, classify: bool) -> Iterator[Problem]:
    """Yield what in `cv` does not go together, or does not fit the target."""
    kind = cv.splitter or "null"
    if cv.splitter in {"stratified", "stratified_group"} and not classify:
        finding = f"is {kind}, which keeps the shares of classes, but model.wrapper predicts a number"
        yield in_params(
            "cv.splitter",
            finding,
            f"set it to {'kfold' if cv.splitter == 'stratified' else 'group'}",
        )
    if cv.keeps_groups != (cv.groups is not None):
        finding = f"is {cv.groups or 'null'}, but cv.splitter is {kind}"
        yield in_params(
            "cv.groups",
            finding,
            "name a column for group and stratified_group, and for no other splitter",
        )
    if cv.order is not None and not cv.keeps_time:
        yield in_params(
            "cv.order",
            f"is {cv.order}, but cv.splitter is {kind}",
            "it is for the splitter time alone",
        )
    if cv.keeps_time and (cv.n_repeats > 1 or cv.shuffle):
        key = "n_repeats" if cv.n_repeats > 1 else "shuffle"
        finding = "does not fit the splitter time, because rows in the order of time can be split in one way only"
        yield in_params(f"cv.{key}", finding, "set n_repeats to 1 and shuffle to false")
    yield from _misplaced_scorers(cv, classify)


def _misplaced_scorers(cv: CV, classify: bool) -> Iterator[Problem]:
    """Yield which scorers of `cv` do not suit the target or are listed twice."""
    names = {"cv.scoring": cv.scoring} | {
        f"cv.also_score[{i}]": name for i, name in enumerate(cv.also_score)
    }
    for place, name in names.items():
        if classify and name in OF_NUMBERS:
            finding = (
                f"is {name}, which scores numbers, but model.wrapper predicts a class"
            )
            yield in_params(
                place, finding, "set it to a score of classes, such as accuracy"
            )
        if not classify and name not in OF_NUMBERS:
            finding = f"is {name}, which is not a score of numbers, but model.wrapper predicts a number"
            yield in_params(place, finding, "set it to a score of numbers, such as r2")
        first = next(other for other, named in names.items() if named == name)
        if first != place:
            yield in_params(place, f"is {name}, which is {first} already", "remove it")
