"""Says what a search would train, in which groups, and what that takes of time and memory; trains no net."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from joblib import parallel_config
from sklearn.base import clone

from lockstep._compat import BaseSearchCV, get_active_backend, missing_parts
from lockstep.backend import LockstepBackend
from lockstep.kernel.library import missing
from lockstep.keyboard import heeds_the_keyboard
from lockstep.members.numerics import without_a_trace


@dataclass(frozen=True)
class Group:
    """Nets of a search that may share a stack, as `plan` returns them.

    Attributes
    ----------
    n_nets : int
        How many there are: candidates times splits.
    n_in_stack : int
        How many of them a stack has at most.
    seconds : float
        What a core takes about to train them.
    n_bytes : int
        What a stack takes about, at its peak.

    See Also
    --------
    plan : Makes the groups of a search.

    Examples
    --------
    Sizes of batches need groups of their own, and learning rates do not:

    >>> from lockstep import plan
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import GridSearchCV
    >>> from skorch import NeuralNetClassifier
    >>> from torch import nn
    >>> X, y = load_iris(return_X_y=True)
    >>> X = X.astype("float32")
    >>> net = NeuralNetClassifier(
    ...     nn.Linear, module__in_features=4, module__out_features=3, criterion=nn.CrossEntropyLoss, verbose=0
    ... )
    >>> grid = {"lr": [0.01, 0.1, 1.0], "batch_size": [16, 32]}
    >>> for group in plan(GridSearchCV(net, grid, cv=5), X, y).groups:
    ...     print(group.n_nets, group.n_bytes < 20 * 2**20)
    15 True
    15 True
    """

    n_nets: int
    n_in_stack: int
    seconds: float
    n_bytes: int


@dataclass(frozen=True)
class Plan:
    """What a search would do, as `plan` returns it.

    Attributes
    ----------
    groups : tuple of Group
        The nets that go in lockstep. Candidates that differ in `max_epochs` alone may share one.
    alone : dict of str to int
        What a `LockstepWarning` says of the candidates that skorch fits, and how many these are. Empty if all nets go
        in lockstep.
    seconds : float
        What a core takes about to sort and to train the nets in lockstep, without scores.
    n_bytes : int
        What the search adds to the memory of its process about, at the peak: the rows and nets that are kept until it
        ends, and the largest stack, or copies of rows that scikit-learn makes. What processes of their own take is not
        in it, nor what a first search imports, some 30 MiB.

    See Also
    --------
    plan : Makes the plan of a search.
    LockstepWarning : Says at a search what `alone` says before.

    Examples
    --------
    >>> from lockstep import plan
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import GridSearchCV
    >>> from skorch import NeuralNetClassifier
    >>> from torch import nn, optim
    >>> X, y = load_iris(return_X_y=True)
    >>> X = X.astype("float32")
    >>> net = NeuralNetClassifier(
    ...     nn.Linear, module__in_features=4, module__out_features=3, criterion=nn.CrossEntropyLoss, verbose=0
    ... )
    >>> found = plan(GridSearchCV(net, {"optimizer": [optim.SGD, optim.LBFGS]}, cv=5), X, y)
    >>> sum(group.n_nets for group in found.groups)
    5
    >>> for sentence, n_candidates in found.alone.items():
    ...     print(n_candidates, sentence)
    1 LBFGS can't step stacked nets: ...
    """

    groups: tuple[Group, ...]
    alone: dict[str, int]
    seconds: float
    n_bytes: int


@heeds_the_keyboard
def plan(
    search: Any,
    X: Any,
    y: Any = None,
    *,
    n_splits: int | None = None,
    **fit_params: Any,
) -> Plan:
    """Say which nets of a search go in lockstep, in which groups, and what that takes; trains none of them.

    Each kind of net is tried, as a search does first. In a block of `parallel_config(backend="lockstep", …)`, its
    options hold, and a search there need not try these kinds again.

    Parameters
    ----------
    search : estimator
        A search of scikit-learn, or of a class that is derived from one, such as halving, of which the first stage is
        planned. It is left as it is, and so are the generators of random numbers.
    X, y : array-like, of n rows each
        What its `fit` would get.
    n_splits : int, optional
        How many splits the search is to have, all like those of its `cv`, by default as many. Thus one split tells of
        many.
    **fit_params
        Further arguments of its `fit`, such as `groups`.

    Returns
    -------
    Plan
        The groups of nets, what skorch would fit, and the time and the memory that this takes.

    Raises
    ------
    TypeError
        If `search` is no search.
    RuntimeError
        If nothing goes in lockstep here, because there is no kernel, or a package does not fit.

    See Also
    --------
    explain : Says the same of a single net, and measures what a stack gains.

    Examples
    --------
    >>> from lockstep import plan
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import GridSearchCV
    >>> from skorch import NeuralNetClassifier
    >>> from torch import nn
    >>> X, y = load_iris(return_X_y=True)
    >>> X = X.astype("float32")
    >>> net = NeuralNetClassifier(
    ...     nn.Linear, module__in_features=4, module__out_features=3, criterion=nn.CrossEntropyLoss, verbose=0
    ... )
    >>> planned = plan(GridSearchCV(net, {"lr": [0.001, 0.1]}, cv=5), X, y)
    >>> [(group.n_nets, group.n_in_stack) for group in planned.groups]
    [(10, 10)]
    >>> planned.alone
    {}
    >>> planned.seconds < 60
    True
    """
    if not isinstance(search, BaseSearchCV):
        wanted = "a search of scikit-learn, such as GridSearchCV"
        raise TypeError(
            f"plan takes {wanted}, not {type(search).__name__}; explain takes a net"
        )
    if reason := "; ".join(missing_parts()) or missing():
        raise RuntimeError(f"Nothing goes in lockstep here: {reason}")
    active, _ = get_active_backend()
    backend = active if isinstance(active, LockstepBackend) else LockstepBackend()
    with without_a_trace():
        return _planned(backend, *_handed_over(search, X, y, fit_params), n_splits)


class _HandedOverError(Exception):
    """Ends a search that has handed over its fits; has these."""


class _Taker(LockstepBackend):
    """Takes the fits of a search, and runs none."""

    def collect(self) -> None:
        raise _HandedOverError(self.handed_over(), self.n_jobs)


def _handed_over(
    search: Any, X: Any, y: Any, fit_params: dict[str, Any]
) -> tuple[list[Any], int]:
    """Return the fits of a search, as joblib's calls, and how many jobs it asks for."""
    try:
        with parallel_config(backend=_Taker()):
            clone(search).fit(X, y, **fit_params)
    except _HandedOverError as error:
        batches, n_jobs = error.args
        return batches, n_jobs
    return [], 1


