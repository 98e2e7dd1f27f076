"""What a commit holds: its tables of scores, and the params, code and data that dvc.lock says they are from."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from resampled.resampling import Resampling
from stages.lib.common.artifacts import BROKEN
from stages.lib.config import PARAMS_FILE, yaml12
from stages.lib.config.cv import CV
from stages.lib.config.statistics import ROPE
from stages.lib.repository import LOCK, PIPELINE, Pipeline, pipeline_of
from stages.lib.repository.snapshot import Snapshot
from stages.lib.results import Csv, Results, files
from stages.lib.results.reading import typed
from stages.lib.scores.reached import by_units_of
from stages.lib.scores.score_table import STUCK_SPLITS, split_scorers, split_scores, stuck_of, trained_to_the_end

# The stage whose params say what the scores are of.
EVALUATE = "evaluate"
_FIX = "Fix it; `make check` says where."

Read = TypeVar("Read")


@dataclass(frozen=True)
class Scored:
    """A setting, or its description, with its scores and whether its fits are stuck, of shape (n_splits,) each.

    `ci95` is half the width of the 95 % interval of its mean, NaN where there is none, and `to_the_end` whether it was
    trained to the end, as all are but for halving. `second` are its scores by the second scorer, `second_name`, NaN
    where a net diverged; greater is better. Both are None where there are no such scores, and so is `by_unit`, which is
    that of `Reached`.
    """

    params: str
    scores: np.ndarray
    stuck: np.ndarray
    ci95: float
    to_the_end: bool = True
    second: np.ndarray | None = None
    second_name: str | None = None
    by_unit: np.ndarray | None = None

    @property
    def mean(self) -> float:
        """The mean score; NaN if the net diverged on a split."""
        return float(self.scores.mean())


class Side(Results):
    """The results of one side of a comparison, and what dvc.lock says they are from; what is not there is empty."""

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__(snapshot)
        self.snapshot = snapshot

    @cached_property
    def searches(self) -> dict[str, dict[str, Scored]]:
        """The candidates of each experiment by their settings, on its own splits."""
        return {name: self._scored(files.CANDIDATES, "params", name) for name in self.names(files.CANDIDATES)}

    @cached_property
    def fresh(self) -> dict[str, Scored]:
        """The contenders of the evaluation by name, on its fresh splits."""
        return self._scored(files.CONTENDERS, "setting") if self.has(files.CONTENDERS) else {}

    def _scored(self, file: Csv, key: str, name: str = "") -> dict[str, Scored]:
        with self.reading(file, name) as text:  # of its columns, an older commit may lack some
            return read_scores(typed(text), key)

    @cached_property
    def answer(self) -> dict[str, Any]:
        """The numbers and names that the evaluation has written."""
        return self.json(files.EVALUATION) if self.has(files.EVALUATION) else {}

    @property
    def use(self) -> str | None:
        """What to use, in words; None if there is no evaluation, or one that has no answer."""
        # Where no model is advised, there is no name.
        return self.answer.get("use") or ("none of the models" if "handed_over" in self.answer else None)

    @property
    def kept(self) -> str | None:
        """The contender that is kept; None if there is no evaluation."""
        return self.answer.get("kept")

    @cached_property
    def settings(self) -> dict[str, Any] | None:
        """The content of params.yaml; None if there is none."""
        return self._written(PARAMS_FILE, "a mapping in YAML", lambda text: dict(yaml12.load(text)), _FIX)

    @cached_property
    def pipeline(self) -> Pipeline | None:
        """The stages that dvc.yaml has; None if there is none."""
        return self._written(PIPELINE, "a pipeline of DVC", lambda text: pipeline_of(text, self.settings), _FIX)

    @cached_property
    def stages(self) -> dict[str, dict[str, Any]]:
        """What dvc.lock says of each stage that dvc.yaml has."""
        recorded = self._written(LOCK, "what DVC writes", _stages, "Run `dvc repro`.") or {}
        return {name: each for name, each in recorded.items() if self.pipeline is None or self.pipeline.has(name)}

    def params(self, stage: str) -> dict[str, Any]:
        """Return the params that a stage was run with, by keys such as `cv.n_splits`."""
        return flat(self.stages.get(stage, {}).get("params", {}).get(PARAMS_FILE, {}))

    def hashes(self, stage: str) -> dict[str, str]:
        """Return the hashes of the code and data that a stage was run with, by path."""
        return {each["path"]: str(each.get("md5")) for each in self.stages.get(stage, {}).get("deps", [])}

    def outputs(self, stage: str) -> dict[str, str]:
        """Return the hashes of what a stage wrote, by path."""
        return {each["path"]: str(each.get("md5")) for each in self.stages.get(stage, {}).get("outs", [])}

    @cached_property
    def tables(self) -> dict[str, str]:
        """The hashes of the CSV files that stages were run with, by path."""
        tables: dict[str, str] = {}
        for stage in self.stages:
            path, files = str(self.params(stage).get("data.path")), self.outputs(stage) | self.hashes(stage)
            tables |= {path: files[path]} if path in files else {}
        return tables

    @cached_property
    def metrics(self) -> dict[str, float]:
        """The metrics of DVC, by names such as `neurons.corrected`."""
        of_files = {name: self.json(files.SCORES, name) for name in self.names(files.SCORES)}
        return {f"{name}.{key}": float(value) for name, numbers in of_files.items() for key, value in numbers.items()}

    @cached_property
    def evaluated(self) -> dict[str, Any]:
        """The `params` of the evaluation."""
        return self.params(EVALUATE)

    @property
    def rope(self) -> float:
        """The region of practical equivalence."""
        rope = self.evaluated.get("statistics.rope")
        return ROPE if rope is None else float(rope)

    def resampling(self, scoring: str) -> Resampling:
        """Return how scores of a scorer are resampled; nothing is tested in time order, or without an evaluation."""
        if not (params := self.evaluated):
            return Resampling(math.nan)
        n_rows, counts = self.counted.get("rows", math.inf), self.counted.get("classes", {}).values()
        if "positives" in self.counted:
            counts = n_rows - self.counted["positives"], self.counted["positives"]
        sampled = params.get("data.sample", 1.0)
        cv = CV(splitter=params.get("cv.splitter"), n_splits=params["cv.n_splits"], scoring=scoring)
        return cv.resampling(sampled * n_rows, [sampled * number for number in counts], self.answer.get("n_groups"))

    @cached_property
    def counted(self) -> dict[str, Any]:
        """What the stage `fetch` has counted in the table; read once, though each pair of scores asks for it."""
        return self.json(files.DATA) if self.has(files.DATA) else {}

    def _written(self, path: str, what: str, read: Callable[[str], Read], again: str) -> Read | None:
        """Return the content of a file that is no result; None if it is missing."""
        if (text := self.snapshot.text(path)) is None:
            return None
        try:
            return read(text)
        except BROKEN:
            problem = f"is not {what}, so nothing can be compared with it"
            raise self.snapshot.refused(path, problem, again) from None


def _stages(text: str) -> dict[str, dict[str, Any]]:
    """Return what a dvc.lock says of each stage; raises an error of Python's own if it is broken."""
    return {str(name): dict(each) for name, each in (yaml12.load(text)["stages"] or {}).items()}


def flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of nested mappings by keys such as `experiments.neurons.grid.lr`; an empty mapping is one."""
    leaves: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, dict) and value:
            leaves |= {f"{key}.{name}": each for name, each in flat(value).items()}
        else:
            leaves[str(key)] = value
    return leaves


def differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return the keys, sorted, whose values differ or exist on one side only, without the sections of such keys."""
    keys = [key for key in sorted({*before, *after}) if before.get(key) != after.get(key)]
    return [key for key in keys if not any(other.startswith(f"{key}.") for other in keys)]


def read_scores(table: pd.DataFrame, key: str) -> dict[str, Scored]:
    """Return the rows of a table of scores, by a column such as `params`."""
    scores = split_scores(table)
    # A regression counts no stuck fits, and rows in the order of time have no intervals.
    stuck = stuck_of(table) if STUCK_SPLITS in table else np.zeros(scores.shape, dtype=bool)
    ci95 = table["ci95"] if "ci95" in table else np.full(len(table), np.nan)
    second = next((scorer for scorer in split_scorers(table) if scorer != "score"), None)
    by_split = split_scores(table, second) if second else np.full(scores.shape, np.nan)
    if by_split.shape != scores.shape:
        raise ValueError(f"{second} is not there for every split")
    seconds = [(each, second) if np.isfinite(each).any() else (None, None) for each in by_split]
    columns = (table["params"], scores, stuck, map(float, ci95), map(bool, trained_to_the_end(table)), seconds)
    each = zip(table[key], *columns, by_units_of(table), strict=True)
    return {name: Scored(*row, *(*of_second, by_unit)) for name, *row, of_second, by_unit in each}
