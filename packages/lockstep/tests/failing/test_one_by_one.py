"""What can't train in lockstep is said once and fitted one by one, under the same seeds."""

import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNetClassifier
from skorch.callbacks import EarlyStopping, Freezer, Initializer
from torch import Tensor, nn

from lockstep import explain
from lockstep.grouping import trial
from packages.lockstep.tests.nets import (
    LABELS,
    LogitNet,
    X,
    Y,
    logit_net,
    net,
    one_by_one,
    scores,
    search,
    told,
)

REFUSED: dict[str, list[Any]] = {
    "optimizer": [
        torch.optim.Adafactor,
        torch.optim.SGD,
        torch.optim.LBFGS,
        torch.optim.Adam,
    ]
}


def test_refused_candidates_stand_between_the_others_and_each_reason_is_said_once() -> (
    None
):
    found, messages = told(net(), REFUSED, Y)
    assert len(messages) == 2
    for message, name in zip(messages, ("Adafactor", "LBFGS"), strict=True):
        assert message.startswith(f"{name} can't step stacked nets")
        assert message.endswith("so 1 of 4 candidates are fitted one by one")
    lockstep = search(grid={"optimizer": [torch.optim.SGD, torch.optim.Adam]})
    alone = one_by_one(grid={"optimizer": [torch.optim.Adafactor, torch.optim.LBFGS]})
    assert scores(found) == scores(lockstep) | scores(alone)


@pytest.mark.parametrize("stack", [True, False])
def test_progress_counts_net_epochs_and_comes_to_its_total_where_nets_stop_early(
    stack: bool,
) -> None:
    heard: list[tuple[int, int]] = []
    estimator = net(callbacks=[EarlyStopping(patience=2, threshold=0.5)], max_epochs=8)
    backend = {
        "on_progress": lambda more, total: heard.append((more, total)),
        "stack": stack,
    }
    told(
        estimator,
        {"optimizer": [torch.optim.SGD, torch.optim.Adafactor]},
        Y,
        backend=backend,
    )
    assert sum(more for more, _ in heard) == 2 * 3 * 8  # candidates, splits, epochs
    assert {total for _, total in heard} == {2 * 3 * 8}


def test_nets_that_differ_in_length_alone_are_one_training() -> None:
    heard: list[tuple[int, int]] = []
    grid = {"max_epochs": [1, 4], "lr": [0.1, 0.2]}
    lengths = search(
        grid=grid,
        backend={"on_progress": lambda more, total: heard.append((more, total))},
    )
    # A net of one epoch is one of four epochs part of the way, so it adds no epoch.
    assert sum(more for more, _ in heard) == 2 * 3 * 4
    assert {total for _, total in heard} == {2 * 3 * 4}
    short = scores(search(grid=grid | {"max_epochs": [1]}))
    assert short == {params: scores(lengths)[params] for params in short}


class Heavier(NeuralNetClassifier):
    def fit(self, X: Any, y: Any, weight: float = 1.0, **fit_params: Any) -> Any:
        self.module__n_hidden = int(weight)
        return super().fit(X, y, **fit_params)


def test_fits_with_parameters_are_those_of_skorch() -> None:
    def width(estimator: Any, rows: Any, y: Any) -> int:
        return estimator.module_.layers[0].out_features

    estimator = Heavier(
        LogitNet,
        criterion=nn.CrossEntropyLoss,
        max_epochs=2,
        verbose=0,
        callbacks="disable",
    )
    found, (message,) = told(
        estimator, {"lr": [0.1, 0.01]}, LABELS, fit={"weight": 3}, scoring=width
    )
    assert message.startswith("fit is given weight, so ")
    assert "put what belongs to rows, such as" in message
    assert found.cv_results_["mean_test_score"].tolist() == [3, 3]


class Projected(LogitNet):
    """Begins with random numbers that are no parameters: in an attribute, or in a buffer."""

    def __init__(self, as_buffer: bool) -> None:
        super().__init__()
        numbers = torch.randn(8, 8)
        if as_buffer:
            self.register_buffer("numbers", numbers)
        else:
            self.numbers = numbers

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x @ self.numbers.to(x))


class Begun(LogitNet):
    """Does itself what callbacks of skorch do."""

    def __init__(self) -> None:
        super().__init__()
        self.layers[0].requires_grad_(False)
        nn.init.zeros_(self.get_parameter("layers.3.bias"))


class WithBackwardHook(LogitNet):
    def __init__(self) -> None:
        super().__init__()
        self.layers[0].register_full_backward_hook(
            lambda layer, of_inputs, of_outputs: None
        )


class CountsCalls(LogitNet):
    n = 0

    def forward(self, x: Tensor) -> Tensor:
        self.n += 1
        return super().forward(x)


class KeepsFloats(LogitNet):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[float] = []
        self.layers.register_forward_hook(
            lambda layer, given, made: self.seen.append(float(made.mean()))
        )


class Compiled(LogitNet):
    def __init__(self) -> None:
        super().__init__()
        self.before = torch.compile(nn.functional.relu)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(self.before(x))


def made_anew() -> nn.Module:
    class Anew(LogitNet):
        pass

    return Anew()


class WithAnObject(LogitNet):
    def __init__(self) -> None:
        class Settings:
            factor = 2.0

        super().__init__()
        self.settings = Settings()