def _planned(
    backend: LockstepBackend, batches: list[Any], n_jobs: int, n_splits: int | None
) -> Plan:
    # Not at the top: these need parts that may be missing.
    from lockstep.collected import Collected
    from lockstep.grouping.memory import bytes_of_copies, bytes_of_rows
    from lockstep.grouping.sizes import OF_A_GROUP, seconds_of_stacks

    calls = Collected(batches, backend, backend.shared, n_jobs)
    search = calls.search()
    more = 1.0
    if n_splits and search.tasks:
        more = n_splits / len({task.place for task in search.tasks})
    with parallel_config(backend=backend.get_nested_backend()[0]):
        found = search.groups(search.n_side_by_side(), more)
    groups = list[Group]()
    of_trained = 0
    most = 0
    for each in found:
        members = each.job.members
        n_nets = round(len(members) * more)
        size = min(each.size, n_nets)
        seconds = seconds_of_stacks(members, each.measured, n_nets, each.size)
        n_bytes = each.needs.of_stack(size, each.job.n_threads)
        groups.append(Group(n_nets, size, seconds, n_bytes))
        own = each.needs.of_trained
        of_trained += OF_A_GROUP + n_nets * own
        most = max(most, groups[-1].n_bytes - size * own)
    refusals, total = calls.refusals()
    counts = Counter(refusal for refusal, _ in set(refusals))
    alone = {refusal.sentence(n, total): n for refusal, n in counts.items()}
    members = [member for each in found for member in each.job.members]
    copies = [
        bytes_of_copies(search.tasks[member.numbers[0]], member) for member in members
    ]
    rows = bytes_of_rows(members) * more
    return Plan(
        tuple(groups),
        alone,
        sum(group.seconds for group in groups),
        round(of_trained + rows + max([most, *copies])),
    )
