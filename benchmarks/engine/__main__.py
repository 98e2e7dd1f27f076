"""Measure the engine against skorch on the searches of params.yaml, for benchmarks/README.md: `make bench`.

skorch's side is the same search with `stack=False`: skorch's own loop fits one net after another, under the same seeds.
Each side is a process of its own, on one thread. CPU seconds are those of the whole process with its imports, or of the
search alone. As skorch would take hours, only some of its fits are timed, and the others are taken to cost as much.
"""

import json
import os
import resource
import subprocess
import sys
import time

import gridstage.engine  # noqa: F401 (before torch: it pins the numerics, and registers the backend)
from benchmarks.engine.cases import EXPERIMENTS, build

Found = dict[str, float]

COLUMNS = (
    "nets",
    "skorch: fits timed",
    "skorch: CPU s",
    "lockstep: CPU s",
    "CPU ratio",
    "searches alone, CPU s",
)


def measure(name: str, side: str) -> Found:
    """Run one side of a search in this process, and return what it took."""
    from joblib import parallel_config

    search, stack = build(name), side == "lockstep"
    if not stack:
        import torch._dynamo  # noqa: F401 (as the first optimizer would)
    start = time.process_time()
    # The pipeline records no losses either.
    with parallel_config(
        backend="lockstep", random_state=7, stack=stack, record_losses=False
    ):
        timed = search.run(None if stack else EXPERIMENTS[name])
    spent, used = time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF)
    whole = used.ru_utime + used.ru_stime
    return {
        "nets": search.fits,
        "timed": timed,
        "search": spent,
        "whole": whole,
        "peak": used.ru_maxrss / 2**10,
    }


def run(name: str, side: str) -> Found:
    """Measure one side of a search in a process of its own, and extrapolate to all of its nets."""
    command = [sys.executable, "-m", "benchmarks.engine", name, side]
    env = os.environ | {"PYTHONWARNINGS": "ignore"}
    output = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, check=True, env=env
    ).stdout
    found: Found = json.loads(output.splitlines()[-1])
    around = found["whole"] - found["search"]
    found["search"] *= found["nets"] / found["timed"]
    return found | {"whole": around + found["search"]}


def row(label: str, skorch: Found, lockstep: Found) -> str:
    """Return a row of the table; pairs are skorch's number and the engine's."""
    cells = [label, f"{lockstep['nets']:,.0f}", f"{skorch['timed']:.0f}"]
    cells += [f"{found['whole']:,.1f}" for found in (skorch, lockstep)]
    cells += [f"{skorch['whole'] / lockstep['whole']:.3g}"]
    cells += [f"{skorch['search']:,.1f} : {lockstep['search']:,.1f}"]
    cells += [f"{skorch['peak']:,.0f} : {lockstep['peak']:,.0f}"]
    return f"| {' | '.join(cells)} |"


def total(listed: tuple[Found, ...]) -> Found:
    """Return the sums, and the highest peak."""
    return {
        key: (max if key == "peak" else sum)(found[key] for found in listed)
        for key in listed[0]
    }


def main() -> None:
    """Measure the side on the command line, or all of them."""
    if len(sys.argv) == 3:
        print(json.dumps(measure(*sys.argv[1:])))
        return
    columns = "experiment", *COLUMNS, "peak MiB"
    print(f"| {' | '.join(columns)} |\n{'|---' * len(columns)}|", flush=True)
    pairs = []
    for name in EXPERIMENTS:
        pairs.append((run(name, "skorch"), run(name, "lockstep")))
        print(row(name, *pairs[-1]), flush=True)
    print(row("all", *map(total, zip(*pairs, strict=True))))


if __name__ == "__main__":
    main()
