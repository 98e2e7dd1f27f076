"""Hands a trained net back to scikit-learn, which scores it as if it had just been fitted."""

import contextlib
import io
from typing import Any

import torch
from sklearn.base import BaseEstimator
from skorch import NeuralNet

from lockstep._compat import lean_selection
from lockstep.fits.answers import Answer, Forward
from lockstep.fits.surroundings import assemble
from lockstep.fits.tasks import Outcome, Task, outcome_of
from lockstep.members.numerics import set_others
from lockstep.members.own_fit import Prepared, method_of_one, stand_ins
from lockstep.members.refusals import DIVERGED, Refusal
from lockstep.stacks.trained import Trained
from lockstep.turns import caught


def hand_back(
    task: Task, trained: Trained, prepared: Prepared, forward: Forward
) -> Outcome | None:
    """Let scikit-learn score a trained net; returns None if skorch has to fit the net alone.

    `prepared` has the fitted steps around the net; `forward` computes the net's outputs for further rows.
    """
    if not trained.is_finite and not hasattr(type(trained.net), "diverged_"):
        task.refusal = DIVERGED
        return None
    printed = io.StringIO()
    # Closed after the scoring; until then the stack's outputs replace predictions.
    with caught(printed), contextlib.ExitStack() as scored:
        is_taken_over = False

        def fit(X: Any, y: Any = None, **fit_params: Any) -> BaseEstimator:
            """Stand in for the estimator's `fit`."""
            vars(task.estimator).pop("fit")
            return assemble(task.estimator, prepared.fitted, fit_net)

        def fit_net(net: NeuralNet) -> NeuralNet:
            """Run a net's own `fit`; instead of training, the net takes over the trained one."""
            begun = printed.tell()
            before_training = dict(vars(net))

            def partial_fit(*args: Any, **kwargs: Any) -> NeuralNet:
                nonlocal is_taken_over
                # A second training is skorch's.
                for name in (
                    "partial_fit",
                    "initialize",
                ):
                    vars(net).pop(name)
                # The output below repeats what its `fit` has printed so far.
                printed.seek(begun)
                printed.truncate()
                print(trained.member.output.getvalue(), end="")
                set_by_fit = {
                    k: v
                    for k, v in vars(net).items()
                    if v is not before_training.get(k)
                }
                _take_over(net, task, trained, prepared)
                vars(net).update(set_by_fit)  # which it may hold
                is_taken_over = True
                if trained.outputs is not None:
                    answer = Answer(
                        net, trained.member.rows_to_answer, trained.outputs, forward
                    )
                    scored.enter_context(method_of_one(net, "forward_iter", answer))
                return net

            with stand_ins(net, partial_fit=partial_fit, initialize=lambda: net):
                return net.fit(prepared.X, prepared.y)

        with stand_ins(task.estimator, fit=fit), lean_selection():
            outcome = outcome_of(task.run, task.seeds[0])
    if not is_taken_over:
        task.refusal = Refusal(
            f"the fit of {type(trained.net).__name__} looks at the net before it is trained"
        )
        return None
    print(printed.getvalue(), end="")
    result, _ = outcome
    if isinstance(result, dict) and "fit_time" in result:
        result["fit_time"] += trained.fit_time
    return outcome


def _take_over(
    net: NeuralNet, task: Task, trained: Trained, prepared: Prepared
) -> None:
    """Give a net its state after the training."""
    vars(net).update(vars(trained.net))
    net.history_ = trained.history(task.is_looked_at)
    torch.set_rng_state(trained.random_state)
    if others := trained.member.others or (
        prepared.random_states and prepared.random_states[1]
    ):
        set_others(others)
