"""How rows are split into folds, and what scores them: the section `cv` of params.yaml."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

from pydantic import Field

from resampled.resampling import Resampling
from resampled.scorers import bounds_of, effective_rows
from stages.lib.common import Problem, in_params
from stages.lib.config.table import Section

Splitter = Literal["stratified", "kfold", "group", "stratified_group", "time"]


class CV(Section):
    """The folds and the scores; `scoring` selects, and `also_score` is reported beside it.

    Without a `splitter`, folds keep the shares of classes, or cut a table of numbers into equal parts.
    """

    splitter: Splitter | None = None
    groups: str | None = None
    order: str | None = None
    n_splits: int = Field(ge=2)
    n_repeats: int = Field(default=10, ge=1, le=1000)
    shuffle: bool = False
    scoring: str = "accuracy"
    also_score: list[str] = Field(default=[])

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

    def resampling(self, n_rows: float = math.inf, counts: Sequence[float] = ()) -> Resampling:
        """Return how scores of a table with so many rows are resampled; `counts` are the rows of each class, if known.

        Each row is tested once in a repeat, so folds count as equal even where whole groups make them of different
        sizes. Nothing is tested in the order of time.
        """
        effective = effective_rows(self.scoring, counts)
        folds = Resampling.of_folds(self.n_splits, n_rows, bounds_of(self.scoring), effective)
        return replace(folds, test_share=math.nan) if self.keeps_time else folds


def misfits(cv: CV, target: str, classify: bool) -> Iterator[Problem]:
    """Yield what in `cv` does not go together, or does not fit the target."""
    kind = f"is {cv.splitter or 'null'}"
    if cv.splitter in {"stratified", "stratified_group"} and not classify:
        finding = f"{kind}, which keeps the shares of classes, but model.wrapper predicts a number"
        yield in_params("cv.splitter", finding, f"set it to {'kfold' if cv.splitter == 'stratified' else 'group'}")
    if cv.keeps_groups and cv.groups is None:
        yield in_params("cv.groups", f"is null, but cv.splitter {kind}", "name the column that tells the rows' groups")
    if not cv.keeps_groups and cv.groups is not None:
        remedy = "set cv.splitter to group or stratified_group, or cv.groups to null"
        yield in_params("cv.groups", f"is {cv.groups}, but cv.splitter {kind}, which keeps no groups together", remedy)
    if not cv.keeps_time and cv.order is not None:
        remedy = "set cv.splitter to time, or cv.order to null"
        yield in_params("cv.order", f"is {cv.order}, but only the splitter time looks at an order", remedy)
    for key in ("groups", "order"):
        if getattr(cv, key) == target:
            yield in_params(f"cv.{key}", f"is {target}, which is the target", "name another column")
    if cv.keeps_time and cv.n_repeats > 1:
        finding = f"is {cv.n_repeats}, but rows in the order of time can be split in one way only"
        yield in_params("cv.n_repeats", finding, "set it to 1")
    if cv.keeps_time and cv.shuffle:
        yield in_params("cv.shuffle", "is true, but the splitter time keeps the order of the rows", "set it to false")
