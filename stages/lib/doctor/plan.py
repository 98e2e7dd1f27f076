"""Estimates what a search will take: fits and time.

The time is rough: a step of one net is measured, and the shares below, of the committed searches, say what a step of
a net costs in a stack. Nets much wider than those of the measured step take longer.
"""

import os
import time
from collections import defaultdict
from dataclasses import dataclass
from math import ceil
from operator import mul

import numpy as np
from sklearn.base import BaseEstimator

from stages.lib.data import Dataset
from stages.lib.engine import TrainTest, net_of
from stages.lib.experiment import Opened
from stages.lib.experiment.probe import lean
from stages.lib.search.halving import stage_epochs, stage_sizes

# In steps of a net alone: what a stack pays once for a step, what each of its nets costs, what its first step costs,
# what scoring a net costs, and what a search costs that trains nothing.
_OF_A_STACK, _OF_A_NET, _FIRST, _SCORING, _START = 0.4, 0.01, 1500, 2, 20_000
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


def make_plan(opened: Opened, step: float) -> Plan:
    """Estimate what the search of an experiment will take, where a training step of a net takes `step` seconds."""
    params, settings, candidates, n_splits = opened.params, opened.settings, opened.candidates, len(opened.splits)
    parts = params.settings(opened.name)["train_split"]
    n_rows = len(opened.splits[0][0]) * (1 - 1 / parts if parts else 1)
    # Nets share a stack if their whole numbers, such as widths, and their batches are the same.
    stacks: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for candidate in candidates:
        whole = settings | candidate
        shape = {key: each for key, each in candidate.items() if key != "max_epochs" and isinstance(each, int)}
        stacks[repr(shape)].append((whole["max_epochs"], ceil(n_rows / whole["batch_size"])))
    steps = 0.0
    for nets in stacks.values():
        net_steps = [epochs * batches for epochs, batches in nets]
        if params.engine == "lockstep":
            steps += _FIRST + max(net_steps) * _OF_A_STACK + sum(net_steps) * n_splits * _OF_A_NET
        else:
            steps += sum(net_steps) * n_splits

    n_candidates, most = len(candidates), settings["max_epochs"]
    is_halved = params.experiment(opened.name).search == "halving"
    stages = stage_epochs(n_candidates, most) if is_halved else [most]
    sizes = stage_sizes(n_candidates, len(stages))
    n_fits, share = sum(sizes) * n_splits, sum(map(mul, sizes, stages)) / (n_candidates * most)
    cores = os.cpu_count() or 1
    n_jobs = cores if params.runtime.n_jobs == -1 else min(params.runtime.n_jobs, cores)
    return Plan(opened.name, n_candidates, n_fits, (steps * share / n_jobs + n_fits * _SCORING + _START) * step)


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
