"""One job of a search: trains a stack and scores its nets."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from torch import Tensor
from torch.utils._pytree import tree_leaves, tree_map

from stages.lib.plan import StackPlan
from stages.lib.scoring import LockstepScorer, Splits
from stages.lib.stack import Stack

# What scikit-learn gathers of each fit, by the numbers of candidate and split.
Out = dict[tuple[int, int], dict[str, Any]]


def run_stack(
    plan: StackPlan,
    *,
    splits: Splits,
    seed: int,
    scorer: Any,
    error_score: float | str,
    train_scores: bool,
    traces: dict[str, Any],
    advance: Callable[[int], None] = lambda more: None,
) -> Out | str:
    """Train a stack and score its nets after the epochs that each is wanted after.

    Parameters
    ----------
    plan : StackPlan
    splits : Splits
    seed : int
        The base seed.
    scorer, error_score
        As scikit-learn's `_score` takes them.
    train_scores : bool
        Whether to score on the training rows too.
    traces : dict
        Hands a group's traced step on to its next stack.
    advance : callable
        Called with a number of net-epochs that are done.

    Returns
    -------
    dict
        `test_scores`, `fit_time` and `score_time` (seconds, a net's share) and, where asked for, `train_scores`; or,
        where the stack can't be trained, a text that says why.
    """
    members = plan.members
    try:
        stack = Stack(members, {each.split: splits.rows(each.net, each.split) for each in members}, seed, plan.size)
        key = f"{plan.group} {stack.layout}"
        step = traces.get(key) or stack.trace()
    except Exception as error:  # whatever a module raises under vmap
        return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
    traces.clear()
    traces[key] = step

    nets = {id(member.net): member.net for member in members}
    scorers = {key: LockstepScorer(net, splits, scorer, error_score) for key, net in nets.items()}
    inputs = splits.inputs(stack.splits)
    out: Out = {}
    done, fit_time = 0, 0.0
    for after in sorted({epoch for epochs in plan.epochs for epoch in epochs}):
        start = time.perf_counter()
        for _ in range(after - done):
            stack.train_epoch(step)
            advance(len(members))
        done = after
        fit_time += time.perf_counter() - start

        start = time.perf_counter()
        outputs, finite = stack.outputs(inputs), stack.finite()
        scored: Out = {}
        for position, (member, epochs) in enumerate(zip(members, plan.epochs, strict=True)):
            if after not in epochs:
                continue
            own = tree_map(lambda tensor, position=position: tensor[position], outputs)
            split = splits.splits[member.split]
            net, weights = scorers[id(member.net)], partial(stack.weights, position)
            diverged = not (finite[position] and _is_finite(own, split.train))
            found = {
                f"{kind}_scores": net.no_score() if diverged else net.score(member.split, rows, own, weights)
                for kind, rows in (("test", split.test), ("train", split.train))
                if kind == "test" or train_scores
            }
            scored |= {(number, member.split): found for number in epochs[after]}
        score_time = time.perf_counter() - start
        shares = {"fit_time": fit_time / len(members), "score_time": score_time / len(members)}
        out |= {key: found | shares for key, found in scored.items()}
    return out


def _is_finite(outputs: Any, rows: np.ndarray) -> bool:
    return all(bool(t[rows].isfinite().all()) for t in tree_leaves(outputs) if isinstance(t, Tensor))
