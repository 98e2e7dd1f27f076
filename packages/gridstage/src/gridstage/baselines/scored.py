"""The baselines on the splits of the evaluation, and the files that say how each of them does there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gridstage.baselines.baselines import Baseline, baselines, score_baseline
from gridstage.config import Params
from gridstage.results import Csv, File, files
from gridstage.results.evaluation import ErrorsByModel, PredictionErrors
from gridstage.scores.diagnostics import diagnostics, prediction_errors
from gridstage.scores.reached import Reached, reached_table
from gridstage.scores.shuffled import inputs_table
from gridstage.scores.splits import Folds, read_table
from gridstage.scores.thresholds import counts_table, threshold_counts
from resampled.means.pooling import Pooling

if TYPE_CHECKING:
    from gridstage.results.writing import Content


@dataclass(frozen=True)
class Looks:
    """How a model predicts, also by threshold, how far it may be off, and what each input is worth to it."""

    diagnostics: pd.DataFrame
    thresholds: pd.DataFrame
    errors: PredictionErrors
    importances: np.ndarray


@dataclass(frozen=True)
class Scored:
    """What a baseline reaches, and what is seen of it; nothing is seen of one that has no score."""

    reached: Reached
    looks: Looks | None


@dataclass(frozen=True)
class Baselines:
    """scikit-learn's models by name, and the rows with the fresh splits on which they are scored."""

    models: dict[str, Baseline]
    fresh: Folds

    @cached_property
    def _pooled(self) -> Pooling | None:
        return self.fresh.pooling(len(self.models))

    @cached_property
    def _scorers(self) -> Mapping[str, Callable[..., float]]:
        return self.fresh.scorer(len(self.models), second=True).scorers

    def score(self, name: str) -> Scored:
        """Fit a model on each split, and score it there; a warning says why one has no score."""
        fresh, model = self.fresh, self.models[name]
        reached, seen = score_baseline(name, model, fresh, self._scorers, self._pooled)
        if seen is None:
            return Scored(reached, None)
        predicted = seen.pooled(fresh)
        counts = threshold_counts(seen.predictions, fresh.data, fresh.splits)
        looks = Looks(
            diagnostics(predicted).assign(model=name),
            counts_table(counts).assign(model=name),
            prediction_errors(predicted),
            seen.importances,
        )
        return Scored(reached, looks)

    def contents(self, scored: Mapping[str, Scored]) -> "dict[File, Content]":
        """Return what is written of the models, by file."""
        fresh = self.fresh
        reached = {name: each.reached for name, each in scored.items()}
        looks = {name: each.looks for name, each in scored.items() if each.looks}
        drawn = [each.diagnostics for each in looks.values()]
        counted = [each.thresholds for each in looks.values()]
        losses = {name: each.importances for name, each in looks.items()}
        errors = {name: each.errors for name, each in looks.items()}
        inputs = inputs_table(losses, fresh.data.features, fresh.resampling)
        return {
            files.BASELINES: reached_table(reached, fresh.params.cv),
            files.BASELINE_DIAGNOSTICS: _one(drawn, files.BASELINE_DIAGNOSTICS),
            files.BASELINE_THRESHOLDS: _one(counted, files.BASELINE_THRESHOLDS),
            files.BASELINE_INPUTS: inputs,
            files.BASELINE_ERRORS: ErrorsByModel(errors),
        }


def _one(tables: list[pd.DataFrame], file: Csv) -> pd.DataFrame:
    """Return the tables of models as one; without a model that has a score, it has a header alone."""
    if not tables:
        return pd.DataFrame(columns=list(file.needed))
    return pd.concat(tables, ignore_index=True)


def open_baselines(params: Params) -> Baselines:
    """Read the table, and return scikit-learn's models for it, with the fresh splits on which they are scored.

    Parameters
    ----------
    params : Params
        What params.yaml says.

    Returns
    -------
    Baselines
        Its `models` are by name; `score` scores one, and `contents` is what is written of those that are scored.

    Raises
    ------
    UserError
        If the table can't be used.

    Examples
    --------
    >>> baselines = open_baselines(params)
    >>> scored = {"majority_class": baselines.score("majority_class")}
    >>> scored["majority_class"].reached.params
    'DummyClassifier, inputs ignored'
    >>> [file.path for file in baselines.contents(scored)][0]
    'metrics/baselines/scores.csv'
    """
    fresh = read_table(params).fresh
    return Baselines(baselines(fresh.data, fresh.params), fresh)
