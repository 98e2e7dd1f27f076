"""Searches a long table under several limits of memory: `python -m benchmarks.engine.memory [ROWS]`.

Each search is a process of its own, on one thread. A row has the peak of the process, how much it grows during the
search, what `plan` has foreseen of that, and a hash of all scores. skorch alone, which takes long, gets fewer rows.
"""

import hashlib
import json
import subprocess
import sys
import time
import warnings
from typing import Any

import numpy as np

import lockstep

N_ROWS, N_COLUMNS, N_CANDIDATES, N_SPLITS = 60_000, 132, 16, (1, 2)
# In MiB; None is the engine's default.
LIMITS = 512, 2048, 8192, None
# skorch gets one of so many rows.
FEWER = 10


def measure(n_rows: int, n_splits: int, limit: int | None, how: str) -> dict[str, Any]:
    """Search a learning rate of a small net behind a scaler, so that each split has prepared rows of its own.

    `how` is `lockstep`, `skorch`, or `plan`, which only plans the search.
    """
    import resource  # which Windows lacks

    import torch
    from joblib import parallel_config
    from psutil import Process
    from sklearn.model_selection import GridSearchCV, ShuffleSplit
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from skorch import NeuralNetClassifier
    from torch import nn

    warnings.simplefilter(
        "ignore"
    )  # of the smallest stack, which may take more than the limit
    torch.set_num_threads(1)
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_rows, N_COLUMNS), dtype=np.float32)
    y = (X[:, 0] + rng.standard_normal(n_rows, dtype=np.float32) > 0).astype(np.int64)
    module = nn.Sequential(nn.Linear(N_COLUMNS, 16), nn.ReLU(), nn.Linear(16, 2))
    net = NeuralNetClassifier(
        module,
        criterion=nn.CrossEntropyLoss,
        max_epochs=1,
        batch_size=256,
        callbacks="disable",
        verbose=0,
    )
    grid = {"neuralnetclassifier__lr": np.geomspace(0.001, 1, N_CANDIDATES).tolist()}
    cv = ShuffleSplit(n_splits, random_state=0)
    search = GridSearchCV(
        make_pipeline(StandardScaler(), net),
        grid,
        cv=cv,
        scoring="neg_log_loss",
        refit=False,
    )
    before, start = Process().memory_info().rss, time.perf_counter()
    with parallel_config(
        backend="lockstep", random_state=0, stack=how != "skorch", max_memory_mb=limit
    ):
        if how == "plan":
            return {"foreseen": lockstep.plan(search, X, y).n_bytes / 2**20}
        search.fit(X, y)
    seconds, peak = (
        time.perf_counter() - start,
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    )
    scores = np.array(
        [search.cv_results_[f"split{i}_test_score"] for i in range(n_splits)]
    )
    hashed = hashlib.sha256(scores.tobytes()).hexdigest()[:8]
    return {
        "seconds": seconds,
        "peak": peak / 2**20,
        "growth": (peak - before) / 2**20,
        "scores": hashed,
    }


def apart(*about: Any) -> dict[str, Any]:
    """Measure in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.engine.memory", json.dumps(about)]
    output = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, check=True
    ).stdout
    measured: dict[str, Any] = json.loads(output.splitlines()[-1])
    return measured


def main(n_rows: int) -> None:
    """Measure all searches, and print a table for benchmarks/README.md."""
    print(
        "| rows × splits | how | max_memory_mb | s | peak MiB | growth | foreseen | scores |\n"
        + "|---" * 8
        + "|"
    )
    runs: list[tuple[int, int, int | None, str]] = [
        (n_rows, n_splits, limit, "lockstep")
        for n_splits in N_SPLITS
        for limit in LIMITS
    ]
    runs += [
        (n_rows // FEWER, N_SPLITS[0], None, how) for how in ("lockstep", "skorch")
    ]
    for rows, n_splits, limit, how in runs:
        found = apart(rows, n_splits, limit, how)
        planned = apart(rows, n_splits, limit, "plan")["foreseen"]
        foreseen = f"{planned:,.0f}" if how == "lockstep" else ""
        numbers = f"{found['seconds']:.1f} | {found['peak']:,.0f} | {found['growth']:,.0f} | {foreseen}"
        print(
            f"| {rows:,} × {n_splits} | {how} | {limit or 'default'} | {numbers} | {found['scores']} |",
            flush=True,
        )


if __name__ == "__main__":
    given = json.loads(sys.argv[1]) if len(sys.argv) > 1 else N_ROWS
    if isinstance(given, list):
        print(json.dumps(measure(*given)))
    else:
        main(given)
