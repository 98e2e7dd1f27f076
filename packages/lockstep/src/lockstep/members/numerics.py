"""Random numbers and threads: what a training sets in torch, numpy and random, and restores."""

import contextlib
import ctypes
import random
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from lockstep._compat import lean_checks, tree_leaves
from lockstep.turns import FITS, unseen

# The bytes of numpy's default generator: 624 numbers, and a place among them.
_MT19937 = 625 * 4

# Warnings of torch about steps that it did not take itself; there are none with skorch.
_OF_STEPS = "Detected call of `lr_scheduler.step", "Seems like `optimizer.step"


def fit_seed(seed: int, split: int, *purpose: int) -> int:
    """Return the seed of the fits on one train/test split.

    The seed is the same for every candidate, so candidates start from the same weights and differ only in their setting
    (common random numbers). It is numpy's `SeedSequence` of all arguments.

    Parameters
    ----------
    seed : int
        The base seed, 0 or more: the `random_state` of the backend.
    split : int
        The split's number in the order of the splitter, from 0: of repeated folds, repeat · n_splits + fold.
    *purpose : int
        Tells apart several streams of random numbers for one split.

    Returns
    -------
    int
        From 0 to 2**32 - 1.

    See Also
    --------
    seed_everything : Seeds the generators by it.

    Examples
    --------
    >>> from lockstep import fit_seed
    >>> [fit_seed(7, split) for split in range(3)]
    [2083679832, 369571992, 1009178997]

    A fit of a search, here that of the first candidate on the last split, again by skorch alone:

    >>> from joblib import parallel_config
    >>> from lockstep import seed_everything
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import GridSearchCV, StratifiedKFold
    >>> from skorch import NeuralNetClassifier
    >>> from torch import nn
    >>> X, y = load_iris(return_X_y=True)
    >>> X = X.astype("float32")
    >>> net = NeuralNetClassifier(
    ...     nn.Linear, module__in_features=4, module__out_features=3, criterion=nn.CrossEntropyLoss, verbose=0
    ... )
    >>> folds = StratifiedKFold(3)
    >>> with parallel_config(backend="lockstep", random_state=7):
    ...     search = GridSearchCV(net, {"lr": [0.1, 0.01]}, cv=folds).fit(X, y)
    >>> train, test = list(folds.split(X, y))[2]
    >>> seed_everything(fit_seed(7, 2))
    >>> score = net.set_params(lr=0.1).fit(X[train], y[train]).score(X[test], y[test])
    >>> print(score == search.cv_results_["split2_test_score"][0])
    True
    """
    return int(np.random.SeedSequence([seed, split, *purpose]).generate_state(1)[0])


def seed_everything(seed: int) -> None:
    """Seed torch, numpy and random in this process, as before each fit.

    Parameters
    ----------
    seed : int
        From 0 to 2**32 - 1.

    Raises
    ------
    ValueError
        If the seed is none for numpy.

    See Also
    --------
    fit_seed : Returns the seed of a fit.

    Examples
    --------
    >>> import torch
    >>> from lockstep import seed_everything
    >>> seed_everything(7)
    >>> first = torch.rand(3)
    >>> seed_everything(7)
    >>> torch.equal(torch.rand(3), first)
    True
    """
    random.seed(seed)
    np.random.seed(seed)
    seed_torch(seed)


def seed_torch(seed: int) -> None:
    """Seed torch in this process."""
    # Without a GPU, torch.manual_seed would store the call stack, to repeat the call when a GPU is initialised.
    if torch.cuda.is_available():
        torch.manual_seed(seed)
    else:
        torch.default_generator.manual_seed(seed)


def random_states() -> Any:
    """Return the states of the generators of torch, numpy and random, to compare them and for `set_random_states`."""
    return torch.get_rng_state().numpy().tobytes(), other_states()


def set_random_states(states: Any) -> None:
    """Restore the states of the generators of torch, numpy and random."""
    torchs, others = states
    torch.set_rng_state(torch.frombuffer(bytearray(torchs), dtype=torch.uint8))
    set_others(others)


def other_states() -> Any:
    """Return the states of the generators of numpy and random, to compare them and for `set_others`."""
    state: Any = np.random.get_state()
    _, key, *rest = state
    return random.getstate(), key.tobytes(), *rest


def set_others(states: Any) -> None:
    """Restore the states of the generators of numpy and random."""
    own, key, *rest = states
    random.setstate(own)
    np.random.set_state(("MT19937", np.frombuffer(key, dtype=np.uint32), *rest))


def drawn_others() -> Any:
    """Return a value that changes when numpy or random draws, at a third of the cost of `other_states`.

    It does not change for the second of two normal numbers, because numpy draws them together.
    """
    generator = np.random.get_bit_generator()  # type: ignore[attr-defined]
    if not isinstance(generator, np.random.MT19937):
        return random.getstate(), repr(generator.state)
    return random.getstate(), ctypes.string_at(generator.ctypes.state_address, _MT19937)


def all_finite(tree: Any) -> bool:
    """Whether all numbers in a tree of tensors are finite."""
    # A finite sum, which takes a third of the time, has finite terms; an infinite one may be too large.
    return all(
        bool(leaf.sum().isfinite()) or bool(leaf.isfinite().all())
        for leaf in tree_leaves(tree)
    )


def finite_in(tree: Any) -> torch.Tensor:
    """Return whether all numbers are finite at each place of the first dimension of a tree of tensors."""
    leaves = map(torch.atleast_2d, tree_leaves(tree))
    of_leaves = [leaf.isfinite().flatten(1).all(1) for leaf in leaves]
    return torch.stack(of_leaves).all(0)


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Let torch and numpy use one thread: a second one slows small nets down, and changes the order of sums."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1, user_api="blas"):  # of numpy
            yield
    finally:
        torch.set_num_threads(before)


@contextlib.contextmanager
def without_a_trace() -> Iterator[None]:
    """In the block, train or try nets that nobody sees: nothing is printed or warned of, and no generator moves on."""
    with FITS:
        states = random_states()
        try:
            with as_in_a_training(), unseen():
                yield
        finally:
            set_random_states(states)


@contextlib.contextmanager
def as_in_a_training() -> Iterator[None]:
    """In the block, let torch and numpy use one thread, import only what is needed, and not warn of steps."""
    with warnings.catch_warnings(), one_thread(), lean_checks():
        for message in _OF_STEPS:
            warnings.filterwarnings("ignore", message=message)
        yield
