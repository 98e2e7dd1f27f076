"""Estimates what a search will take: fits, time and memory.

The times are rough. What the engine takes for a search, below, was measured on the committed ones, on an AMD EPYC; nets
that skorch trains take longer. Fits one by one are measured here.
"""

import math
import os
import time
from collections import defaultdict
from dataclasses import dataclass
from math import ceil
from operator import mul
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from stages.lib.data import Dataset
from stages.lib.doctor.memory import Kind, in_mib, search_bytes
from stages.lib.doctor.sizes import Sizes, sizes_of
from stages.lib.engine import TrainTest, net_of
from stages.lib.experiment import Opened
from stages.lib.experiment.probe import lean
from stages.lib.search.halving import stage_epochs, stage_sizes

# In seconds: what a search or the evaluation takes that trains nothing, what each stack takes before it is trained,
# what each fit takes beside its training, what a training row takes for each weight of its net, and what a cell takes
# to be prepared for a split.
START, _STACK, _FIT, _WEIGHT, _CELL = 5.0, 0.2, 0.0015, 0.7e-9, 1e-7
# The most nets of a search that go on to the evaluation; the search trains these once more, on its splits.
_PICKS = 3
# The most shapes of nets whose sizes are counted.
_MOST_SHAPES = 12
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


def make_plan(opened: Opened, step: float = math.nan, reading: float = 0.0) -> Plan:
    """Estimate what the search of an experiment will take, its nets on the splits of the evaluation included.

    With the engine one-by-one, `step` is the time of a training step of a net in seconds; `reading` is that of the
    table.
    """
    params, settings, candidates, n_splits = opened.params, opened.settings, opened.candidates, len(opened.splits)
    parts = params.settings(opened.name)["train_split"]
    n_rows = len(opened.splits[0][0]) * (1 - 1 / parts if parts else 1)
    # Nets share a stack if their whole numbers, such as widths, and their batches are the same.
    stacks: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for candidate in candidates:
        shape = {key: each for key, each in candidate.items() if key != "max_epochs" and isinstance(each, int)}
        stacks[repr(shape)].append(settings | candidate)

    n_candidates, most = len(candidates), settings["max_epochs"]
    is_halved = params.experiment(opened.name).search == "halving"
    stages = stage_epochs(n_candidates, most) if is_halved else [most]
    counts = stage_sizes(n_candidates, len(stages))
    n_fits, share = sum(counts) * n_splits, sum(map(mul, counts, stages)) / (n_candidates * most)
    kinds = [Kind(sizes, nets) for sizes, nets in zip(_sizes(opened, [*stacks.values()]), stacks.values(), strict=True)]
    epochs = [(kind, sum(net["max_epochs"] for net in kind.nets)) for kind in kinds]
    if params.engine == "lockstep":
        trained = sum(kind.sizes.weights * n for kind, n in epochs) * n_rows * n_splits * _WEIGHT
        once = _STACK * len(stacks)
    else:
        trained = sum(net["max_epochs"] * ceil(n_rows / net["batch_size"]) for kind in kinds for net in kind.nets)
        trained, once = trained * n_splits * step, 0.0
    cores = os.cpu_count() or 1
    n_jobs = cores if params.runtime.n_jobs == -1 else min(params.runtime.n_jobs, cores)
    picked = min(_PICKS, n_candidates + 1) / n_candidates
    cells = 2 * len(opened.y) * kinds[0].sizes.inputs * n_splits
    return Plan(
        opened.name,
        n_candidates,
        n_fits,
        START + reading + cells * _CELL + once + trained * (share + picked) / n_jobs + n_fits * _FIT,
        trained / n_jobs / (n_candidates * n_splits) + _FIT,
        search_bytes(opened, kinds, n_fits, n_jobs),
    )


def _sizes(opened: Opened, stacks: list[list[dict[str, Any]]]) -> list[Sizes]:
    """Return the sizes of the nets of each stack; of many stacks, those of the nearest before that was counted."""
    each = ceil(len(stacks) / _MOST_SHAPES)
    some = [sizes_of(opened, nets[0]) for nets in stacks[::each]]
    return [some[i // each] for i in range(len(stacks))]


def few_rows(split: TrainTest, data: Dataset) -> TrainTest:
    """Return a split, or some of its rows if it is large: evenly spread, with rows of every class."""

    def spread(part: np.ndarray) -> np.ndarray:
        parts = [part[data.y[part] == number] for number in range(data.n_classes)] or [part]
        # Of a rare class, all that there are: a hold-out or a score may need several.
        each = _MOST_ROWS // len(parts)
        kept = [rows[np.linspace(0, len(rows) - 1, min(len(rows), each)).astype(int)] for rows in parts]
        return part if len(part) <= _MOST_ROWS else np.sort(np.concatenate(kept))

    return spread(split[0]), spread(split[1])


def seconds_a_step(estimator: BaseEstimator, X: np.ndarray, y: np.ndarray, train: np.ndarray) -> float:
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
        print(f"{plan.name}: {counts}, about {in_words(plan.seconds)} and {in_mib(plan.n_bytes)}")


def in_words(seconds: float) -> str:
    """Write a time roughly: `40 s`, `3 min`, `5 h` or `9 days`."""
    for unit, size in (("days", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(10, round(seconds, -1)):.0f} s"
