"""The reasons why nets are fitted alone, and the warning about them."""

import re
from textwrap import shorten
from typing import NamedTuple

# What skorch would hand on to train_split and forward, whole, and not batch by batch.
INSTEAD_OF_FIT_PARAMS = (
    "put what belongs to rows, such as weights, into X, a SliceDict of skorch, and read it in the net's get_loss; make "
    "all else a parameter of the net"
)


class LockstepWarning(UserWarning):
    """Says which candidates are fitted one by one by skorch, why, and what to do.

    Such nets are trained as without lockstep, and take more time. A search gives each reason once.

    See Also
    --------
    plan : Says the same before the search.
    reads_only : Declares that a callback or a scorer changes nothing.

    Examples
    --------
    >>> import warnings
    >>> from joblib import parallel_config
    >>> from lockstep import LockstepWarning
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import GridSearchCV
    >>> from skorch import NeuralNetClassifier
    >>> from torch import nn, optim
    >>> X, y = load_iris(return_X_y=True)
    >>> X = X.astype("float32")
    >>> net = NeuralNetClassifier(
    ...     nn.Linear, module__in_features=4, module__out_features=3, criterion=nn.CrossEntropyLoss, verbose=0
    ... )
    >>> search = GridSearchCV(net, {"optimizer": [optim.SGD, optim.LBFGS]}, cv=2)
    >>> with parallel_config(backend="lockstep"), warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always", LockstepWarning)
    ...     search = search.fit(X, y)
    >>> print(caught[0].message)
    LBFGS can't step stacked nets: ...so 1 of 2 candidates are fitted one by one...

    To stop such a search instead, say `warnings.simplefilter("error", LockstepWarning)`.
    """


class Refusal(NamedTuple):
    """Why a net is fitted alone, as a clause, and what to do about it, if anything can be done."""

    reason: str
    way_out: str = ""

    def sentence(self, n: int, total: int) -> str:
        """Return the sentence for `n` of `total` candidates."""
        share = f"{n} of {total} candidates are"
        if total == 1:
            share = "1 candidate is"
        elif n == total:
            share = f"{n} candidates are"
        said = f"{self.reason}, so {share} fitted one by one"
        if self.way_out:
            said += f"; {self.way_out}"
        return said


# Why nets are fitted alone with `stack=False`.
UNSTACKED = Refusal("nets are not to be stacked")


# Why skorch has to meet the numbers of a net itself.
DIVERGED = Refusal("weights become infinite or NaN")

OUTDATED = Refusal(
    "what a step reads from outside of its net, such as a global variable, changes while nets are made",
    "keep it in the net or the module, as a parameter or an attribute",
)

SCRIPTED = Refusal(
    "a part of the net is TorchScript, as torch.jit.script and torch.jit.trace make it",
    "leave them out of the search: the kernel takes the code from which they make it",
)


class RefusalError(Exception):
    """A net has to be fitted alone; takes the fields of a `Refusal`."""

    def __init__(self, reason: str, way_out: str = "") -> None:
        super().__init__(reason, way_out)
        self.refusal = Refusal(reason, way_out)

    def __str__(self) -> str:
        return self.refusal.reason


class ListenerError(RefusalError):
    """A net has to be fitted alone because of its callbacks, which may do anything when they are called."""


def refusal_of(error: Exception) -> Refusal:
    """Return the refusal that follows from an error; torch's long messages are cut."""
    if isinstance(error, RefusalError):
        return error.refusal
    if isinstance(error, MemoryError):
        return Refusal(
            "a stack takes more memory than there is",
            "lower max_memory_mb, which makes stacks smaller",
        )
    # An address is that of one object.
    first = re.sub("0x[0-9a-f]{6,}", "0x…", (str(error).splitlines() or [""])[0])
    return Refusal(f"{type(error).__name__}: {shorten(first, 180, placeholder=' …')}")
