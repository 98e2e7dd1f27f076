"""Estimates what a search will take: fits and time.

The times are rough. What the engine takes for a search, below, was measured on the committed ones, on an AMD EPYC; nets
that it trains by torch, or one by one, take longer. Fits one by one are measured here.
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
from stages.lib.engine import TrainTest, net_of
from stages.lib.experiment import Opened
from stages.lib.experiment.probe import first_step, lean
from stages.lib.search.halving import stage_epochs, stage_sizes

# In seconds: what a search or the evaluation takes that trains nothing, what each stack takes before it is trained,
# what each fit takes beside its training, and what a training row takes for each weight of its net.
START, _STACK, _FIT, _WEIGHT = 5.5, 0.2, 0.0015, 0.7e-9
# The most shapes of nets whose weights are counted.
_MOST_SHAPES = 12
# Of a larger split, so many training rows and test rows are tried.
_MOST_ROWS = 2000
# The epochs whose time is measured, beside one that pays for the start of a fit.
_EPOCHS = 2


@dataclass(frozen=True)
class Plan:
    """What a search will take, about: the time on its `runtime.n_jobs` cores."""

    name: str
    n_candidates: int
    n_fits: int
    seconds: float


def make_plan(opened: Opened, step: float = math.nan) -> Plan:
    """Estimate what the search of an experiment will take.

    With the engine one-by-one, `step` is the time of a training step of a net in seconds.
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
    sizes = stage_sizes(n_candidates, len(stages))
    n_fits, share = sum(sizes) * n_splits, sum(map(mul, sizes, stages)) / (n_candidates * most)
    if params.engine == "lockstep":
        weights = _weights([nets[0] for nets in stacks.values()], opened)
        epochs = [sum(net["max_epochs"] for net in nets) for nets in stacks.values()]
        trained = sum(map(mul, weights, epochs)) * n_rows * n_splits * _WEIGHT
        once = _STACK * len(stacks)
    else:
        trained = sum(net["max_epochs"] * ceil(n_rows / net["batch_size"]) for nets in stacks.values() for net in nets)
        trained, once = trained * n_splits * step, 0.0
    cores = os.cpu_count() or 1
    n_jobs = cores if params.runtime.n_jobs == -1 else min(params.runtime.n_jobs, cores)
    return Plan(opened.name, n_candidates, n_fits, START + once + trained * share / n_jobs + n_fits * _FIT)


def _weights(nets: list[dict[str, Any]], opened: Opened) -> list[float]:
    """Return how many weights nets of some settings have; of many, the mean of some of them for each."""
    some = nets[:: ceil(len(nets) / _MOST_SHAPES)]
    modules = [net_of(first_step(opened, settings)).module_ for settings in some]
    counts = [float(sum(weight.numel() for weight in module.parameters())) for module in modules]
    return counts if len(some) == len(nets) else [float(np.mean(counts))] * len(nets)


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
        print(f"{plan.name}: {plan.n_candidates:,} candidates, {plan.n_fits:,} fits, about {in_words(plan.seconds)}")


def in_words(seconds: float) -> str:
    """Write a time roughly: `40 s`, `3 min`, `5 h` or `9 days`."""
    for unit, size in (("days", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(10, round(seconds, -1)):.0f} s"
