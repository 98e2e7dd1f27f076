"""Tries a kind of net before it is trained in lockstep: skorch and a stack take a few steps, which must agree."""

import contextlib
import io
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from sklearn.base import clone
from skorch import NeuralNet
from torch import Tensor
from torch.utils.data import Subset

from lockstep._compat import tree_leaves, tree_map
from lockstep.grouping.filling import rows_are_apart
from lockstep.kernel.library import missing
from lockstep.kernel.program import UnsupportedError
from lockstep.members.callbacks import may_predict
from lockstep.members.lean import step_lean
from lockstep.members.member import Member, make_member, start
from lockstep.members.numerics import other_states
from lockstep.members.own_fit import Prepared, method_of_one
from lockstep.members.parts import Tensors, cloned, is_torchs, named_tensors, optimizer_of, trained_params
from lockstep.members.refusals import ListenerError, RefusalError, refusal_of
from lockstep.members.rows import taken
from lockstep.members.state import net_state
from lockstep.stacks.layers import GivenNoise
from lockstep.stacks.nets import Job, Nets
from lockstep.stacks.stack import Stack
from lockstep.stacks.trained import Trained
from lockstep.stacks.training import Training
from lockstep.turns import caught

# Two epochs of at least three batches, the last one short.
_EPOCHS, _BATCH = 2, 4

SHARED = "nets share memory with one another"

# Up to this many different targets count as classes; a score may need all of them.
_CLASSES = 30


class Verdict(NamedTuple):
    """The result of the trial of a kind of net."""

    filled: bool  # whether batches may be filled up with rows of weight zero
    answers: bool  # whether a stack computes the predictions of its nets
    lacks: str | None  # why the kernel does not train them, as a clause; None if it does


def prove(member: Member, net: NeuralNet, prepared: Prepared, may_fill: bool, by_torch: str | None = None) -> Verdict:
    """Train two nets of a member's kind both ways; raises `RefusalError` if the results differ, or one raises.

    `net` is the member's net before its `fit`, and `prepared` has the rows for `fit`: the net's own code may see and
    prepare all of them, but here it trains on few. `may_fill` is whether its own rows allow batches to be filled up,
    `by_torch` why the kernel is not to train such nets.
    """
    twin, few = _small(net), _some_rows(member, prepared, 1, torch.get_default_dtype())
    start(twin, few, member.noise_seed, None)
    if not changing(member.net).isdisjoint(changing(twin)):
        raise RefusalError(SHARED)
    errors: dict[torch.dtype, list[Exception]] = {torch.float64: [], torch.float32: []}
    may_fill &= rows_are_apart(member)
    lacks = by_torch or not_for_kernel(member)
    for dtype, raised in errors.items():
        for filled in [True] * may_fill + [False]:
            if lacks is None:
                try:
                    return Verdict(filled, _compare(member, net, prepared, dtype, filled, by_kernel=True), None)
                except UnsupportedError as error:
                    reason = f"the kernel has no {error}"
                except Exception as error:
                    reason = refusal_of(error).reason
            try:
                return Verdict(filled, _compare(member, net, prepared, dtype, filled), lacks or reason)
            except Exception as error:  # whatever a module raises under vmap, or in float64
                raised.append(error)
        if any(type(error) is RefusalError for error in raised):
            break  # a trial in float32 is only for nets that fix their type, as with a callback that has its own rows
    own = next(iter(trained_params(member.net).values())).dtype
    raise RefusalError(*refusal_of((errors.get(own) or raised)[-1]))


def changing(net: NeuralNet) -> set[int]:
    """Return the addresses of the tensors that a net's training changes."""
    buffers = [*net.module_.buffers(), *net.criterion_.buffers()]
    return {t.untyped_storage().data_ptr() for t in (*trained_params(net).values(), *buffers) if t.numel()}


def not_for_kernel(member: Member) -> str | None:
    """Return why the kernel can't train a net, as far as that can be seen without a trial."""
    if reason := missing():
        return f"there is no kernel: {reason.removesuffix('.')}"
    optimizer, _ = optimizer_of(member.net)
    if not is_torchs(optimizer):
        return f"{optimizer.__name__} is not one of torch's optimizers"
    clips = [getattr(callback, "gradient_clip_norm_type", 2) for _, callback in member.net.callbacks_]
    if any(float(kind) != 2 for kind in clips):
        return "gradients are clipped by another norm than the Euclidean one"
    own = next(iter(trained_params(member.net).values()))
    is_known = own.device.type == "cpu" and own.dtype in (torch.float32, torch.float64)
    return None if is_known else f"the kernel has no {own.dtype} on {own.device.type}"


