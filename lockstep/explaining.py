"""Says whether a net can be trained in lockstep, why not, and what that gains."""

import sys
import time
import warnings
from io import StringIO
from typing import Any

import numpy as np
from joblib import cpu_count
from sklearn.base import clone

from lockstep._compat import missing_parts
from lockstep.members.numerics import fit_seed, random_states, set_random_states
from lockstep.members.refusals import ListenerError, Refusal, RefusalError, refusal_of
from lockstep.turns import caught, take_turn


def explain(estimator: Any, X: Any, y: Any = None) -> str:
    """Say whether a net goes in lockstep, why not, roughly what a stack gains, and whether the kernel trains it.

    Parameters
    ----------
    estimator : estimator
        A net of skorch, or a Pipeline or TransformedTargetRegressor around one. It is left as it is: copies are tried
        as by a search, and trained on all rows for two epochs, by skorch and stacked.
    X, y : array-like, of n rows each
        What the estimator's `fit` would get.

    Returns
    -------
    A sentence or two; if the estimator can't be fitted at all, with the error that skorch raises.

    Raises
    ------
    TypeError
        If the estimator is none of these.
    """
    if missing_parts():
        return f"Nothing goes in lockstep here: {'; '.join(missing_parts())}."
    # Not at the top, because these need parts that may be missing.
    from lockstep.fits.surroundings import net_of
    from lockstep.search import as_in_a_training

    net = net_of(estimator)
    if net is None:
        wanted = "a net of skorch, or a Pipeline or TransformedTargetRegressor around one"
        raise TypeError(f"explain takes {wanted}, not {estimator!r}")
    take_turn(sys._getframe())
    name, states = type(net).__name__, random_states()
    try:
        with as_in_a_training(), warnings.catch_warnings(action="ignore"), caught(StringIO()):
            alone, together, n_nets, by = _tried(estimator, X, y)
    except ListenerError as error:  # skorch would call these callbacks
        return _fitted_alone(name, error.refusal)
    except Exception as error:  # whatever the net raises
        refusal, skorchs = refusal_of(error), _skorchs_error(estimator, X, y)
        if skorchs is None:
            return _fitted_alone(name, refusal)
        return f"skorch can't fit {name}: {refusal_of(skorchs).reason.removesuffix('.')}."
    finally:
        set_random_states(states)
    by_skorch = alone * n_nets
    return (
        f"{name} goes in lockstep: {n_nets} nets in a stack take about {together * 1e3:.2g} ms for an epoch, and by "
        f"skorch, one by one, {by_skorch * 1e3:.2g} ms, {by_skorch / together:.1f} times as much. "
        f"{_of_several_cores(by_skorch / together)}{by}"
    )


def _fitted_alone(name: str, refusal: Refusal) -> str:
    return f"{name} is fitted alone: {refusal.reason}" + (f"; {refusal.way_out}." if refusal.way_out else ".")


def _skorchs_error(estimator: Any, X: Any, y: Any) -> Exception | None:
    """Return what skorch raises as it fits a copy for an epoch, or None if it fits the copy."""
    from lockstep.fits.surroundings import net_of

    try:
        with warnings.catch_warnings(action="ignore"), caught(StringIO()):
            copy = clone(estimator)
            net_of(copy).set_params(max_epochs=1)
            copy.fit(X, y)
    except Exception as error:
        return error
    return None


def _of_several_cores(ratio: float) -> str:
    """Say whether skorch on all cores wins against a stack, which takes one; `ratio` is that of one core."""
    n_cores = cpu_count()
    if ratio >= n_cores:
        return ""
    return (
        f"There are {n_cores} cores here: with n_jobs={n_cores}, plain skorch is faster, unless lockstep gets as many "
        "jobs. "
    )


def _tried(estimator: Any, X: Any, y: Any) -> tuple[float, float, int, str]:
    """Return the seconds of an epoch by skorch and in a stack, the number of nets there, and what trains them."""
    from lockstep.fits.surroundings import net_of
    from lockstep.fits.tasks import Task
    from lockstep.grouping.groups import Grouping, Proven
    from lockstep.grouping.trial import Verdict
    from lockstep.stacks.nets import Job
    from lockstep.stacks.training import Training

    short, rows = clone(estimator), np.arange(len(X))
    net_of(short).set_params(max_epochs=2)
    task = Task(None, short, None, {}, X, y, rows, rows, seeds=(fit_seed(0, 0), fit_seed(0, 0, 1)))
    proven: Proven = {}
    grouping = Grouping([task], proven)
    member, kind, filled = grouping.member([0])
    (reason,) = (verdict.lacks for verdict in proven.values() if isinstance(verdict, Verdict))
    by = f"TorchScript trains it, because {reason}." if reason else "The kernel trains it."
    n_nets = max(kind.places.multiple, min(kind.places.at_once, 16))
    ends: list[float] = []
    nets = Training(
        Job([member], filled, kind.places.multiple, n_nets, kind.by_kernel),
        lambda nets: None,
        lambda more: ends.append(time.perf_counter()),
    ).run()
    if refusal := next(nets).refusal:
        raise RefusalError(*refusal)
    prepared, alone = grouping.prepared(task), net_of(task.own_estimator())
    alone.set_params(max_epochs=1).fit(prepared.X, prepared.y)
    start = time.perf_counter()
    alone.partial_fit(prepared.X, prepared.y)
    return time.perf_counter() - start, ends[1] - ends[0], n_nets, by
