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
    """Return the seed, below 2**32, of the fits on one train/test split; `seed` is the base seed, 0 or more.

    `split` is the split's number in the order of the splitter, that is repeat · n_splits + fold; `purpose` tells apart
    several streams of random numbers for one split. The seed is the same for every candidate, so candidates start from
    the same weights and differ only in their setting (common random numbers).
    """
    return int(np.random.SeedSequence([seed, split, *purpose]).generate_state(1)[0])


def seed_everything(seed: int) -> None:
    """Seed torch, numpy and random in this process."""
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
