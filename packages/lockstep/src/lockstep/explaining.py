"""Says whether a net can be trained in lockstep, why not, and what that gains."""

import os
import time
from contextlib import suppress
from typing import Any

from joblib import cpu_count
from sklearn.base import clone, is_classifier
from sklearn.model_selection import check_cv

from lockstep._compat import missing_parts
from lockstep.fits.surroundings import net_of
from lockstep.kernel.library import missing
from lockstep.keyboard import heeds_the_keyboard
from lockstep.members.callbacks import check_callbacks
from lockstep.members.numerics import without_a_trace
from lockstep.members.own_code import own_classes
from lockstep.members.refusals import ListenerError, refusal_of
from lockstep.options import Options, Shared

# CPU time, because other processes may be busy; that of Windows advances by 16 ms, which is too coarse for an epoch.
_clock = time.perf_counter if os.name == "nt" else time.process_time

# The most seconds in which nets are trained to see whether they stay in their stack, and those of skorch's epochs
# that tell how long one takes.
_MOST, _ENOUGH = 5.0, 0.1


@heeds_the_keyboard
def explain(estimator: Any, X: Any, y: Any = None) -> str:
    """Say whether a net goes in lockstep, why not, and roughly what a stack gains.

    Parameters
    ----------
    estimator : estimator
        A net of skorch, or a Pipeline or TransformedTargetRegressor around one. It is left as it is: copies are tried
        and trained as by a search with one candidate, five folds and the seed 0, but for some seconds at most.
    X, y : array-like, of n rows each
        What a search's `fit` would get.

    Returns
    -------
    str
        A sentence or two: the net goes in lockstep, with the times of an epoch where they are known; or it is fitted
        alone, why, and what to do; or skorch can't fit it, with skorch's error. Without a kernel, why there is none.

    Raises
    ------
    TypeError
        If the estimator is none of these.
    ValueError
        If scikit-learn can't split the rows into five folds.

    See Also
    --------
    plan : Says the same of a whole search, without training.
    reads_only : Declares that a callback or a scorer changes nothing.

    Examples
    --------
    >>> from lockstep import explain
    >>> from sklearn.datasets import load_iris
    >>> from skorch import NeuralNetClassifier
    >>> from torch import nn, optim
    >>> X, y = load_iris(return_X_y=True)
    >>> X = X.astype("float32")
    >>> net = NeuralNetClassifier(
    ...     nn.Linear, module__in_features=4, module__out_features=3, criterion=nn.CrossEntropyLoss, verbose=0
    ... )
    >>> print(explain(net, X, y))
    NeuralNetClassifier goes in lockstep: 16 nets in a stack take about ...
    >>> print(explain(net.set_params(optimizer=optim.LBFGS), X, y))
    NeuralNetClassifier is fitted alone: LBFGS can't step stacked nets: ...
    """
    if reason := "; ".join(missing_parts()) or missing():
        return f"Nothing goes in lockstep here: {reason}"
    net = net_of(estimator)
    if net is None:
        wanted = (
            "a net of skorch, or a Pipeline or TransformedTargetRegressor around one"
        )
        raise TypeError(f"explain takes {wanted}, not {estimator!r}")
    with without_a_trace():
        return _sentences(type(net).__name__, estimator, X, y)


def _sentences(name: str, estimator: Any, X: Any, y: Any) -> str:
    from lockstep.kernel.program import LANES

    ends: list[float] = []
    search = _searched(estimator, X, y, ends)
    if refused := [task.refusal for task in search.tasks if task.refusal]:
        everywhere = len(refused) == len(search.tasks)
        if everywhere and (error := _skorchs_error(estimator, X, y)):
            return f"skorch can't fit {name}: {refusal_of(error).reason.removesuffix('.')}."
        where = "" if everywhere else f" on {len(refused)} of {len(search.tasks)} folds"
        reason, way_out = refused[0]
        said = f"{name} is fitted alone{where}: {reason}"
        if way_out:
            said += f"; {way_out}"
        return f"{said}."
    if len(ends) < 2:
        return f"{name} goes in lockstep."
    # The kernel takes as long for all nets of a block as for one.
    by_kernel = (ends[-1] - ends[0]) / (len(ends) - 1)
    by_skorch = LANES * _epoch_by_skorch(
        net_of(estimator), *search.jobs[0].members[0].fitted_on
    )
    said = (
        f"{name} goes in lockstep: {LANES} nets in a stack take about {_seconds(by_kernel)} for an epoch, and by "
        f"skorch, one by one, {_seconds(by_skorch)}, about {_rounded(by_skorch / by_kernel)} times as much."
    )
    if by_skorch / by_kernel < (n_cores := cpu_count()):
        said += f" There are {n_cores} cores here: with n_jobs={n_cores}, plain skorch is faster, unless lockstep gets "
        said += "as many jobs."
    return said


class _EnoughError(Exception):
    """Ends a search whose nets have been trained for long enough."""


def _searched(estimator: Any, X: Any, y: Any, ends: list[float]) -> Any:
    """Return a search of one candidate in five folds that has trained its nets, or taken enough time.

    The time when an epoch ends is added to `ends`.
    """
    # Not at the top, because these need parts that may be missing.
    from lockstep.fits.tasks import Task, seed_tasks
    from lockstep.search import Search

    def on_progress(more: int, total: int) -> None:
        ends.append(_clock())
        if ends[-1] - ends[0] >= _MOST:
            raise _EnoughError

    folds = check_cv(5, y, classifier=is_classifier(estimator)).split(X, y)
    tasks = [Task(None, estimator, None, {}, X, y, *rows) for rows in folds]
    for task in tasks:
        task.is_looked_at = bool(own_classes(type(net_of(estimator))))
        task.scores_training = False
    seed_tasks(tasks, random_state=0)
    search = Search(tasks, Options(on_progress=on_progress), Shared())
    with suppress(_EnoughError):
        search.run()
    return search


def _epoch_by_skorch(net: Any, X: Any, y: Any) -> float:
    """Return the seconds of an epoch of a net by skorch."""
    alone = clone(net).set_params(max_epochs=1).fit(X, y)
    start = _clock()
    seconds = 0.0
    n_epochs = 0
    while seconds < _ENOUGH:
        alone.partial_fit(X, y)
        seconds = _clock() - start
        n_epochs += 1
    return seconds / n_epochs


def _skorchs_error(estimator: Any, X: Any, y: Any) -> Exception | None:
    """Return what skorch raises as it fits a copy for an epoch; None if it fits the copy, or would call anything."""
    copy = clone(estimator)
    net = net_of(copy).set_params(max_epochs=1)
    try:
        if net.callbacks != "disable":
            check_callbacks(clone(net).initialize_callbacks())
        copy.fit(X, y)
    except ListenerError:  # skorch would call these callbacks
        return None
    except Exception as error:
        return error
    return None


def _seconds(seconds: float) -> str:
    if seconds >= 1:
        return f"{_rounded(seconds)} s"
    return f"{_rounded(seconds * 1e3)} ms"


def _rounded(number: float) -> str:
    return f"{float(f'{number:.2g}'):,g}"
