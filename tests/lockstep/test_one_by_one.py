"""What can't train in lockstep is said once and fitted one by one, under the same seeds."""

import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from joblib import parallel_config
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNetClassifier
from skorch.callbacks import Callback, EarlyStopping, EpochScoring

from lockstep import _compat, backend
from tests.lockstep.cases.base import SERIES, SERIES_LABELS, classifier
from tests.lockstep.cases.plain.modules import Recurrent
from tests.lockstep.nets import LABELS, LogitNet, X, Y, logit_net, net, one_by_one, scores, search, told

ADAFACTOR: dict[str, list[Any]] = {"optimizer": [torch.optim.SGD, torch.optim.Adafactor, torch.optim.Adam]}


def test_refused_candidates_stand_between_the_others() -> None:
    found, messages = told(net(), ADAFACTOR, Y)
    [message] = messages
    assert message.startswith("Adafactor can't step stacked nets")
    assert message.endswith("so 1 of 3 candidates are fitted one by one")
    lockstep = search(grid={"optimizer": [torch.optim.SGD, torch.optim.Adam]})
    alone = one_by_one(grid={"optimizer": [torch.optim.Adafactor]})
    assert scores(found) == scores(lockstep) | scores(alone)


@pytest.mark.long
def test_one_by_one_jobs_give_the_same_bytes() -> None:
    grid = {"optimizer": [torch.optim.Adafactor], "lr": [0.1, 0.01]}
    here, _ = told(net(), grid, Y)
    there, _ = told(net(), grid, Y, backend={"inner_n_jobs": 2, "inner_backend": "loky"})
    assert scores(here) == scores(there)


def test_each_reason_is_said_once() -> None:
    grid = {"optimizer": [torch.optim.Adafactor, torch.optim.LBFGS, torch.optim.SGD], "lr": [0.01, 0.001]}
    _, messages = told(net(), grid, Y)
    assert len(messages) == 2
    for message, name in zip(messages, ("Adafactor", "LBFGS"), strict=True):
        assert message.startswith(name)
        assert message.endswith("so 2 of 6 candidates are fitted one by one")


@pytest.mark.parametrize("stack", [True, False])
def test_progress_counts_net_epochs(stack: bool) -> None:
    heard: list[tuple[int, int]] = []

    def hear(more: int, total: int) -> None:
        heard.append((more, total))

    told(net(), ADAFACTOR, Y, backend={"on_progress": hear, "stack": stack})
    total = 3 * 3 * 3  # candidates, splits, epochs
    assert sum(more for more, _ in heard) == total
    assert {each for _, each in heard} == {total}


def test_progress_comes_to_its_total_where_nets_stop_early() -> None:
    heard: list[tuple[int, int]] = []
    estimator = net(callbacks=[EarlyStopping(patience=2, threshold=0.5)], max_epochs=20)
    backend = {"on_progress": lambda more, total: heard.append((more, total))}
    search(estimator, {"lr": [0.1, 0.01]}, backend=backend)
    assert sum(more for more, _ in heard) == heard[-1][1] == 2 * 3 * 20


def test_nets_that_differ_in_length_alone_are_one_training() -> None:
    heard: list[tuple[int, int]] = []
    grid = {"max_epochs": [1, 4], "lr": [0.1, 0.2]}
    lengths = search(grid=grid, backend={"on_progress": lambda more, total: heard.append((more, total))})
    # A net of one epoch is one of four epochs part of the way, so it adds no epoch.
    assert sum(more for more, _ in heard) == 2 * 3 * 4
    assert {total for _, total in heard} == {2 * 3 * 4}
    short = scores(search(grid=grid | {"max_epochs": [1]}))
    assert short == {params: scores(lengths)[params] for params in short}


def test_callbacks_that_look_on_are_taken() -> None:
    with_callback = search(logit_net(callbacks=[("auc", EpochScoring("roc_auc"))]), {"lr": [0.1]}, LABELS)
    assert scores(with_callback) == scores(search(logit_net(), {"lr": [0.1]}, LABELS))


class Heavier(NeuralNetClassifier):
    def fit(self, X: Any, y: Any, weight: float = 1.0, **fit_params: Any) -> Any:
        self.module__n_hidden = int(weight)
        return super().fit(X, y, **fit_params)


