"""Whether a stack answers for its nets: scikit-learn's scorers are answered, functions of one's own get plain nets."""

import copy
from collections.abc import Callable
from typing import Any
from unittest import mock

import numpy as np
import pytest
import torch
from sklearn.metrics import make_scorer
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNet, NeuralNetClassifier
from skorch.dataset import ValidSplit
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_hook
from torch.nn.utils.parametrize import register_parametrization
from torch.utils.data import default_collate

from lockstep import LockstepWarning, reads_only
from lockstep.fits.answers import Answer, RowsToAnswer
from lockstep.members.own_fit import method_of_one
from lockstep.stacks import nets
from packages.lockstep.tests.cases.base import LABELS, classifier
from packages.lockstep.tests.cases.modules import MLP, WIDTH
from packages.lockstep.tests.searches import ROWS, both_ways, check, probability, scores


def share(y: Any, predicted: Any) -> float:
    return float(np.mean(y == predicted))


@reads_only
def asks(net: Any, X: Any, y: Any) -> float:
    return probability(net, X)


class Changes(NeuralNetClassifier):
    """Calls a function before it predicts, and after its training."""

    def __init__(
        self, *args: Any, change: Any = None, before: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.change, self.before = change, before

    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> NeuralNet:
        super().fit(X, y, **fit_params)
        self.rows_ = X
        if self.change and not self.before:
            self.change(self)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        if self.change and self.before:
            self.change(self)
        return super().predict_proba(X)


ANSWERED: dict[str, tuple[Any, bool]] = {
    "a name": ("neg_log_loss", True),
    "the net's own score": (None, True),
    "make_scorer": (make_scorer(share), True),
    "a function": (probability, False),
    "a function among names": ({"a": "accuracy", "b": probability}, False),
    "a function that only asks": (asks, True),
}


@pytest.mark.parametrize("name", ANSWERED)
def test_a_stack_answers_scorers_that_only_ask(name: str) -> None:
    scoring, answered = ANSWERED[name]
    net = classifier(wrapper=Changes)

    def validated() -> tuple[dict[str, Any], int]:
        """Return scores, and how often skorch evaluates a batch."""
        step = NeuralNet.evaluation_step
        with mock.patch.object(
            NeuralNet, "evaluation_step", autospec=True, side_effect=step
        ) as counted:
            every = cross_validate(
                net, ROWS, LABELS, cv=3, scoring=scoring, return_train_score=True
            )
        return {
            key: value for key, value in every.items() if "time" not in key
        }, counted.call_count

    (ours, few), (theirs, many) = both_ways(validated)
    for key, value in theirs.items():
        np.testing.assert_allclose(ours[key], value, rtol=1e-5)
    # A trial predicts a few times.
    assert (few < many / 2) == answered


def test_a_scorer_that_changes_weights_changes_one_candidate() -> None:
    def shrunk(net: Any, rows: Any, y: Any) -> float:
        with torch.no_grad():
            for weight in net.module_.parameters():
                weight *= 0.5
        return probability(net, rows) + sum(
            float(weight.grad.norm()) for weight in net.module_.parameters()
        )

    check(
        classifier(), shrunk, [{"lr": [0.1]}, {"lr": [0.1, 0.02], "batch_size": [16]}]
    )


class Tempered(nn.Module):
    """Divides its outputs by numbers that stand in many places."""

    temperature: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.dropout = nn.Dropout(0.0)
        self.layers = nn.Sequential(
            nn.Linear(WIDTH, 4),
            nn.BatchNorm1d(4),
            nn.Tanh(),
            self.dropout,
            nn.Linear(4, 2),
        )
        self.register_buffer("temperature", torch.ones(()))
        self.numbers, self.is_raw = [1.0], False

    def forward(self, x: Tensor) -> Tensor:
        made = (
            self.layers(x) / self.temperature / self.numbers[-1] * (1 - self.dropout.p)
        )
        return 5 * made if self.is_raw else made


@pytest.mark.parametrize("train", [False, True])
@pytest.mark.parametrize("module", [MLP, Tempered])
def test_nets_of_a_split_share_the_rows_that_they_are_evaluated_on(
    module: Any, train: bool, noted: Any
) -> None:
    """Each split has rows of its own, and the nets of three splits share a stack; batch norm has batches."""
    seen = noted(
        nets,
        "Evaluator",
        lambda made, rows, *_: (len(rows.of_net), len(rows.sources)),
    )
    net = make_pipeline(StandardScaler(), classifier(module, train_split=ValidSplit(4)))
    grid = {"neuralnetclassifier__lr": [0.1, 0.02]}

    def searched() -> Any:
        found = GridSearchCV(
            net,
            grid,
            cv=3,
            scoring="neg_log_loss",
            return_train_score=train,
            refit=False,
        )
        found.fit(ROWS, LABELS)
        return [
            value for key, value in found.cv_results_.items() if key.startswith("split")
        ]

    np.testing.assert_allclose(*both_ways(searched), rtol=1e-4)
    assert {each for each in seen if each[0] > 2} == {
        (6, 3)
    }  # the others are of a trial


def parts(net: NeuralNet) -> Any:
    return net.module_.layers


def anew(net: NeuralNet) -> None:
    """Compute the statistics of batch norm from the training rows."""
    parts(net)[1].reset_running_stats()
    parts(net)[1].momentum = None
    with torch.no_grad():
        net.module_.train()(torch.as_tensor(net.rows_))


CHANGES: dict[str, Callable[[NeuralNet], Any]] = {
    "weights": lambda net: [
        weight.data.mul_(4).round_().div_(4) for weight in net.module_.parameters()
    ],
    "a buffer": lambda net: net.module_.temperature.fill_(3.0),
    "an attribute": lambda net: setattr(net.module_, "is_raw", True),
    "a list in place": lambda net: net.module_.numbers.append(3.0),
    "statistics": anew,
    "a hook": lambda net: parts(net)[4].register_forward_hook(
        lambda layer, rows, made: made * 0.5
    ),
    "a hook of all modules": lambda net: setattr(
        net,
        "handle_",
        register_module_forward_hook(lambda layer, rows, made: made * 0.9),
    ),
    "a layer": lambda net: parts(net).__setitem__(2, nn.ReLU()),
    "a layer's class": lambda net: setattr(parts(net)[2], "__class__", nn.Sigmoid),
    "a parametrization": lambda net: register_parametrization(
        parts(net)[4], "bias", nn.Tanh(), unsafe=True
    ),
    "a rate of dropout": lambda net: setattr(net.module_.dropout, "p", 0.5),
    "the loader": lambda net: setattr(
        net,
        "iterator_valid__collate_fn",
        lambda rows: [default_collate(rows)[0] * 3] * 2,
    ),
    "infer": lambda net: setattr(
        net, "infer", lambda x, **options: net.module_(x) * 0.5
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_net_is_answered_only_while_it_is_as_its_stack_left_it(name: str) -> None:
    net = classifier(Tempered).initialize()
    net.rows_, made = ROWS, torch.full((len(ROWS), 2), 9.0)
    answer = Answer(
        net,
        RowsToAnswer(made, [(ROWS, np.arange(len(ROWS)))]),
        made,
        lambda net, rows: made[: len(rows)],
    )
    rows = ROWS, ROWS[1:33]
    with method_of_one(net, "forward_iter", answer):
        vars(net)["predict_proba"] = (
            net.predict_proba
        )  # as a scorer that remembers answers may do
        assert all(bool((net.forward(each) == 9).all()) for each in rows)
        # Nothing is proven for batches of a length that the known rows do not have.
        assert not bool((net.forward(ROWS[1:9]) == 9).any())
        CHANGES[name](net)
        found = [net.forward(each) for each in rows]
    torch.testing.assert_close(found, [net.forward(each) for each in rows])
    if hasattr(net, "handle_"):
        net.handle_.remove()


@pytest.mark.parametrize("before", [False, True])
def test_a_net_may_change_itself_in_its_fit_and_before_it_predicts(
    before: bool,
) -> None:
    check(
        classifier(Tempered, Changes, change=CHANGES["an attribute"], before=before),
        "neg_log_loss",
        rtol=1e-5,
    )


class Encoded(nn.Module):
    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder, self.last = encoder, nn.Linear(WIDTH, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(torch.tanh(self.encoder(x)))


@pytest.mark.parametrize(
    "part", [nn.Linear(WIDTH, WIDTH), nn.BatchNorm1d(WIDTH, affine=False)]
)
def test_nets_that_share_an_encoder_change_it_one_after_another(
    part: nn.Module,
) -> None:
    def found(stack: bool) -> list[float]:
        shared = copy.deepcopy(part)
        encoders = [lambda: Encoded(copy.deepcopy(part)), lambda: Encoded(shared)]
        return scores(classifier(), {"module": encoders}, probability, stack)

    with pytest.warns(LockstepWarning, match="nets share memory"):
        np.testing.assert_allclose(found(stack=True), found(stack=False), rtol=1e-5)
