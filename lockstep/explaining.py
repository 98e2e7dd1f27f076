"""Says whether a net can be trained in lockstep, and what that gains."""

import sys
import time
import warnings
from io import StringIO
from typing import Any

import numpy as np
from sklearn.base import clone

from lockstep._compat import missing_parts
from lockstep.members.numerics import fit_seed, random_states, set_random_states
from lockstep.members.refusals import RefusalError, refusal_of
from lockstep.turns import caught, take_turn


def explain(estimator: Any, X: Any, y: Any = None) -> str:
    """Say whether a net goes in lockstep, why not, roughly what a stack gains, and whether the kernel trains it.

    `estimator` is a net of skorch, or a Pipeline or TransformedTargetRegressor around one; raises `TypeError` if not.
    It is left as it is: copies are tried as by a search, and trained on all rows for two epochs, by skorch and stacked.
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
    except Exception as error:  # whatever the net raises
        reason, way_out = refusal_of(error)
        return f"{name} is fitted alone: {reason}" + (f"; {way_out}." if way_out else ".")
    finally:
        set_random_states(states)
    return (
        f"{name} goes in lockstep: {n_nets} nets in a stack take about {together * 1e3:.2g} ms for an epoch, and by "
        f"skorch, one by one, {alone * n_nets * 1e3:.2g} ms, {alone * n_nets / together:.1f} times as much. {by}"
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
