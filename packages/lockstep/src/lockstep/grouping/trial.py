"""Tries a kind of net before it is trained in lockstep: skorch and a stack take a few steps, which must agree."""

import contextlib
import io
import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import torch
from skorch import NeuralNet
from torch import Tensor

from lockstep._compat import tree_leaves, tree_map
from lockstep.grouping.extremes import check_extremes
from lockstep.grouping.small import FewRows, small
from lockstep.members.callbacks import may_predict
from lockstep.members.member import Member, begin, make_member, start
from lockstep.members.numerics import other_states
from lockstep.members.own_fit import Prepared, method_of_one
from lockstep.members.parts import (
    Tensors,
    cloned,
    named_tensors,
    step_lean,
    trained_params,
)
from lockstep.members.refusals import ListenerError, RefusalError, refusal_of
from lockstep.members.rows import distinct
from lockstep.members.state import AS_BUFFER, made_anew, net_state, other_attribute
from lockstep.stacks.batches import Batches
from lockstep.stacks.layers import GivenNoise
from lockstep.stacks.nets import Job, Nets
from lockstep.stacks.streams import Streams
from lockstep.stacks.trained import Trained
from lockstep.stacks.training import Training
from lockstep.turns import caught

SHARED = "nets share memory with one another"

_ELSEWHERE = "an attribute of the criterion or the net, or a global variable"


class Verdict(NamedTuple):
    """The result of the trial of a kind of net."""

    filled: bool  # whether batches may be filled up with rows of weight zero
    answers: bool  # whether a stack computes the predictions of its nets


def prove(
    member: Member,
    net: NeuralNet,
    prepared: Prepared,
    may_fill: bool,
    programs: dict[Any, dict[Any, Any]],
    updates: dict[Any, Any],
) -> Verdict:
    """Train two nets of a member's kind both ways; raises `RefusalError` if the results differ, or one raises.

    `net` is the member's net before its `fit`, and `prepared` has the rows for `fit`: the net's own code may see and
    prepare all of them, but here it trains on few. `may_fill` is whether its own rows allow batches to be filled up.
    `programs` has those of earlier trials, of nets that may share a stack with the member, `updates` the steps of
    optimizers that one object can step.
    """
    rows = FewRows(member, prepared)
    twin = small(net)
    begin(twin, rows.chosen(1, torch.get_default_dtype()), member.noise_seed)
    if not changing(member.net).isdisjoint(changing(twin)):
        raise RefusalError(SHARED)
    if name := made_anew(member.net, twin):
        raise RefusalError(
            f"each net has a class {name} of its own",
            "define the class outside of functions, once",
        )
    if path := other_attribute(member.net.module_, twin.module_):
        raise RefusalError(
            f"the module's attribute {path} differs from net to net", AS_BUFFER
        )
    own = next(iter(trained_params(member.net).values())).dtype
    errors: dict[torch.dtype, Exception] = {}
    for dtype in torch.float64, torch.float32:
        for filled in (True, False) if may_fill else (False,):
            try:
                tried = programs.setdefault((dtype, filled, rows.n), {})
                job = Job([], filled, tried, updates)
                verdict = Verdict(filled, _compare(member, net, rows, dtype, job))
            except Exception as error:
                # Whatever a module raises in float64, or as it is recorded.
                errors[dtype] = error
            else:
                if own == torch.float32 and not member.evaluated_by_torch:
                    check_extremes(member)
                return verdict
        if isinstance(errors[dtype], RefusalError) and not isinstance(
            errors[dtype], ListenerError
        ):
            break  # a trial in float32 is only for nets that fix their type, as with a callback that has its own rows
    raise RefusalError(*refusal_of(errors.get(own) or errors[torch.float64]))


def changing(net: NeuralNet, named: Tensors | None = None) -> set[int]:
    """Return the addresses of the tensors that a net's training changes; `named` are its tensors, if known."""
    buffers = [*net.module_.buffers(), *net.criterion_.buffers()]
    return {
        t.untyped_storage().data_ptr()
        for t in (*trained_params(net, named).values(), *buffers)
        if t.numel()
    }


