"""Small nets and few rows of a kind, for its trial."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from sklearn.base import clone
from skorch import NeuralNet
from torch import Tensor
from torch.utils.data import Subset

from lockstep._compat import tree_leaves, tree_map
from lockstep.members.member import Member
from lockstep.members.own_fit import Prepared
from lockstep.members.rows import taken

# Two epochs of at least three batches, the last one short.
_EPOCHS, _BATCH = 2, 4

# Up to this many different targets count as classes; a score may need all of them.
_CLASSES = 30


def small(net: NeuralNet) -> NeuralNet:
    """Return an unfitted copy of a net that takes few rows and epochs."""
    settings: dict[str, Any] = dict.fromkeys(
        ("iterator_train__sampler", "iterator_train__batch_sampler")
    )
    settings |= dict.fromkeys(
        ("batch_size", "iterator_train__batch_size", "iterator_valid__batch_size"),
        _BATCH,
    )
    settings |= {"max_epochs": _EPOCHS, "verbose": 0}
    for iterator in ("iterator_train", "iterator_valid"):
        settings |= {
            f"{iterator}__num_workers": 0,
            f"{iterator}__persistent_workers": False,
        }
        settings |= {
            f"{iterator}__prefetch_factor": None,
            f"{iterator}__multiprocessing_context": None,
        }
    if net.train_split:
        settings["train_split"] = _first_rows
    return clone(net).set_params(**settings)


def _first_rows(
    dataset: Any, y: Any = None, **fit_params: Any
) -> tuple[Subset, Subset]:
    rows = list(range(len(dataset)))
    n = len(dataset) // 2 + 2
    return Subset(dataset, rows[:n]), Subset(dataset, rows[n:])


class FewRows:
    """Some rows of a net to train on, and four fewer to hold out if the net does.

    There are a few of each class, or of each quarter of numbers, in random order: class weights show in a batch with
    several classes, and scores of an epoch may need all classes. Rows of padding are among those to train on, if there
    are any: a net may mask them. `prepared` has all rows for the net's `fit`.
    """

    def __init__(self, member: Member, prepared: Prepared) -> None:
        y, X = (
            tree_leaves(part)[0].reshape(member.train.n, -1)
            for part in (member.train.y, member.train.X)
        )
        self._classes, n_classes = _classes(y.double().sum(1))
        self._by_row = X.double().sum(1)
        self._padded = _padded(X)
        self._member = member
        self._prepared = prepared
        self.n = _BATCH * max(2, -(-(n_classes + 2) // _BATCH))

    def chosen(self, number: int, dtype: torch.dtype) -> Prepared:
        """Return the rows of a choice, which has a number, with floating-point numbers of a type."""
        train = self._member.train
        n = self.n
        generator = np.random.default_rng(number)
        in_turn = np.resize(
            _in_turn(self._classes, generator.permutation(train.n)), 2 * n
        )
        # In place of rows of classes that have others.
        in_turn[-len(self._padded) :] = self._padded
        held_out = in_turn[: n - 2]
        chosen = generator.permutation(in_turn[n - 2 :])
        # The last batch is filled up with its first row: if that is the largest or the smallest, an influence shows.
        by_row = self._by_row[chosen]
        extreme = int(by_row.argmin() if number else by_row.argmax())
        chosen[[n, extreme]] = chosen[[extreme, n]]
        if self._member.valid is not None:
            chosen = np.r_[chosen, held_out]
        rows = taken((train.X, train.y), chosen)
        cast = tree_map(lambda t: t.to(dtype) if t.is_floating_point() else t, rows)
        X, y = map(_in_the_form_of, self._member.fitted_on, cast)
        return replace(self._prepared, random_states=None, handed_on=(X, y))


def _in_the_form_of(given: Any, part: Any) -> Any:
    if isinstance(given, np.ndarray):
        return part.numpy()
    return part


def _classes(by_target: Tensor) -> tuple[np.ndarray, int]:
    """Return the class of each row, and the number of classes; many different targets are put into quarters."""
    values, ranks = by_target.unique(return_inverse=True)
    n_classes = len(values) if len(values) <= _CLASSES else 4
    return ranks.numpy() * n_classes // len(values), n_classes


def _in_turn(classes: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return row numbers in this order: the first row of each class, then the second of each, and so on."""
    by_class = rows[classes[rows].argsort(kind="stable")]
    begin_of_class = np.searchsorted(classes[by_class], classes[by_class])
    turn = np.arange(len(rows)) - begin_of_class
    return by_class[turn.argsort(kind="stable")]


def _padded(X: Tensor) -> list[int]:
    """Return the row with the most zeros, and the one with the most of those that have fewer."""
    n_zeros = (X == 0).sum(1)
    most = int(n_zeros.argmax())
    fewer = n_zeros.masked_fill(n_zeros == n_zeros[most], -1)
    return [most, int(fewer.argmax())]
