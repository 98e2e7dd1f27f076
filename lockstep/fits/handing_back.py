"""Hands a trained net back to scikit-learn, which scores it as if it had just been fitted."""

import contextlib
import io
from dataclasses import dataclass
from typing import Any

import torch
from sklearn.base import BaseEstimator
from skorch import NeuralNet

from lockstep.fits.answers import Answer, Forward
from lockstep.fits.surroundings import assemble
from lockstep.fits.tasks import Outcome, Task, outcome_of
from lockstep.members.numerics import set_others
from lockstep.members.own_fit import Prepared, method_of_one, stand_ins
from lockstep.members.refusals import Refusal
from lockstep.stacks.trained import Trained
from lockstep.turns import caught


def hand_back(task: Task, trained: Trained, prepared: Prepared, forward: Forward) -> Outcome | None:
    """Let scikit-learn score a trained net; returns None if skorch has to fit the net alone.

    `forward` computes the net's outputs for further rows.
    """
    if not trained.is_finite and not hasattr(type(trained.net), "diverged_"):
        task.refusal = Refusal("weights become infinite or NaN")  # skorch has to meet these itself
        return None
    printed = io.StringIO()
    with caught(printed), contextlib.ExitStack() as scored:
        handed = _HandedBack(task, trained, prepared, forward, printed, scored)
        with stand_ins(task.estimator, fit=handed.fit):
            outcome = outcome_of(task.run, task.seeds[0])
    if handed.net is None:
        task.refusal = Refusal(f"the fit of {type(trained.net).__name__} looks at the net before it is trained")
        return None
    print(printed.getvalue(), end="")
    result, _ = outcome
    if isinstance(result, dict) and "fit_time" in result:
        result["fit_time"] += trained.fit_time
    return outcome


@dataclass
class _HandedBack:
    """A trained net on its way into the estimator that scikit-learn fits and scores."""

    task: Task
    trained: Trained
    prepared: Prepared  # whose estimator has the fitted steps around the net
    forward: Forward  # computes the net's outputs for further rows
    printed: io.StringIO  # gets standard output meanwhile
    scored: contextlib.ExitStack  # closed after the scoring; until then the stack's outputs replace predictions
    net: NeuralNet | None = None  # the estimator's, once it has taken over the training

    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> BaseEstimator:
        """Stand in for the estimator's `fit`."""
        vars(self.task.estimator).pop("fit")
        return assemble(self.task.estimator, self.prepared.fitted, self._fit_net)

    def _fit_net(self, net: NeuralNet) -> NeuralNet:
        """Run a net's own `fit`; instead of training, the net takes over the trained one."""
        begun, before_training = self.printed.tell(), dict(vars(net))

        def partial_fit(*args: Any, **kwargs: Any) -> NeuralNet:
            for name in ("partial_fit", "initialize"):  # skorch does a second training
                vars(net).pop(name)
            self.printed.seek(begun)  # the output below repeats what its `fit` has printed so far
            self.printed.truncate()
            print(self.trained.member.output.getvalue(), end="")
            set_by_fit = {k: v for k, v in vars(net).items() if v is not before_training.get(k)}
            self._take_over(net)
            vars(net).update(set_by_fit)  # which it may hold
            if self.trained.outputs is not None:
                answer = Answer(net, self.trained.member.rows_to_answer, self.trained.outputs, self.forward)
                self.scored.enter_context(method_of_one(net, "forward_iter", answer))
            return net

        with stand_ins(net, partial_fit=partial_fit, initialize=lambda: net):
            return net.fit(self.prepared.X, self.prepared.y)

    def _take_over(self, net: NeuralNet) -> None:
        """Give a net its state after the training."""
        trained = self.trained
        vars(net).update(vars(trained.net))
        net.history_ = trained.history(self.task.is_looked_at)
        torch.set_rng_state(trained.random_state)
        others = trained.member.others or (self.prepared.random_states and self.prepared.random_states[1])
        if others:
            set_others(others)
        self.net = net