def _compare(
    member: Member, net: NeuralNet, rows: FewRows, dtype: torch.dtype, job: Job
) -> bool:
    """Raise if nets that skorch and a stack train differ; returns whether they also predict alike."""
    few = [rows.chosen(i, dtype) for i in range(2)]
    members = [make_member(small(net), few[i], (i, i), {}, dtype) for i in range(2)]
    before, begun = zip(
        *((net_state(each.net), cloned(named_tensors(each.net))) for each in members),
        strict=True,
    )
    for each in members:
        each.unused = member.unused
        each.evaluation_counts = member.evaluation_counts
        each.evaluated_by_torch = member.evaluated_by_torch
        if not member.net.callbacks_:
            each.net.callbacks_ = []
        if may_predict(each.net):
            each.follow()
    asked = [tree_map(torch.as_tensor, each.fitted_on[0]) for each in members]

    def inputs(nets: Nets) -> tuple[list[Any], np.ndarray]:
        return distinct([asked[each.noise_seed] for each in nets.members])

    training = Training(replace(job, members=members), inputs, keeps_all=True)
    alike = True
    for trained in list(training.run()):
        if trained.refusal:
            raise ListenerError(*trained.refusal)
        i = trained.member.noise_seed
        trained.net.history_ = trained.history(is_looked_at=True)
        noise = _noise(training.stack.batches, i)
        theirs = _by_skorch(small(net), few[i], trained, noise, begun[i], dtype)
        if net_state(theirs) != before[i]:
            begin(untrained := small(net), few[i], i, dtype)
            path = other_attribute(theirs.module_, untrained.module_)
            if path:
                raise RefusalError(
                    f"a training step changes the module's attribute {path}", AS_BUFFER
                )
            raise RefusalError(f"a training step changes {_ELSEWHERE}")
        tensors = cloned(named_tensors(theirs))
        alike &= _is_same(trained, theirs)
        # A module may keep its predictions in an attribute, which a scorer may read.
        alike &= net_state(theirs) == before[i]
        alike &= all(
            torch.equal(tensor, tensors[name])
            for name, tensor in named_tensors(theirs).items()
        )
    return alike


def _noise(batches: Batches, i: int) -> list[Tensor]:
    """Draw the noise of a member's steps again."""
    stream = Streams([i])
    noise = list[Tensor]()
    for sizes in batches.sizes:
        n_rows = sum(batches.lengths)
        dtype = batches.dtype
        drawn = [
            stream.draw(draw, n_rows, dtype)[0].split(batches.lengths)
            for draw in batches.draws
        ]
        of_batches = zip(*drawn, strict=True)
        for n, batch in zip(sizes[batches.source_of[i]], of_batches, strict=False):
            noise += [part[:n] for part in batch]
    return noise


def _by_skorch(
    net: NeuralNet,
    prepared: Prepared,
    trained: Trained,
    noise: list[Tensor],
    begun: Tensors,
    dtype: torch.dtype,
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
        # The last bits of LAPACK's results differ from call to call.
        with torch.no_grad():
            for name, tensor in named_tensors(net).items():
                tensor.copy_(begun[name])
        numbers = other_states()  # callbacks may have drawn some by now
        with contextlib.suppress(KeyboardInterrupt):
            net.fit_loop(X, y)
        net.notify("on_train_end", X=X, y=y)
    state_after = torch.get_rng_state()
    followed = trained.member.order.is_fixed or torch.equal(
        state_after, trained.random_state
    )
    if not followed or other_states() != numbers:
        raise RefusalError(
            "a step draws random numbers that lockstep can't replay, such as numpy's or torch.randperm's",
            "torch.rand, torch.randn and dropout can be replayed",
        )
    if not all(isinstance(key, Tensor) for key in net.optimizer_.state):
        raise RefusalError("the optimizer keeps numbers that belong to no parameter")
    params = trained_params(net).items()
    unused = {name for name, param in params if param.grad is None}
    if unused != trained.member.unused:
        raise RefusalError("a parameter takes part in the loss in some steps only")
    return net


def _is_same(trained: Trained, theirs: NeuralNet) -> bool:
    """Raise `RefusalError` if a net from a stack differs from skorch's; returns whether it predicts the same."""
    # Not the member's type, because a callback may have made the module anew.
    dtype = next(iter(trained_params(theirs).values())).dtype
    tolerance = {"rtol": 1e-3, "atol": 1e-5}
    if dtype == torch.float64:
        tolerance = {"rtol": 1e-6, "atol": 1e-9}

    def agree(one: Any, other: Any) -> bool:
        one, other = (
            torch.as_tensor(each, dtype=torch.float64) for each in (one, other)
        )
        return one.shape == other.shape and torch.allclose(
            one, other, equal_nan=True, **tolerance
        )

    ours = dict(_numbers_of(trained.net))
    for key, number in _numbers_of(theirs):
        what, _ = key
        is_of_history = what.startswith("the history's")
        if is_of_history and not trained.net.callbacks_ and key not in ours:
            continue  # records of callbacks, which nobody will read
        if not agree(ours.get(key, math.nan), number):
            raise RefusalError(f"in a trial, {what} differed from skorch's")
    try:
        made = tree_leaves(theirs.forward(trained.member.fitted_on[0]))
        pairs = zip(tree_leaves(trained.outputs), made, strict=True)
        return all(agree(one, other.cpu()) for one, other in pairs)
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
    batches = [row for epoch in net.history for row in epoch["batches"]]
    for place, rows in (("epochs", net.history), ("batches", batches)):
        records = defaultdict[str, list[float]](list)
        for row in rows:
            for key, value in row.items():
                if isinstance(value, float | int) and key != "dur":
                    records[key].append(value)
        for key, values in records.items():
            numbers = torch.tensor(values, dtype=torch.float64)
            yield (f"the history's {key}", place), numbers
