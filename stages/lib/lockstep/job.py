"""One job of a search: trains a stack and scores its nets."""

import math
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import torch
from sklearn.metrics._scorer import _MultimetricScorer
from sklearn.model_selection._validation import _score
from sklearn.pipeline import Pipeline
from skorch import NeuralNet
from torch import Tensor
from torch.utils._pytree import tree_leaves, tree_map

from stages.lib.lockstep.plan import StackPlan
from stages.lib.lockstep.splits import Splits
from stages.lib.lockstep.stack import Stack

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
    """Train a stack, and score each net after the epochs that its candidates ask for.

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
        Keeps a group's traced step for its next stack.
    advance : callable
        Called with the number of net-epochs newly done.

    Returns
    -------
    dict
        `test_scores`, `fit_time` and `score_time` (seconds, a net's share) and, if requested, `train_scores`. If the
        stack can't be trained, a string that says why.
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


class LockstepScorer:
    """Scores a candidate's net from outputs that are already computed.

    Parameters
    ----------
    net : NeuralNet
        The candidate's, unfitted.
    splits : Splits
    scorer : callable, or scikit-learn's scorer of several metrics
    error_score : float or 'raise'
        As in GridSearchCV.
    """

    def __init__(self, net: NeuralNet, splits: Splits, scorer: Any, error_score: float | str) -> None:
        self.net, self.splits, self.scorer, self.error_score = net.initialize(), splits, scorer, error_score

    def score(self, number: int, rows: np.ndarray, outputs: Any, weights: Callable[[], dict[str, Any]]) -> Any:
        """Score one fit.

        Parameters
        ----------
        number : int
            The number of the split.
        rows : array of int
            The row numbers to score on.
        outputs : Tensor or tuple of Tensor
            The net's outputs for all rows of `X`, as its `evaluation_step` gives them.
        weights : callable
            Returns the net's parameters and buffers, for a scorer that asks for other rows than `rows`.

        Returns
        -------
        float, or dict of float by metric
        """
        net, split = self.net, self.splits.splits[number]
        X, y = self.splits.X, self.splits.y
        inputs = split.transform(X[rows])
        net.check_data(inputs, y[split.train])
        known = tree_map(lambda tensor: tensor[torch.as_tensor(rows)], outputs)

        def forward_iter(X: Any, training: bool = False, device: str = "cpu") -> Iterator[Any]:
            if not training and len(X) == len(inputs) and (X is inputs or np.array_equal(X, inputs)):
                yield known
            else:
                net.module_.load_state_dict(weights(), strict=False)
                yield from type(net).forward_iter(net, X, training=training, device=device)

        net.diverged_ = False
        net.forward_iter = forward_iter
        estimator = Pipeline([*split.steps, ("net", net)]) if split.steps else net
        return _score(estimator, X[rows], y[rows], self.scorer, {}, self.error_score)

    def no_score(self) -> Any:
        """Return the score of a net that diverged."""
        if isinstance(self.scorer, _MultimetricScorer):
            return dict.fromkeys(self.scorer._scorers, math.nan)
        return math.nan
