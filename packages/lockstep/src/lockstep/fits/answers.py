"""Answers for trained nets: the outputs that a stack has computed for the rows that scikit-learn will predict."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from sklearn.base import BaseEstimator
from skorch import NeuralNet
from skorch.dataset import Dataset
from torch import Tensor
from torch.utils.data import DataLoader

from lockstep._compat import tree_map
from lockstep.fits.surroundings import NetStub
from lockstep.fits.tasks import Task
from lockstep.members.member import Cache, Member, has_lone_row
from lockstep.members.numerics import all_finite
from lockstep.members.own_code import has_own
from lockstep.members.own_fit import Prepared
from lockstep.members.parts import named_tensors
from lockstep.members.refusals import RefusalError
from lockstep.members.rows import as_tensor, distinct, lengths_of, taken
from lockstep.members.state import predicting_state
from lockstep.stacks.nets import Nets


class RowsToAnswer(NamedTuple):
    """The rows that a net will predict, so that its stack can compute the outputs of all nets at once."""

    rows: Tensor  # shape (n_rows, …)
    # The rows that scikit-learn passes to the net, with their places.
    parts: list[tuple[Any, np.ndarray]]
    # Whether they are all rows of the table, which all splits share.
    is_table: bool = False

    def lengths(self, batch: int) -> frozenset[int]:
        """Return the lengths of the batches of all parts; only for batches of these is anything proven."""
        return frozenset(
            length
            for _, places in self.parts
            for length in lengths_of(len(places), batch)
        )


def rows_to_answer(
    task: Task,
    estimator: BaseEstimator,
    member: Member,
    prepared: Prepared,
    cache: Cache,
) -> RowsToAnswer | None:
    """Return the rows of a split that a net will predict, or None if the net has to predict them itself.

    All splits of a table share its rows, training rows included. Of rows that are prepared for a split, a net predicts
    those that are scored.
    """
    net = member.net
    if not task.is_answered or has_own(net, "infer"):
        return None
    if (
        net.iterator_valid is not DataLoader
        or "iterator_valid__collate_fn" in vars(net)
        or net.dataset is not Dataset
    ):
        return None  # the net may change the rows or their order
    if not isinstance(member.train.X, Tensor) or not isinstance(
        prepared.X, np.ndarray | Tensor
    ):
        return None
    key = "rows to answer", id(prepared)
    if key not in cache:
        test = prepared.transform(task.split_off(estimator, task.test)[0])
        if isinstance(prepared.fitted, NetStub) and isinstance(
            task.X, np.ndarray | Tensor
        ):
            if (whole := ("rows", id(task.X))) not in cache:
                cache[whole] = as_tensor(task.X)
            places = np.arange(len(task.X))  # a splitter may give masks
            parts = [(prepared.X, places[task.train]), (test, places[task.test])]
            cache[key] = RowsToAnswer(cache[whole], parts, is_table=True)
        else:
            asked = [test]
            rows = as_tensor(test)
            if task.scores_training:
                asked = [prepared.X, test]
                rows = torch.cat([as_tensor(prepared.X), rows])
            of_parts = np.split(np.arange(len(rows)), [len(asked[0])])
            cache[key] = RowsToAnswer(rows, list(zip(asked, of_parts, strict=False)))
    # If the net's own `fit` casts its rows, it predicts rows of another type.
    if cache[key].rows.dtype == member.train.X.dtype:
        return cache[key]
    return None


def inputs_of(stack: Nets) -> tuple[list[Tensor], np.ndarray] | None:
    """Return the rows that nets predict, each once, and which of them each net has; None if a net has none."""
    if any(member.rows_to_answer is None for member in stack.members):
        return None
    return distinct([member.rows_to_answer.rows for member in stack.members])


def batch_to_predict(net: NeuralNet) -> int:
    """Return how many rows a net predicts at a time; -1 for all."""
    size: int = net.get_params_for("iterator_valid").get("batch_size", net.batch_size)
    return size


# Computes the outputs of a net for rows.
Forward = Callable[[NeuralNet, Tensor], Any]


class Answer:
    """Replaces a net's `forward_iter` while all that decides predictions is as the stack left it, as it is now.

    Returns the outputs that the stack has computed; `forward` computes those for other rows. What is not finite is left
    to skorch, because where the kernel computes a NaN, such as for an index out of range, torch may raise.
    """

    def __init__(
        self, net: NeuralNet, asked: RowsToAnswer, outputs: Any, forward: Forward
    ) -> None:
        self.net = net
        self.asked = asked
        self.outputs = outputs
        self.forward = forward
        self.state = _state_of(net)
        self.tensors = {
            k: each.detach().clone() for k, each in named_tensors(net).items()
        }
        # The size of skorch's batches; some modules treat a last batch of one row differently.
        self.batch = batch_to_predict(net)

    def __call__(
        self, skorchs: Any, X: Any, training: bool = False, device: str = "cpu"
    ) -> Iterator[Any]:
        """Yield the outputs for rows as one batch if they are known, otherwise those of skorch's `forward_iter`."""
        outputs = None if training else self._outputs(X)
        if outputs is None:
            yield from skorchs(self.net, X, training=training, device=device)
            return
        # As skorch's loader of these rows draws a seed.
        torch.empty((), dtype=torch.int64).random_()
        if any(
            layer.training
            for part in (self.net.module_, self.net.criterion_)
            for layer in part.modules()
        ):
            self.net._set_training(False)
        yield tree_map(lambda tensor: tensor.to(device), outputs)

    def _outputs(self, X: Any) -> Any:
        like = self.asked.parts[0][0]
        if type(X) is not type(like) or X.dtype != like.dtype:
            return None
        if has_lone_row(len(X), self.batch) or not self._holds():
            return None
        same = (places for part, places in self.asked.parts if _is_same(X, part))
        places = next(same, None)
        if places is not None:
            outputs = taken(self.outputs, torch.as_tensor(places))
        elif not lengths_of(len(X), self.batch) <= self.asked.lengths(self.batch):
            return None
        else:
            try:
                outputs = self.forward(self.net, as_tensor(X))
            except Exception:
                # Whatever a module raises for other rows; skorch meets it itself.
                return None
        if all_finite(outputs):
            return outputs
        return None

    def _holds(self) -> bool:
        """Whether the net is as its stack left it: a `fit` or `predict` of its own may have changed anything."""
        tensors = named_tensors(self.net)
        if tensors.keys() != self.tensors.keys():
            return False
        for name, left in self.tensors.items():
            if tensors[name].dtype != left.dtype:
                return False
            if not torch.equal(tensors[name], left):
                return False
        return self.state is not None and _state_of(self.net) == self.state


def _state_of(net: NeuralNet) -> Any:
    try:
        return predicting_state(net)
    except RefusalError:  # it can't be compared
        return None


def _is_same(X: Any, part: Any) -> bool:
    if X is part:
        return True
    if type(X) is not type(part) or X.shape != part.shape or X.dtype != part.dtype:
        return False
    if isinstance(X, np.ndarray):
        return np.array_equal(X, part)
    return torch.equal(X, part)
