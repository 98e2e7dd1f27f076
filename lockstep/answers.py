"""Answers for trained nets: what a stack has made of the rows that scikit-learn is going to ask about."""

from collections.abc import Iterator
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import torch
from sklearn.base import BaseEstimator
from skorch import NeuralNet
from skorch.dataset import Dataset
from torch import Tensor, nn
from torch.utils._pytree import tree_map
from torch.utils.data import DataLoader

from lockstep.members.member import OF_ROWS, Cache, Member, has_lone_row
from lockstep.members.own_code import has_own, overrides
from lockstep.members.own_fit import Prepared, become, derived
from lockstep.members.refusals import RefusalError
from lockstep.members.rows import as_tensor, filled_up
from lockstep.members.state import OF_ANY_MODULE, attributes, hashed
from lockstep.stacks.nets import Nets
from lockstep.surroundings import NetStub
from lockstep.tasks import Task

# What answers a net's `predict`; where a class has its own, it answers itself. `infer` may be any of skorch's.
_ASKED = ("forward_iter", "evaluation_step", "get_dataset", "get_iterator")
_ANSWERS = (*_ASKED, "infer", "_set_training")

# What may be changed where it stands.
_HELD = (list, dict, set, Tensor, np.ndarray)

# The rows that a net will be asked about, shape (n_rows, …), so that its stack can answer for all nets at once; and
# the parts that scikit-learn hands to the net, each with where its rows stand among them.
Known = tuple[Tensor, list[tuple[Any, np.ndarray]]]

# Rows of a split that is evaluated by itself are filled up to a multiple of so many.
_ROWS = 256


def known_rows(task: Task, estimator: BaseEstimator, member: Member, prepared: Prepared, cache: Cache) -> Known | None:
    """Return the rows of a split, or None where the net is to answer itself."""
    net = member.net
    if overrides(net, *_ASKED) or has_own(net, "infer"):
        return None
    if net.dataset is not Dataset or net.iterator_valid is not DataLoader or "iterator_valid__collate_fn" in vars(net):
        return None  # rows may come otherwise than they are given
    if not isinstance(member.train.X, Tensor) or not isinstance(prepared.X, np.ndarray | Tensor):
        return None
    key = ("known", id(prepared))
    if key not in cache:
        test = prepared.transform(task.split_off(estimator, task.test)[0])
        whole = task.X
        if isinstance(prepared.fitted, NetStub) and isinstance(whole, np.ndarray | Tensor):
            rows = cache.setdefault(("rows", id(whole)), as_tensor(whole))
            places = [task.train, task.test]
        else:
            n = len(prepared.X)
            rows = torch.cat([as_tensor(part) for part in (prepared.X, test)])
            rows = filled_up(rows, -(-len(rows) // _ROWS) * _ROWS)
            places = [np.arange(n), n + np.arange(len(test))]
        cache[key] = rows, list(zip([prepared.X, test], places, strict=True))
    # A net whose own `fit` casts its rows is asked about others.
    return cache[key] if cache[key][0].dtype == member.train.X.dtype else None


def inputs_of(stack: Nets) -> tuple[Any, bool] | None:
    """Return what a stack's nets are evaluated on, and whether all have the same."""
    if any(member.known is None for member in stack.members):
        return None
    rows = [member.known[0] for member in stack.members]
    if all(each is rows[0] for each in rows):
        return rows[0].to(stack.flat.device), True
    return stack.placed(rows, max(map(len, rows))), False


class _Answer:
    """A net's answers for known rows, until a scorer changes or listens to the net."""

    def __init__(self, net: NeuralNet, known: Known, outputs: Any) -> None:
        self.known, self.outputs = known, outputs
        weights, self.rest = _watched(net)
        self.weights = [weight.clone() for weight in weights]
        # skorch predicts by batches of so many rows; a lone row at the end is another thing to some modules.
        self.batch = net.get_params_for("iterator_valid").get("batch_size", net.batch_size)

    def find(self, net: NeuralNet, X: Any) -> Any:
        """Return what the net makes of rows, or None where it is to answer itself."""
        rows = next((rows for given, rows in self.known[1] if _is_same(X, given)), None)
        if rows is None or has_lone_row(len(rows), self.batch) or not self._holds(net):
            return None
        torch.empty((), dtype=torch.int64).random_()  # as skorch's loader of these rows draws a seed
        return tree_map(lambda tensor: tensor[torch.as_tensor(rows)], self.outputs)

    def _holds(self, net: NeuralNet) -> bool:
        """Whether a net is as it was; by its values, as `.data` and numpy leave no trace in a tensor's version."""
        try:
            weights, rest = _watched(net)
        except RefusalError:  # a scorer has put something there that can't be compared
            return False
        return rest == self.rest and all(map(torch.equal, weights, self.weights))


# Of nets that scikit-learn is scoring.
_answers: WeakKeyDictionary[NeuralNet, _Answer] = WeakKeyDictionary()


def answer(net: NeuralNet, known: Known, outputs: Any) -> None:
    """Let a net answer what its stack has made of known rows."""
    become(net, _answering(net.__class__))
    _answers[net] = _Answer(net, known, outputs)


def answer_no_more(net: NeuralNet) -> None:
    """Let a net answer itself again."""
    if _answers.pop(net, None):
        become(net, net.__class__)


def _watched(net: NeuralNet) -> tuple[list[Tensor], Any]:
    """Return the tensors that a net's answers depend on, and all else, in a form to compare."""
    layers = [layer for part in (net.module_, net.criterion_) for layer in part.modules()]
    tensors = [t for layer in layers for name in ("_parameters", "_buffers") for t in vars(layer)[name].values()]
    hooks = [len(vars(layer)[name]) for layer in layers for name in ("_forward_hooks", "_forward_pre_hooks")]
    own = [(layer, k, v) for layer in layers for k, v in vars(layer).items() if k != "training"]
    holders = {layer: None for layer, k, v in own if isinstance(v, _HELD) and k not in OF_ANY_MODULE}
    about = [(k, id(v)) for k, v in vars(net).items() if k in _ANSWERS or k.startswith(OF_ROWS)]
    rest = hooks, [(k, id(v)) for _, k, v in own], [type(layer).forward for layer in layers], about
    insides = hashed([attributes(layer) for layer in holders])
    return [tensor.detach() for tensor in tensors if tensor is not None], (*rest, insides, _listeners(net.device))


def _listeners(device: str) -> Any:
    """Return what may change or hear what every module computes, as profilers and `torch.autocast` do."""
    hooks = nn.modules.module._global_forward_hooks, nn.modules.module._global_forward_pre_hooks
    modes = torch._C._len_torch_dispatch_stack(), torch._C._len_torch_function_stack()
    return *map(len, hooks), *modes, torch.is_autocast_enabled(torch.device(device or "cpu").type)


@cache
def _answering(cls: Any) -> Any:
    """Return a net's class for as long as its stack answers for it."""

    def forward_iter(self: Any, X: Any, training: bool = False, device: str = "cpu") -> Iterator[Any]:
        answer = _answers.get(self)
        found = None if training or answer is None else answer.find(self, X)
        if found is None:
            yield from cls.forward_iter(self, X, training=training, device=device)
        else:
            self._set_training(False)
            yield tree_map(lambda tensor: tensor.to(device), found)

    return derived(cls, "forward_iter", forward_iter)


def _is_same(X: Any, given: Any) -> bool:
    if X is given or type(X) is not type(given) or X.shape != given.shape or X.dtype != given.dtype:
        return X is given
    return bool(np.array_equal(X, given) if isinstance(X, np.ndarray) else torch.equal(X, given))
