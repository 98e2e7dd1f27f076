"""Estimates what a search will take: fits, time and memory.

The times are rough. The engine says what it takes to train nets; what a fit takes beside that was measured on the
committed searches, on an AMD EPYC. Fits one by one are measured here.
"""

import math
import time
from dataclasses import dataclass
from math import ceil
from operator import mul

import numpy as np
from sklearn.base import BaseEstimator

from stages.lib.check.memory import in_mib, search_bytes
from stages.lib.data import Dataset
from stages.lib.engine import EnginePlan, TrainTest, net_of
from stages.lib.experiment import Opened
from stages.lib.experiment.probe import lean
from stages.lib.search.halving import stage_epochs, stage_sizes
from stages.lib.search.jobs import jobs_here

# In seconds: what a search or the evaluation takes that trains nothing, what each fit takes beside its training, and
# what a cell takes to be prepared for a split.
START, _FIT, _CELL = 5.0, 0.002, 1e-7
# The most nets of a search that go on to the evaluation; the search trains these once more, on its splits.
_PICKS = 3
# Of a larger split, so many training rows and test rows are tried.
_MOST_ROWS = 2000
# The epochs whose time is measured, beside one that pays for the start of a fit.
_EPOCHS = 2


@dataclass(frozen=True)
class Plan:
    """What a search will take, about: the time on its `runtime.n_jobs` cores, and its memory at the peak.

    `seconds_a_fit` is what a fit takes that goes on to the evaluation, all epochs included.
    """

    name: str
    n_candidates: int
    n_fits: int
    seconds: float
    seconds_a_fit: float
    n_bytes: int


def make_plan(
    opened: Opened,
    planned: EnginePlan | None,
    step: float = math.nan,
    reading: float = 0.0,
) -> Plan:
    """Estimate what the search of an experiment will take, its nets on the splits of the evaluation included.

    `planned` is the engine's plan of it, or None with the engine one-by-one. `step` is the time of a training step of a
    net by skorch, in seconds, which only nets that skorch fits need; `reading` is that of the table.
    """
    params, candidates, n_splits = opened.params, opened.candidates, len(opened.splits)
    n_candidates, most = len(candidates), opened.settings["max_epochs"]
    is_halved = params.experiment(opened.name).search == "halving"
    stages = stage_epochs(n_candidates, most) if is_halved else [most]
    counts = stage_sizes(n_candidates, len(stages))
    n_fits, share = (
        sum(counts) * n_splits,
        sum(map(mul, counts, stages)) / (n_candidates * most),
    )
    trained = planned.seconds if planned else 0.0
    if n_alone := sum(planned.alone.values()) if planned else n_candidates:
        parts = params.settings(opened.name)["train_split"]
        n_rows = len(opened.splits[0][0]) * (1 - 1 / parts if parts else 1)
        nets = [opened.settings | candidate for candidate in candidates]
        n_steps = (
            sum(net["max_epochs"] * ceil(n_rows / net["batch_size"]) for net in nets)
            * n_splits
        )
        trained += n_steps * step * n_alone / n_candidates
    n_jobs, _ = jobs_here(params.runtime, params.runtime.n_jobs)
    picked = min(_PICKS, n_candidates + 1) / n_candidates
    cells = 2 * opened.X.size * n_splits
    return Plan(
        opened.name,
        n_candidates,
        n_fits,
        START
        + reading
        + cells * _CELL
        + trained * (share + picked) / n_jobs
        + n_fits * _FIT,
        trained / n_jobs / (n_candidates * n_splits) + _FIT,
        search_bytes(opened, planned, n_fits, n_jobs),
    )


def few_rows(split: TrainTest, data: Dataset) -> TrainTest:
    """Return a split, or some of its rows if it is large: evenly spread, with rows of every class."""

    def spread(part: np.ndarray) -> np.ndarray:
        parts = [part[data.y[part] == number] for number in range(data.n_classes)] or [
            part
        ]
        # Of a rare class, all that there are: a hold-out or a score may need several.
        each = _MOST_ROWS // len(parts)
        kept = [
            rows[np.linspace(0, len(rows) - 1, min(len(rows), each)).astype(int)]
            for rows in parts
        ]
        return part if len(part) <= _MOST_ROWS else np.sort(np.concatenate(kept))

    return spread(split[0]), spread(split[1])


def seconds_a_step(
    estimator: BaseEstimator, X: np.ndarray, y: np.ndarray, train: np.ndarray
) -> float:
    """Measure how long skorch takes for a training step, in CPU seconds, its share of the validation included."""

    def spent(epochs: int) -> float:
        trial = lean(estimator, max_epochs=epochs)
        start = time.process_time()
        trial.fit(X[train], y[train])
        return time.process_time() - start

    more = spent(1 + _EPOCHS) - spent(1)
    n_steps = _EPOCHS * -(-len(train) // min(net_of(estimator).batch_size, len(train)))
    return max(more / n_steps, 1e-5)


def print_plans(plans: list[Plan]) -> None:
    """Print what the searches will take, a line each."""
    for plan in plans:
        counts = f"{plan.n_candidates:,} candidates, {plan.n_fits:,} fits"
        print(
            f"{plan.name}: {counts}, about {in_words(plan.seconds)} and {in_mib(plan.n_bytes)}"
        )


def in_words(seconds: float) -> str:
    """Write a time roughly: `40 s`, `3 min`, `5 h` or `9 days`."""
    for unit, size in (("days", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(10, round(seconds, -1)):.0f} s"
