"""Measure the engine against skorch, and print tables for docs/engine.md: `make bench`.

skorch's side is the same search with `stack=False`: skorch's own loop fits one net after another, under the same seeds.
Each side is a process of its own, on one thread. CPU seconds are those of the whole process with its imports, or of the
search alone. Where skorch would take hours, only some of its fits are timed, and the others are taken to cost as much.
"""

import json
import os
import subprocess
import sys
import time

import stages.lib.engine  # noqa: F401 (before torch: it pins the numerics, and registers the backend)
from benchmarks.engine.cases import TABLES, Case

Found = dict[str, float]

COLUMNS: tuple[str, ...] = (
    "nets",
    "skorch: fits timed",
    "skorch: CPU s",
    "lockstep: CPU s",
    "CPU ratio",
    "searches alone, CPU s",
)
COLUMNS += ("peak MiB",)


def measure(title: str, label: str, side: str) -> Found:
    """Run one side of a case in this process, and return what the search took."""
    from joblib import parallel_config

    case = TABLES[title][label]
    search = case.build()
    stack = side == "lockstep"
    if not stack:
        import torch._dynamo  # noqa: F401 (as the first optimizer would)
    recorded = title != "experiment"  # the pipeline's searches are measured as the pipeline runs them
    start = time.process_time()
    with parallel_config(backend="lockstep", random_state=7, stack=stack, record_losses=recorded):
        timed = search.run(None if stack else case.timed)
    return {"nets": search.fits, "timed": timed, "search": time.process_time() - start}


def run(title: str, label: str, side: str) -> Found:
    """Measure one side of a case in a process of its own, and extrapolate to all of its nets."""
    command = [sys.executable, "-m", "benchmarks.engine", title, label, side]
    env = os.environ | {"PYTHONWARNINGS": "ignore"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env)
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}")
    found: Found = json.loads(output.splitlines()[-1])
    around = usage.ru_utime + usage.ru_stime - found["search"]
    found["search"] *= found["nets"] / found["timed"]
    return found | {"whole": around + found["search"], "peak": usage.ru_maxrss / 2**10}


def row(label: str, skorch: Found | None, lockstep: Found) -> str:
    """Return a row of a table; pairs are skorch's number and the engine's."""
    cells = [label, f"{lockstep['nets']:,.0f}"]
    if skorch is None:
        cells += ["", "", f"{lockstep['whole']:,.1f}", "", f"{lockstep['search']:,.1f}", f"{lockstep['peak']:,.0f}"]
    else:
        cells += ["all" if skorch["timed"] == skorch["nets"] else f"{skorch['timed']:.0f}"]
        cells += [f"{found['whole']:,.1f}" for found in (skorch, lockstep)]
        cells += [f"{skorch['whole'] / lockstep['whole']:.3g}"]
        cells += [f"{skorch['search']:,.1f} : {lockstep['search']:,.1f}"]
        cells += [f"{skorch['peak']:,.0f} : {lockstep['peak']:,.0f}"]
    return f"| {' | '.join(cells)} |"


def total(listed: list[Found]) -> Found:
    """Return the sums, and the highest peak."""
    return {key: (max if key == "peak" else sum)(found[key] for found in listed) for key in listed[0]}


def compare(title: str, cases: dict[str, Case]) -> None:
    """Measure cases on both sides, and print a Markdown table."""
    print(f"\n| {' | '.join((title, *COLUMNS))} |\n{'|---' * (len(COLUMNS) + 1)}|", flush=True)
    pairs = []
    for label, case in cases.items():
        skorch = None if case.timed == 0 else run(title, label, "skorch")
        lockstep = run(title, label, "lockstep")
        print(row(label, skorch, lockstep), flush=True)
        pairs.append((skorch, lockstep))
    if title == "experiment":
        print(row("all", total([skorch for skorch, _ in pairs if skorch]), total([found for _, found in pairs])))


def main() -> None:
    """Measure the case on the command line, or all of them."""
    if len(sys.argv) == 4:
        print(json.dumps(measure(*sys.argv[1:])))
        return
    for title, cases in TABLES.items():
        compare(title, cases)


if __name__ == "__main__":
    main()
