"""The square roots that replace torch's, so that every CPU gives the same bits, here and in workers."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import torch

from stages.lib.engine import pin_this_process
from tests.project import ROOT, environment

# A net and a scorer of which nothing is in `stages`: 1 if square roots are exact and there is one thread.
OWN = """
import torch

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 2)

    def forward(self, X):
        return torch.softmax(self.layer(X), dim=-1)

def pinned(net, X, y):
    x = torch.arange(1, 100_000, dtype=torch.float32)
    return float(torch.equal(x.sqrt(), x.rsqrt().reciprocal()) and torch.get_num_threads() == 1)
"""
SCRIPT = """
import numpy as np
import stages.lib.engine
from joblib import parallel_config
from sklearn.model_selection import cross_val_score
from skorch import NeuralNetClassifier
from own import Net, pinned

X, y = np.random.default_rng(0).normal(size=(40, 2)).astype("float32"), np.arange(40) % 2
net = NeuralNetClassifier(Net, max_epochs=1, verbose=0)
for prepare in (None, stages.lib.engine.pin_this_process):
    options = {"inner_n_jobs": 2, "stack": False, "prepare_worker": prepare}
    with parallel_config(backend="lockstep", **options):
        print(cross_val_score(net, X, y, cv=2, scoring=pinned).tolist())
"""


def test_workers_are_pinned_though_they_know_no_stage(tmp_path: Path) -> None:
    for name, text in {"own.py": OWN, "script.py": SCRIPT}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    variables = environment() | {"PYTHONPATH": f"{ROOT}:{tmp_path}"}
    done = subprocess.run([sys.executable, tmp_path / "script.py"], env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    # Without `prepare_worker`, the first line says what torch's own roots are on this CPU.
    assert done.stdout.splitlines()[1] == "[1.0, 1.0]"


def test_square_roots_are_off_by_two_units_at_most() -> None:
    pin_this_process()
    x = torch.rand(100_000) * 100
    exact = np.sqrt(x.numpy().astype(np.float64))
    units = np.abs(torch.sqrt(x).numpy() - exact) / np.spacing(exact.astype(np.float32))
    assert units.max() < 2
    assert torch.equal(torch.sqrt(x), x.rsqrt().reciprocal())
    special = torch.tensor([0.0, 4.0, float("inf"), -1.0])
    torch.testing.assert_close(special.sqrt(), torch.tensor([0.0, 2.0, float("inf"), float("nan")]), equal_nan=True)


def test_square_roots_have_a_gradient_and_all_variants() -> None:
    pin_this_process()
    x = torch.tensor([4.0, 9.0], requires_grad=True)
    x.sqrt().sum().backward()
    torch.testing.assert_close(x.grad, torch.tensor([1 / 4, 1 / 6]))
    assert torch._foreach_sqrt([torch.tensor([16.0])])[0].item() == 4
    assert torch.tensor([16.0]).sqrt_().item() == 4
    assert torch.tensor(16).sqrt().item() == 4
    assert torch.tensor([-1 + 0j]).sqrt().item() == 1j