def _compare(
    member: Member, net: NeuralNet, prepared: Prepared, dtype: torch.dtype, filled: bool, by_kernel: bool = False
) -> bool:
    """Raise if nets that skorch and a stack train differ; returns whether they also predict alike."""
    few = [_some_rows(member, prepared, i, dtype) for i in range(2)]
    members = [make_member(_small(net), few[i], (i, i), {}, dtype) for i in range(2)]
    before, begun = zip(*((net_state(each.net), cloned(named_tensors(each.net))) for each in members), strict=True)
    for each in members:
        each.unused = member.unused
        if not member.net.callbacks_:
            each.net.callbacks_ = []
        if may_predict(each.net):
            each.follow()
    rows = [tree_map(torch.as_tensor, each.fitted_on[0]) for each in members]

    def inputs(nets: Nets) -> tuple[Any, bool]:
        own = [rows[nets.members[i].noise_seed] for i in nets.order]
        return tree_map(lambda *parts: torch.stack(parts), *own), False

    training = Training(Job(members, filled, places=1, by_kernel=by_kernel), inputs)
    alike = True
    for trained in list(training.run()):
        if trained.refusal:
            raise ListenerError(*trained.refusal)
        i = trained.member.noise_seed
        trained.net.history_ = trained.history(is_looked_at=True)
        theirs = _by_skorch(_small(net), few[i], trained, _noise(training.stack, i), begun[i], dtype)
        if net_state(theirs) != before[i]:
            raise RefusalError("a training step changes an attribute of the module, the criterion or the net")
        tensors = cloned(named_tensors(theirs))
        alike &= _is_same(trained, theirs)
        # A module may keep its predictions in an attribute, which a scorer may read.
        alike &= net_state(theirs) == before[i]
        alike &= all(torch.equal(tensor, tensors[name]) for name, tensor in named_tensors(theirs).items())
    return alike


def _small(net: NeuralNet) -> NeuralNet:
    """Return an unfitted copy of a net that takes few rows and epochs."""
    settings: dict[str, Any] = dict.fromkeys(("iterator_train__sampler", "iterator_train__batch_sampler"))
    settings |= dict.fromkeys(("batch_size", "iterator_train__batch_size", "iterator_valid__batch_size"), _BATCH)
    settings |= {"max_epochs": _EPOCHS, "verbose": 0}
    for iterator in ("iterator_train", "iterator_valid"):
        settings |= {f"{iterator}__num_workers": 0, f"{iterator}__persistent_workers": False}
        settings |= {f"{iterator}__prefetch_factor": None, f"{iterator}__multiprocessing_context": None}
    if net.train_split:
        settings["train_split"] = _first_rows
    return clone(net).set_params(**settings)


def _first_rows(dataset: Any, y: Any = None, **fit_params: Any) -> tuple[Subset, Subset]:
    rows, n = list(range(len(dataset))), len(dataset) // 2 + 2
    return Subset(dataset, rows[:n]), Subset(dataset, rows[n:])


