"""Estimates what a search will take: candidates, fits and time.

The figures are rough. A net alone takes as long for each step as was measured. In lockstep, a stack pays the overhead
of a step once for all its nets, and for each net a small part of it and its arithmetic; the shares below are those of
the committed searches.
"""

import os
from collections import defaultdict
from dataclasses import dataclass
from math import ceil
from operator import mul
from typing import Any

from torch.nn.parameter import is_lazy

from stages.lib.common.tables import print_rows
from stages.lib.config import Params
from stages.lib.engine import lean, net_of, nets_at_once
from stages.lib.experiment import Opened
from stages.lib.model import build_estimator
from stages.lib.search.halving import stage_epochs, stage_sizes

# In steps of a net alone: what a stack pays once for a step, what each of its nets costs, what its first step costs,
# and what scoring a net costs; and what a search costs that trains nothing.
_OF_A_STACK, _OF_A_NET, _FIRST, _SCORING, _START = 0.4, 0.006, 1500, 2, 10_000
# Operations a second, and calls of torch in a step.
_SPEED, _CALLS = 5e9, 50
# Nets are built for so many widths, depths and so on; the others are taken for the largest of them.
_MOST_BUILT = 20


@dataclass(frozen=True)
class Plan:
    """What a search will take, about: the time on its `runtime.n_jobs` cores."""

    name: str
    n_candidates: int
    n_fits: int
    net_epochs: int
    seconds: float


def make_plan(opened: Opened, step: float) -> Plan:
    """Estimate what the search of an experiment will take, where a training step of a net takes `step` seconds."""
    params, settings, candidates, n_splits = opened.params, opened.settings, opened.candidates, len(opened.splits)
    experiment = params.experiment(opened.name)
    parts = params.settings(opened.name)["train_split"]
    n_rows = ceil(sum(len(train) for train, _ in opened.splits) / n_splits * (1 - 1 / parts if parts else 1))
    weights = _weights(opened)
    largest, together = max(weights.values()), params.engine == "lockstep"
    steps, net_epochs = 0.0, 0
    for (shape, batch), epochs in _alike(settings, candidates).items():
        n_nets, n_batches = len(epochs) * n_splits, ceil(n_rows / batch)
        net_steps = sum(epochs) * n_splits * n_batches
        operations = 6 * weights.get(shape, largest) * min(batch, n_rows)
        net_epochs += sum(epochs) * n_splits
        if together:
            at_once = nets_at_once(operations, _CALLS)
            steps += _FIRST + ceil(n_nets / at_once) * max(epochs) * n_batches * _OF_A_STACK
            steps += net_steps * (_OF_A_NET + operations / _SPEED / step)
        else:
            steps += net_steps

    n_candidates, most = len(candidates), settings["max_epochs"]
    stages = stage_epochs(n_candidates, most) if experiment.search == "halving" else [most]
    sizes = stage_sizes(n_candidates, len(stages))
    n_fits, share = sum(sizes) * n_splits, sum(map(mul, sizes, stages)) / (n_candidates * most)
    cores = os.cpu_count() or 1
    n_jobs = cores if params.runtime.n_jobs == -1 else min(params.runtime.n_jobs, cores)
    steps = steps * share / n_jobs + n_fits * _SCORING + _START + _of_fresh(params, settings, n_rows)
    return Plan(opened.name, n_candidates, n_fits, round(net_epochs * share), steps * step)


def _alike(settings: dict[str, Any], candidates: list[dict[str, Any]]) -> dict[tuple[str, int], list[int]]:
    """Return the epochs of the nets that may share a stack, by their shape and batch size.

    Candidates that differ in their epochs alone are one net.
    """
    longest: dict[tuple[str, int, str], int] = {}
    for candidate in candidates:
        whole = settings | candidate
        others = repr({key: value for key, value in candidate.items() if key != "max_epochs"})
        net = _shape(candidate), whole["batch_size"], others
        longest[net] = max(longest.get(net, 0), whole["max_epochs"])
    alike: dict[tuple[str, int], list[int]] = defaultdict(list)
    for (shape, batch, _), epochs in longest.items():
        alike[shape, batch].append(epochs)
    return alike


def _shape(candidate: dict[str, Any]) -> str:
    """Return the settings that may change the shape of a net: the whole numbers that its module is built with."""
    return repr({key: each for key, each in candidate.items() if key.startswith("module__") and isinstance(each, int)})


def _weights(opened: Opened) -> dict[str, int]:
    """Return how many weights nets of the first shapes have."""
    counts: dict[str, int] = {}
    for candidate in opened.candidates:
        shape = _shape(candidate)
        if shape not in counts and len(counts) < _MOST_BUILT:
            net = net_of(build_estimator(opened.settings | candidate, opened.data, opened.params.prepare))
            weights = lean(net).initialize().module_.parameters()
            # A lazy layer has no weights before its first batch.
            counts[shape] = sum(weight.numel() for weight in weights if not is_lazy(weight))
    return counts


def _of_fresh(params: Params, settings: dict[str, Any], n_rows: int) -> float:
    """Return what the fresh splits cost, in steps of a net: three settings, of which two share a stack."""
    n_nets, epochs = params.cv.n_repeats * params.cv.n_splits, settings["max_epochs"]
    n_steps = epochs * ceil(n_rows / settings["batch_size"])
    each = 2 * _OF_A_STACK + 3 * n_nets * _OF_A_NET if params.engine == "lockstep" else 3 * n_nets
    return n_steps * each + 3 * n_nets * _SCORING


def print_plans(plans: list[Plan]) -> None:
    """Print a table of what the searches will take."""
    numbers = ("candidates", "fits", "net-epochs", "time, about")
    rows = []
    for plan in plans:
        counts = [f"{count:,}" for count in (plan.n_candidates, plan.n_fits, plan.net_epochs)]
        rows.append([plan.name, *counts, in_words(plan.seconds)])
    print_rows(("experiment", *numbers), rows, numbers)


def in_words(seconds: float) -> str:
    """Write a time roughly: `40 s`, `3 min`, `5 h` or `9 days`."""
    for unit, size in (("days", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(10, round(seconds, -1)):.0f} s"