def test_fits_with_parameters_are_those_of_skorch() -> None:
    class Noting(Callback):
        seen: list[Any] = []  # noqa: RUF012

        def on_train_begin(self, net: Any, **kwargs: Any) -> None:
            self.seen.append(net.module_.layers[0].out_features)

    estimator = Heavier(LogitNet, criterion=torch.nn.CrossEntropyLoss, max_epochs=2, verbose=0, callbacks=[Noting()])
    options: dict[str, Any] = {"fit": {"weight": 3}, "scoring": "accuracy"}
    found, messages = told(estimator, {"lr": [0.1, 0.01]}, LABELS, **options)
    assert set(Noting.seen[-6:]) == {3}
    assert len(messages) <= 1
    stock = one_by_one(estimator, {"lr": [0.1, 0.01]}, LABELS, **options)
    assert scores(found) == scores(stock)


def test_how_long_series_are_decides_and_not_what_was_searched_before() -> None:
    estimator = classifier(Recurrent, module__layer=torch.nn.LSTM)
    for times, alone in ((1, False), (30, True)):
        rows = np.tile(SERIES, (1, times, 1)).astype(np.float32)
        found: list[Any] = []
        for stack in (True, False):
            with parallel_config(backend="lockstep", stack=stack), warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                found.append(cross_val_score(estimator, rows, SERIES_LABELS, scoring="neg_log_loss"))
            assert ["tracing them may cost" in str(each.message) for each in caught] == [True] * (alone and stack)
        np.testing.assert_allclose(found[0], found[1], rtol=1e-5)


def test_steps_on_all_rows_of_a_split_are_as_long_as_the_split(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lockstep.grouping.places._OF_A_LOOP", 40_000)
    splits = [(np.arange(n), np.arange(90, 96)) for n in (8, 80)]
    for cv in (splits, splits[::-1], splits[1:]):
        _, messages = told(net(train_split=None, batch_size=-1), {"lr": [0.1]}, Y, cv=cv)
        assert ["its steps are long" in message for message in messages] == [True]


def test_what_is_no_net_is_called_as_it_is() -> None:
    grid = {"C": [0.1, 1.0]}
    found, messages = told(LogisticRegression(max_iter=500), grid, LABELS, scoring="accuracy")
    assert messages == []
    stock = GridSearchCV(LogisticRegression(max_iter=500), grid, cv=StratifiedKFold(3), scoring="accuracy", refit=False)
    assert scores(found) == scores(stock.fit(X, LABELS))


def test_nets_among_other_estimators() -> None:
    pipeline = Pipeline([("scale", StandardScaler()), ("model", logit_net())])
    models = [logit_net(), LogisticRegression(max_iter=500), logit_net(lr=0.1)]
    found, messages = told(pipeline, {"model": models}, LABELS, scoring="accuracy")
    assert messages == []
    stock = one_by_one(pipeline, {"model": models}, LABELS, scoring="accuracy")
    np.testing.assert_allclose(found.cv_results_["mean_test_score"], stock.cv_results_["mean_test_score"], atol=0.02)


def test_the_grid_is_left_as_it_was() -> None:
    pipeline = Pipeline([("scale", StandardScaler()), ("model", logit_net())])
    model = logit_net(lr=0.5)
    told(pipeline, {"model": [model], "model__lr": [0.1]}, LABELS, scoring="accuracy")
    assert model.lr == 0.5
    assert not model.initialized_


def test_a_scikit_learn_of_other_parts_runs_everything_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_compat, "_FITS", ("_fit_and_score", "_gone"))
    caches = _compat._signatures, _compat.missing_parts, backend._warn_of_missing_parts
    for cache in caches:
        cache.cache_clear()
    try:
        found, messages = told(net(), {"lr": [0.1, 0.01]}, Y)
        _, again = told(net(), {"lr": [0.1, 0.01]}, Y)
    finally:
        for cache in caches:
            cache.cache_clear()
    assert ["_gone" in message for message in messages] == [True]
    assert again == []
    assert np.isfinite(found.cv_results_["mean_test_score"]).all()


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
    with parallel_config(backend="lockstep", inner_n_jobs=2):
        print(cross_val_score(net, X, y, cv=40).shape)
    print([name for name, value in before.items() if vars(Net)[name] is not value])
    with parallel_config(backend="lockstep", inner_n_jobs=2, stack=False):
        print(cross_validate(net, X, y, cv=3, return_estimator=True)["estimator"][2].history[-1, "epoch"])
"""


def test_workers_take_a_scripts_classes_leave_them_alone_return_its_nets_and_warn_of_nothing(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    found = subprocess.run(
        [sys.executable, script], env=os.environ | {"PYTHONPATH": "."}, capture_output=True, text=True
    )
    assert (found.stdout, found.returncode) == ("(40,)\n[]\n3\n", 0), found.stderr
    assert "Warning" not in found.stderr