def _some_rows(member: Member, prepared: Prepared, number: int, dtype: torch.dtype) -> Prepared:
    """Return some rows to train on, and four fewer to hold out.

    There are a few of each class, or of each quarter of numbers, in random order: class weights show in a batch with
    several classes, and scores of an epoch may need all classes.
    """
    train, generator = member.train, np.random.default_rng(number)
    by_target, by_row = (tree_leaves(part)[0].reshape(train.n, -1).double().sum(1) for part in (train.y, train.X))
    classes, n_classes = _classes(by_target)
    n = _BATCH * max(2, -(-(n_classes + 2) // _BATCH))
    in_turn = np.resize(_in_turn(classes, generator.permutation(train.n)), 2 * n)
    held_out, chosen = in_turn[: n - 2], generator.permutation(in_turn[n - 2 :])
    # The last batch is filled up with its first row: if that is the largest or the smallest, an influence shows.
    extreme = int(by_row[chosen].argmin() if number else by_row[chosen].argmax())
    chosen[[n, extreme]] = chosen[[extreme, n]]
    rows = taken((train.X, train.y), chosen if member.valid is None else np.r_[chosen, held_out])
    X, y = tree_map(lambda t: t.to(dtype) if t.is_floating_point() else t, rows)
    alike = zip((X, y), member.fitted_on, strict=True)
    X, y = (part.numpy() if isinstance(like, np.ndarray) else part for part, like in alike)
    return Prepared(prepared.X, prepared.y, handed_on=(X, y))


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


def _noise(stack: Stack, i: int) -> list[Tensor]:
    """Draw the noise of a member's steps again."""
    generator, noise = torch.Generator().manual_seed(i), list[Tensor]()
    n_rows, dtype = sum(stack.lengths), stack.flat.dtype
    for sizes in stack.sizes:
        drawn = [draw.sample(n_rows, dtype, generator).split(stack.lengths) for draw in stack.draws]
        for n, batch in zip(sizes[stack.source_of[i]], zip(*drawn, strict=True), strict=False):
            noise += [part[:n] for part in batch]
    return noise


def _by_skorch(
    net: NeuralNet, prepared: Prepared, trained: Trained, noise: list[Tensor], begun: Tensors, dtype: torch.dtype
) -> NeuralNet:
    """Train a net as skorch does, from given weights; raises `RefusalError` if lockstep can't draw the same numbers."""
    X, y, _ = start(net, prepared, trained.member.noise_seed, dtype)
    step_lean(net.optimizer_)
    same_noise = GivenNoise(noise)

    def take_step(skorchs: Any, *args: Any, **kwargs: Any) -> Any:
        with same_noise:
            return skorchs(net, *args, **kwargs)

    with caught(io.StringIO()), method_of_one(net, "train_step_single", take_step):
        net.notify("on_train_begin", X=X, y=y)
        with torch.no_grad():  # the last bits of LAPACK's results differ from call to call
            for name, tensor in named_tensors(net).items():
                tensor.copy_(begun[name])
        numbers = other_states()  # callbacks may have drawn some by now
        with contextlib.suppress(KeyboardInterrupt):
            net.fit_loop(X, y)
        net.notify("on_train_end", X=X, y=y)
    state_after = torch.get_rng_state()
    followed = trained.member.order.is_fixed or torch.equal(state_after, trained.random_state)
    if not followed or other_states() != numbers:
        raise RefusalError("the net draws random numbers that lockstep can't replay")
    if not all(isinstance(key, Tensor) for key in net.optimizer_.state):
        raise RefusalError("the optimizer keeps numbers that belong to no parameter")
    if {name for name, param in trained_params(net).items() if param.grad is None} != trained.member.unused:
        raise RefusalError("a parameter takes part in the loss in some steps only")
    return net


def _is_same(trained: Trained, theirs: NeuralNet) -> bool:
    """Raise `RefusalError` if a net from a stack differs from skorch's; returns whether it predicts the same."""
    dtype = next(iter(trained_params(theirs).values())).dtype  # a callback may have made the module anew
    tolerance = {"rtol": 1e-6, "atol": 1e-9} if dtype == torch.float64 else {"rtol": 1e-3, "atol": 1e-5}

    def agree(one: Any, other: Any) -> bool:
        one, other = (torch.as_tensor(each, dtype=torch.float64) for each in (one, other))
        return one.shape == other.shape and torch.allclose(one, other, equal_nan=True, **tolerance)

    ours = dict(_numbers_of(trained.net))
    for (what, place), number in _numbers_of(theirs):
        if what.startswith("the history's") and not trained.net.callbacks_ and (what, place) not in ours:
            continue  # records of callbacks, which nobody will read
        if not agree(ours.get((what, place), math.nan), number):
            raise RefusalError(f"in a trial, {what} differed from skorch's")
    try:
        made = zip(tree_leaves(trained.outputs), tree_leaves(theirs.forward(trained.member.fitted_on[0])), strict=True)
        return all(agree(one, other.cpu()) for one, other in made)
    except Exception:  # whatever skorch raises if it can't join the outputs of batches
        return False


def _numbers_of(net: NeuralNet) -> Iterator[tuple[tuple[str, Any], Any]]:
    """Yield all numbers of a trained net except times, each with a description and a place."""
    for name, tensor in named_tensors(net).items():
        yield (f"the values of {name.partition('.')[2]}", name), tensor.detach()
    for name, param in trained_params(net).items():
        for key, value in net.optimizer_.state.get(param, {}).items():
            if isinstance(value, Tensor | float | int):
                yield (f"the optimizer's {key}", name), value
    yield ("the number of epochs", None), len(net.history)
    for i, row in enumerate(row for epoch in net.history for row in (epoch, *epoch["batches"])):
        for key, value in row.items():
            if isinstance(value, float | int) and key != "dur":
                yield (f"the history's {key}", i), float(value)
