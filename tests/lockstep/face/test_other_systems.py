"""The engine runs where parts of Python are missing that only POSIX has, as on Windows, and without its kernel."""

import signal
import subprocess
import sys
from multiprocessing import resource_tracker

import pytest
from joblib.externals.loky.backend import resource_tracker as loky_tracker

from lockstep.keyboard import leave_the_keyboard
from tests.lockstep.nets import net, one_by_one, scores, search
from tests.project import ROOT

RATES = {"lr": [0.1, 0.01]}


def test_the_keyboard_is_left_where_signals_can_not_be_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(signal, "pthread_sigmask")
    before, inside = signal.getsignal(signal.SIGINT), []
    with leave_the_keyboard():
        inside.append(signal.getsignal(signal.SIGINT))
    assert inside == [before]


@pytest.mark.long
def test_workers_start_where_signals_can_not_be_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    for tracker in (resource_tracker, loky_tracker):  # which have seen the mask when they were imported
        tracker.ensure_running()
    expected = scores(one_by_one(net(), RATES))
    monkeypatch.delattr(signal, "pthread_sigmask")
    assert scores(search(net(), RATES, backend={"n_jobs": 2, "stack": False})) == expected


# As on Windows, but for what other packages have taken before.
SCRIPT = """
import os, platform, signal, sys, warnings
import joblib.externals.loky, numpy, psutil, sklearn.model_selection, skorch, torch
joblib.externals.loky.backend.resource_tracker.ensure_running()
for name in "fork sched_getaffinity getuid uname register_at_fork".split():
    delattr(os, name)
for name in "pthread_sigmask SIGKILL alarm".split():
    delattr(signal, name)
sys.modules.update(dict.fromkeys(("fcntl", "grp", "pwd", "resource", "termios")))
platform.system, platform.machine = (lambda: "Windows"), (lambda: "AMD64")

import lockstep
from joblib import parallel_config
from sklearn.model_selection import GridSearchCV
from skorch import NeuralNetClassifier

X, y = numpy.random.RandomState(0).randn(60, 4).astype("float32"), numpy.arange(60) % 2
net = NeuralNetClassifier(torch.nn.Linear, module__in_features=4, module__out_features=2, max_epochs=2, verbose=0)
net.set_params(criterion=torch.nn.CrossEntropyLoss, train_split=None)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    with parallel_config(backend="lockstep"):
        search = GridSearchCV(net, {"lr": [0.1, 0.01], "batch_size": [16, 32]}, cv=3, scoring="neg_log_loss").fit(X, y)
print(numpy.isfinite(search.cv_results_["mean_test_score"]).all(), lockstep.missing_kernel())
print(*(each.message for each in caught if each.category is lockstep.LockstepWarning))
print(lockstep.explain(net, X, y))
"""


@pytest.mark.long
def test_skorch_trains_where_neither_posix_nor_a_kernel_is() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    trained, warned, explained = done.stdout.splitlines()
    missing = "The kernel has no version for Windows on AMD64."
    assert trained == f"True {missing}"
    assert warned.startswith("There is no kernel, so every net is fitted one by one, ")
    assert warned.endswith(f": {missing}")
    assert explained == f"Nothing goes in lockstep here, because there is no kernel. {missing}"
