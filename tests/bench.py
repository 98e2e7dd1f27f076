"""Measure the engine against the tutorial's own settings, in one go on this machine: `make bench`.

The other side is skorch as the tutorial uses it (its default callbacks) under scikit-learn's GridSearchCV with
`n_jobs=-1`. Each measurement is a process of its own. CPU seconds are those of the search with all its workers, imports
left out on both sides; `process` is the whole process with its imports and workers. Peak memory is that of all
processes together.
"""

import json
import os
import subprocess
import sys
import threading
import time
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from stages.lib.config import load_params

# Cases beyond the seven experiments: the dropout grid cut to 4 candidates, few epochs, so that skorch finishes too.
GROWTH: dict[str, list[dict[str, Any]]] = {
    "rows": [{"rows": rows, "epochs": 1} for rows in (768, 7_680, 76_800)],
    "width": [{"width": width, "epochs": 10} for width in (12, 120, 1_200)],
}
NETS = (1, 10, 100)  # repeats of the whole dropout grid, 150 fits each


def measure(case: dict[str, Any]) -> dict[str, float]:
    """Run one search in this process and return what it took."""
    import numpy as np
    from joblib import Parallel, delayed, parallel_config
    from sklearn.model_selection import GridSearchCV

    from stages.lib import lockstep  # noqa: F401 (registers the backend)
    from stages.lib.config import CV
    from stages.lib.data import load_dataset
    from stages.lib.model import build_estimator, resolve_experiment, target
    from stages.lib.scores.scorer import make_scorer
    from stages.lib.search import make_splits

    params = load_params()
    settings, grid = resolve_experiment(params, case["experiment"])
    if "epochs" in case:
        settings["max_epochs"] = case["epochs"]
        grid = {key: values[:2] for key, values in grid.items()}
    if "width" in case:
        settings["module__n_neurons"] = case["width"]
    data = load_dataset(params.data, classify=True, seed=params.seed)
    if "rows" in case:
        times = case["rows"] // len(data.y)
        data = replace(data, X=np.tile(data.X, (times, 1)), y=np.tile(data.y, times))
    y = target(data.y, settings["wrapper"], settings["criterion"])
    cv = CV(n_splits=3, n_repeats=case.get("repeats", 1))
    options: dict[str, Any] = {"cv": make_splits(data.y, cv, params.seed, classify=True), "refit": False}
    if case["engine"] == "lockstep":
        estimator = build_estimator(settings, data, scale=None)
        search = GridSearchCV(estimator, grid, scoring=make_scorer("accuracy"), **options)
        backend: Any = parallel_config(backend="lockstep", random_state=params.seed)
    else:
        backend = nullcontext()
        wrapper = settings.pop("wrapper")
        settings["train_split"] = build_estimator(settings | {"wrapper": wrapper}, data, scale=None).train_split
        search = GridSearchCV(wrapper(**settings, verbose=0), grid, scoring="accuracy", n_jobs=-1, **options)
        Parallel(n_jobs=-1)(delayed(_import)() for _ in range(50))

    _import()
    memory = _Memory()
    memory.start()
    cpu, wall = _cpu_seconds(), time.perf_counter()
    with backend:
        search.fit(data.X, y)
    cpu, wall = _cpu_seconds() - cpu, time.perf_counter() - wall
    memory.ended.set()
    fits = len(search.cv_results_["params"]) * len(options["cv"])
    return {"fits": fits, "cpu": cpu, "wall": wall, "peak": memory.peak / 2**20}


def _import() -> None:
    """Import what the first optimizer and the first trace would import, so that neither side is measured with it."""
    import skorch  # noqa: F401
    import torch._dynamo
    import torch.fx.experimental.symbolic_shapes  # noqa: F401

    time.sleep(0.1)


def _tree() -> list[psutil.Process]:
    return [psutil.Process(), *psutil.Process().children(recursive=True)]


def _cpu_seconds() -> float:
    return sum(sum(process.cpu_times()[:2]) for process in _tree())


class _Memory(threading.Thread):
    """Watches the memory of this process and its children."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak, self.ended = 0, threading.Event()

    def run(self) -> None:
        while not self.ended.wait(0.1):
            try:
                self.peak = max(self.peak, sum(process.memory_info().rss for process in _tree()))
            except psutil.NoSuchProcess:
                continue


def run(case: dict[str, Any]) -> dict[str, float]:
    """Measure a case in a process of its own."""
    command = [sys.executable, "-m", "tests.bench", json.dumps(case)]
    start = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONWARNINGS": "ignore"}
    )
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}")
    whole = {"whole_cpu": usage.ru_utime + usage.ru_stime, "whole_wall": time.perf_counter() - start}
    return json.loads(output.splitlines()[-1]) | whole


HEADINGS = ("", "engine", "fits", "CPU s", "wall s", "process CPU s", "process wall s", "peak MiB", "CPU ratio")


def compare(title: str, cases: list[tuple[str, dict[str, Any]]]) -> None:
    """Measure each case with both engines, unless it names one, and print a row for each as a Markdown table."""
    table = Table(*HEADINGS, title=title, title_justify="left")
    sums: dict[str, dict[str, float]] = {}
    for label, case in cases:
        tutorial: dict[str, float] | None = None
        for engine in [case["engine"]] if "engine" in case else ["tutorial", "lockstep"]:
            found = run(case | {"engine": engine})
            total = sums.setdefault(engine, dict.fromkeys(found, 0.0))
            for key, value in found.items():
                total[key] = max(total[key], value) if key == "peak" else total[key] + value
            ratio = tutorial["cpu"] / found["cpu"] if tutorial else None
            table.add_row(*_row(label, engine, found, ratio))
            print(*_row(label, engine, found, ratio), sep=" | ", flush=True)
            tutorial = found if engine == "tutorial" else tutorial
    for engine, total in sums.items():
        ratio = sums["tutorial"]["cpu"] / total["cpu"] if engine == "lockstep" and "tutorial" in sums else None
        table.add_row(*_row("all", engine, total, ratio))
    Console(width=130).print(table)


def _row(label: str, engine: str, found: dict[str, float], ratio: float | None) -> list[str]:
    numbers = [f"{found[key]:.1f}" for key in ("cpu", "wall", "whole_cpu", "whole_wall")]
    return [label, engine, f"{found['fits']:.0f}", *numbers, f"{found['peak']:.0f}", f"{ratio:.1f}" if ratio else ""]


def main() -> None:
    """Measure the case on the command line, or all of them."""
    if len(sys.argv) == 2:
        print(json.dumps(measure(json.loads(sys.argv[1]))))
        return
    experiments = load_params().experiments
    compare("The seven experiments, 3 folds", [(name, {"experiment": name}) for name in experiments])
    compare(
        "The seven experiments, 3 folds, 10 repeats",
        [(name, {"experiment": name, "repeats": 10, "engine": "lockstep"}) for name in experiments],
    )
    compare(
        "Growth with fits: dropout",
        [(f"{150 * n:,}", {"experiment": "dropout", "repeats": n, "engine": "lockstep"}) for n in NETS],
    )
    for what, listed in GROWTH.items():
        compare(
            f"Growth with {what}: dropout", [(f"{case[what]:,}", {"experiment": "dropout", **case}) for case in listed]
        )


if __name__ == "__main__":
    main()