class WithScript(LogitNet):
    def __init__(self, script: Any) -> None:
        super().__init__()
        self.script = script(nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(self.script(x))


def traced(part: nn.Module) -> Any:
    return torch.jit.trace(part, torch.zeros(2, 8))


def with_a_function(part: nn.Module) -> Any:
    return torch.jit.script(nn.functional.relu)


SCRIPTS = torch.jit.script, traced, with_a_function


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
@pytest.mark.parametrize(
    ("module", "reason"),
    [
        (
            made_anew,
            "each net has a class Anew of its own; define the class outside of functions, once",
        ),
        (WithAnObject, "each net has a class Settings of its own"),
        *(
            (
                partial(WithScript, script),
                "a part of the net is TorchScript, as torch.jit.script",
            )
            for script in SCRIPTS
        ),
        (
            partial(Projected, as_buffer=False),
            "the module's attribute numbers differs from net to net",
        ),
        (CountsCalls, "a training step changes the module's attribute n"),
        (KeepsFloats, "a training step changes the module's attribute seen"),
        pytest.param(
            Compiled, "a step calls what torch.compile has made", marks=pytest.mark.long
        ),
    ],
)
def test_no_nets_are_trained_to_find_out(
    module: Any, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_late(*args: Any) -> None:
        raise AssertionError("in a trial")

    monkeypatch.setattr(trial, "_compare", too_late)
    assert explain(logit_net(module=module), X, LABELS).startswith(
        f"NeuralNetClassifier is fitted alone: {reason}"
    )


CALLBACKS = [
    Freezer("layers.0.*"),
    Initializer("layers.3.bias", fn=nn.init.zeros_),
]


@pytest.mark.parametrize(
    ("refused", "instead", "reason", "way_out"),
    [
        (
            *(
                logit_net(module=Projected, module__as_buffer=each)
                for each in (False, True)
            ),
            "the module's attribute numbers differs from net to net, so",
            "keep it as a tensor that is a buffer, by self.register_buffer",
        ),
        (
            logit_net(callbacks=CALLBACKS, verbose=0),
            logit_net(module=Begun),
            "the callback Freezer freezes weights, so",
            "if from the first epoch on, say requires_grad_(False) in the module",
        ),
        (
            logit_net(callbacks=CALLBACKS[1:], module__layer=nn.LayerNorm, verbose=0),
            None,
            "the callback Initializer sets weights, so",
            "if before the first epoch, set them in the module's __init__",
        ),
        (
            logit_net(module=WithBackwardHook),
            None,
            "a layer has a backward hook",
            "a callback do so in on_batch_end",
        ),
    ],
)
def test_a_reason_names_what_there_is_and_a_way_out_that_trains_the_same(
    refused: Any, instead: Any, reason: str, way_out: str
) -> None:
    found, (message,) = told(refused, {"lr": [0.1]}, LABELS)
    assert message.startswith(reason)
    assert message.endswith(way_out)
    if instead is not None:
        other = search(instead, {"lr": [0.1]}, LABELS)
        for key in ("mean_test_score", "split0_test_score"):
            np.testing.assert_allclose(
                found.cv_results_[key], other.cv_results_[key], rtol=1e-5
            )


def test_nets_among_other_estimators() -> None:
    pipeline = Pipeline([("scale", StandardScaler()), ("model", logit_net())])
    models = [logit_net(), LogisticRegression(max_iter=500), logit_net(lr=0.1)]
    found, messages = told(pipeline, {"model": models}, LABELS, scoring="accuracy")
    assert messages == []
    assert not models[0].initialized_
    stock = one_by_one(pipeline, {"model": models}, LABELS, scoring="accuracy")
    np.testing.assert_allclose(
        found.cv_results_["mean_test_score"],
        stock.cv_results_["mean_test_score"],
        atol=0.02,
    )


SCRIPT = """
import numpy as np, torch
from joblib import parallel_config
from sklearn.model_selection import cross_val_score, cross_validate
from skorch import NeuralNetClassifier
from skorch.callbacks import LRScheduler
import lockstep

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(3, 2)

    seen = {}

    def forward(self, x):
        return self.linear(x)

if __name__ == "__main__":
    before = dict(vars(Net))
    X = np.random.RandomState(0).randn(90, 3).astype("float32")
    y = (X[:, 0] > 0).astype("int64")
    net = NeuralNetClassifier(Net, criterion=torch.nn.CrossEntropyLoss, max_epochs=3, verbose=0)
    net.set_params(callbacks=[LRScheduler("StepLR", step_size=2)])
    with parallel_config(backend="lockstep", n_jobs=2):
        print(cross_val_score(net, X, y, cv=40).shape)
    print([name for name, value in before.items() if vars(Net)[name] is not value])
    with parallel_config(backend="lockstep", n_jobs=2, stack=False):
        print(cross_validate(net, X, y, cv=3, return_estimator=True)["estimator"][2].history[-1, "epoch"])
"""


def test_workers_take_a_scripts_classes_leave_them_alone_return_its_nets_and_warn_of_nothing(
    tmp_path: Path,
) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    found = subprocess.run(
        [sys.executable, script],
        env=os.environ | {"PYTHONPATH": "."},
        capture_output=True,
        text=True,
    )
    assert (found.stdout, found.returncode) == ("(40,)\n[]\n3\n", 0), found.stderr
    assert "Warning" not in found.stderr
