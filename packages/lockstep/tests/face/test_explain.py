"""`explain`: whether a net goes in lockstep, as a search finds it, and what that gains."""

import itertools
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from joblib import parallel_config
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNet
from skorch.callbacks import Callback, EarlyStopping
from torch import Tensor, nn

from lockstep import explain, reads_only
from lockstep.explaining import _seconds
from packages.lockstep.tests.cases.base import LABELS, classifier
from packages.lockstep.tests.cases.modules import MLP, Recurrent
from packages.lockstep.tests.cases.training import OwnTrainStep
from packages.lockstep.tests.searches import ROWS, told


def test_explain_says_whether_a_net_goes_in_lockstep() -> None:
    before = torch.get_rng_state()
    for estimator in (classifier(), make_pipeline(StandardScaler(), classifier())):
        said = explain(estimator, ROWS, LABELS)
        assert said.startswith(
            "NeuralNetClassifier goes in lockstep: 16 nets in a stack take about "
        )
    assert not classifier().initialized_
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    "around", [lambda net: net, lambda net: make_pipeline(StandardScaler(), net)]
)
def test_explain_gives_the_error_of_skorch_for_what_skorch_can_not_fit(
    around: Any,
) -> None:
    wrong = {
        classifier(
            module__no_such="x"
        ): "TypeError: .* got an unexpected keyword argument 'no_such'",
        classifier(
            train_split=None, callbacks=[EarlyStopping()]
        ): "KeyError: .*valid_loss",
        classifier(
            module=nn.Linear, module__in_features=99, module__out_features=2
        ): "RuntimeError: (addmm: )?mat1 and mat2 .*",
    }
    for broken, error in wrong.items():
        said = explain(around(broken), ROWS, LABELS)
        assert re.fullmatch(
            rf"skorch can't fit NeuralNetClassifier: {error}.*\.", said
        ), said
        with pytest.raises(Exception, match=error.partition(": ")[2]):
            around(broken).fit(ROWS, LABELS)


def test_explain_does_not_call_a_callback_that_may_do_anything() -> None:
    called: list[str] = []

    class Writes(Callback):
        def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
            called.append("a file")

    assert explain(classifier(callbacks=[Writes()]), ROWS, LABELS).startswith(
        "NeuralNetClassifier is fitted alone: Wri"
    )
    assert not called


def test_explain_says_where_plain_skorch_wins_on_several_cores(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for cores, wins in ((1, False), (10_000, True)):
        monkeypatch.setattr("lockstep.explaining.cpu_count", lambda cores=cores: cores)
        said = explain(classifier(), ROWS, LABELS)
        assert (
            "There are 10000 cores here: with n_jobs=10000, plain skorch is faster"
            in said
        ) == wins


@pytest.mark.parametrize("wrong", [LogisticRegression(), classifier])
def test_explain_takes_a_net(wrong: Any) -> None:
    with pytest.raises(TypeError, match="explain takes a net of skorch"):
        explain(wrong, ROWS, LABELS)


class InHalf(MLP):
    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return super().forward(x).to(x.dtype)


SERIES = np.random.RandomState(1).randn(len(ROWS), 20, 3).astype(np.float32)


@pytest.mark.parametrize(
    ("net", "rows", "said"),
    [
        (classifier(Recurrent, batch_size=60), SERIES, ""),
        (
            classifier(wrapper=OwnTrainStep),
            ROWS,
            "is fitted alone: OwnTrainStep has its own train_step_single",
        ),
        (
            classifier(InHalf),
            ROWS,
            "is fitted alone: a step computes in torch.bfloat16, as torch.autocast does",
        ),
    ],
)
def test_explain_says_what_a_search_of_five_folds_says(
    net: Any, rows: np.ndarray, said: str
) -> None:
    explained = explain(net, rows, LABELS)
    with told() as messages, parallel_config(backend="lockstep"):
        cross_val_score(net, rows, LABELS, scoring="neg_log_loss", error_score="raise")
    if said:
        assert explained.startswith(f"{type(net).__name__} {said}")
        assert messages[0].startswith(
            said.removeprefix("is fitted alone: ").removesuffix(".")
        )
    else:
        assert " goes in lockstep: " in explained
        assert messages == []


@reads_only
class Ends(Callback):
    """Ends a training after an epoch, or raises an error if a row is there."""

    def __init__(self, row: Any = None) -> None:
        self.row = row

    def on_epoch_end(self, net: NeuralNet, dataset_train: Any, **kwargs: Any) -> None:
        is_trial = len(dataset_train) < 20
        if self.row is None:
            raise KeyboardInterrupt
        if not is_trial and (dataset_train.X == self.row).all(1).any():
            raise ValueError("the row is there")


def test_explain_says_on_how_many_folds_a_net_is_fitted_alone() -> None:
    said = explain(
        classifier(callbacks=[Ends(ROWS[0])], train_split=None), ROWS, LABELS
    )
    assert (
        said
        == "NeuralNetClassifier is fitted alone on 4 of 5 folds: ValueError: the row is there."
    )


def test_explain_compares_no_times_of_a_training_of_one_epoch_that_a_callback_ends() -> (
    None
):
    said = explain(classifier(callbacks=[Ends()]), ROWS, LABELS)
    assert said == "NeuralNetClassifier goes in lockstep."


def ticking(seconds: float) -> Callable[[], float]:
    """Return a clock that goes on by a number of seconds whenever it is asked."""
    return partial(next, itertools.count(step=seconds))


def test_explain_compares_the_cpu_time_of_epochs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lockstep.explaining._clock", ticking(0.001))
    assert (
        "take about 1 ms for an epoch, and by skorch, one by one, 16 ms, about 16 times"
        in explain(classifier(), ROWS, LABELS)
    )


def test_explain_trains_for_some_seconds_at_most(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lockstep.explaining._clock", ticking(1.0))
    assert "goes in lockstep: 16 nets" in explain(
        classifier(max_epochs=10**6), ROWS, LABELS
    )


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.0238, "24 ms"),
        (0.000144, "0.14 ms"),
        (0.0998, "100 ms"),
        (1.94, "1.9 s"),
        (3731, "3,700 s"),
    ],
)
def test_explain_rounds_as_a_person_does(seconds: float, said: str) -> None:
    assert _seconds(seconds) == said
