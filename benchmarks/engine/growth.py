"""Times searches of more and more nets, and on more and more rows: `python -m benchmarks.engine.growth`.

Each search is a process of its own, on one thread; its CPU seconds are those without imports.
"""

import subprocess
import sys
import time
from typing import Any

import numpy as np

import gridstage.engine  # noqa: F401 (before torch: it pins the numerics, and registers the backend)

# Nets on 768 rows, for 100 epochs in batches of 10; and rows for 30 nets, for 5 epochs in batches of 128.
NETS = 30, 100, 300, 1_000, 3_000, 10_000
ROWS = 300, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000


def measure(n_nets: int, n_rows: int, **training: Any) -> float:
    """Search a learning rate of the tutorial's net with dropout, on ten folds; returns the CPU seconds."""
    from joblib import parallel_config
    from sklearn.datasets import make_classification
    from sklearn.model_selection import GridSearchCV
    from skorch import NeuralNetClassifier
    from torch import nn, optim

    from nets.network import PimaClassifier

    X, y = make_classification(n_rows, 8, random_state=0)
    net = NeuralNetClassifier(
        PimaClassifier, module__dropout_rate=0.1, criterion=nn.CrossEntropyLoss, optimizer=optim.Adamax, verbose=0,
        module__n_outputs=2, module__output=nn.Identity, **training,
    )  # fmt: skip
    grid = {"lr": np.geomspace(0.001, 0.1, n_nets // 10).tolist()}
    start = time.process_time()
    with parallel_config(backend="lockstep", random_state=0, record_losses=False):
        GridSearchCV(net, grid, cv=10, refit=False).fit(X.astype(np.float32), y)
    return time.process_time() - start


def main() -> None:
    """Time the search of the command line, or all of them."""
    if len(sys.argv) > 1:
        n_nets, n_rows, max_epochs, batch_size = map(int, sys.argv[1:])
        print(measure(n_nets, n_rows, max_epochs=max_epochs, batch_size=batch_size))
        return
    for of_what, sizes in (
        ("nets", [(n, 768, 100, 10) for n in NETS]),
        ("rows", [(30, n, 5, 128) for n in ROWS]),
    ):
        print(f"| {of_what} | CPU s |\n|---|---|")
        for n_nets, n_rows, *training in sizes:
            command = [
                sys.executable,
                "-m",
                "benchmarks.engine.growth",
                *map(str, (n_nets, n_rows, *training)),
            ]
            spent = float(
                subprocess.run(
                    command, stdout=subprocess.PIPE, text=True, check=True
                ).stdout.split()[-1]
            )
            print(
                f"| {n_nets if of_what == 'nets' else n_rows:,} | {spent:.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
