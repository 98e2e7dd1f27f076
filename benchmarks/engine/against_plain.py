"""Times the searches of `everyday` against skorch as a user has it: `python -m benchmarks.engine.against_plain`.

Each side is a process of its own. skorch's imports nothing of this project: it has torch's own kernels, on one thread.
"""

import resource
import subprocess
import sys
import time
import warnings
from typing import Any

import numpy as np
import torch
from joblib import parallel_config

from benchmarks.engine.everyday import CASES, run

# skorch as a user has it, and with the package.
SIDES = ("plain", "lockstep")


def measure(name: str, side: str, *numbers: str) -> tuple[float, float]:
    """Run a search in a process of its own; return its CPU seconds, and the process's peak of memory in MiB."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.engine.against_plain",
        name,
        side,
        *numbers,
    ]
    seconds, peak = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True
    ).stdout.split()[-2:]
    return float(seconds), float(peak)


def print_table(*numbers: str) -> None:
    """Print a table of all searches on all sides; with numbers of candidates and folds, if they are given."""
    print(
        "| search, candidates × folds | plain skorch, CPU s | lockstep | ratio | peak MiB |\n"
        + "|---" * 5
        + "|"
    )
    sums = np.zeros(2)
    for name, case in CASES.items():
        (plain, before), (own, with_own) = (
            measure(name, side, *numbers) for side in SIDES
        )
        sums += plain, own
        size = " × ".join(numbers) or f"{case.n} × {case.folds}"
        times = f"{plain:.1f} | {own:.1f} | {plain / own:.1f}"
        print(
            f"| {name}, {size} | {times} | {before:,.0f} : {with_own:,.0f} |",
            flush=True,
        )
    plain, own = sums
    print(f"| all | {plain:.0f} | {own:.0f} | {plain / own:.1f} | |")


def main() -> None:
    """Time a search: its name, a side, and numbers of candidates and folds if wanted; without a name, all of them."""
    name, side, *numbers = (
        sys.argv[1:]
        if sys.argv[2:3] and sys.argv[2] in SIDES
        else ("", "", *sys.argv[1:])
    )
    if not name:
        print_table(*numbers)
        return
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    options: dict[str, Any] = {"backend": "sequential"}
    if side == "lockstep":
        import lockstep  # noqa: F401 (registers the backend)

        options = {"backend": "lockstep", "random_state": 0}
    start = time.process_time()
    with parallel_config(**options):
        run(name, *map(int, numbers))
    print(
        time.process_time() - start,
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10,
    )


if __name__ == "__main__":
    main()
