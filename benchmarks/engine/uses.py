"""Thirty uses of nets in scikit-learn, plain and in lockstep: `python -m benchmarks.engine.uses [USE …]`.

Prints a table: how many nets are trained in stacks and how many alone, how far the results are from those of
`stack=False` under the same seeds, and the CPU seconds of plain skorch and of lockstep. Each side is a process of its
own, on one thread; plain skorch's imports nothing of this project. Each fits a net first, so that no import is timed.
"""

import contextlib
import json
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from joblib import parallel_config
from skorch import NeuralNet

from benchmarks.engine.use_cases import CASES, X, classifier, y

# What `parallel_config` gets on each side.
LOCKSTEP = {"backend": "lockstep", "random_state": 7}
SIDES: dict[str, dict[str, Any]] = {
    "plain": {"backend": "sequential"},
    "alone": LOCKSTEP | {"stack": False},
    "lockstep": LOCKSTEP,
}


class Use(NamedTuple):
    """What one side finds of a use."""

    seconds: float  # of the CPU
    fits: int  # nets that skorch trains, alone
    numbers: Any
    error: str


def run(name: str, options: dict[str, Any]) -> Use:
    """Run a use under options of `parallel_config`, from the same state of all generators."""
    fits, skorchs = [0], NeuralNet.partial_fit

    def counted(net: NeuralNet, *args: Any, **kwargs: Any) -> Any:
        fits[0] += 1
        return skorchs(net, *args, **kwargs)

    torch.manual_seed(0)
    np.random.seed(0)
    numbers, error, start = [], "", time.process_time()
    NeuralNet.partial_fit = counted
    try:
        with parallel_config(**options):
            numbers = np.asarray(CASES[name](), dtype=float).ravel().tolist()
    except Exception as raised:  # a use that fails is a row of the table
        error = f"{type(raised).__name__}: {(str(raised).splitlines() or [''])[0]}"
    finally:
        NeuralNet.partial_fit = skorchs
    return Use(time.process_time() - start, fits[0], numbers, error)


def run_side(side: str) -> None:
    """Run the uses that are named on standard input, and print a line of JSON for each."""
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    if side != "plain":
        import lockstep  # noqa: F401 (registers the backend)
    classifier().fit(X, y)
    for name in sys.stdin:
        print(json.dumps(run(name.strip(), SIDES[side])), flush=True)


@contextlib.contextmanager
def side_of(name: str) -> Iterator[Callable[[str], Use]]:
    """Start a process for a side; yields a function that runs a use there."""
    command = [sys.executable, "-m", "benchmarks.engine.uses", "--side", name]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, bufsize=1) as process:
        asked, answers = process.stdin, process.stdout
        assert asked is not None
        assert answers is not None

        def ask(use: str) -> Use:
            asked.write(f"{use}\n")
            return Use(*json.loads(answers.readline()))

        yield ask
        asked.close()


def difference(one: Use, other: Use) -> str:
    """Return how much the numbers of two sides differ at most, in words."""
    if error := one.error or other.error:
        return error
    a, b = np.array(one.numbers), np.array(other.numbers)
    return "shapes" if a.shape != b.shape else "none" if np.array_equal(a, b) else f"{np.nanmax(np.abs(a - b)):.0e}"


def print_table(names: list[str]) -> None:
    """Print a row for each use, run on one side after the other, and one for all."""
    heads = "use", "nets in stacks", "alone", "to stack=False", "plain skorch, CPU s", "lockstep", "ratio"
    print(f"| {' | '.join(heads)} |\n" + "|---" * len(heads) + "|")
    sums = np.zeros(4)
    with contextlib.ExitStack() as sides:
        ask = {side: sides.enter_context(side_of(side)) for side in SIDES}
        for name in names:
            plain, alone, own = (ask[side](name) for side in SIDES)
            stacked = max(alone.fits - own.fits, 0)
            sums += [stacked, own.fits, plain.seconds, own.seconds]
            times = f"{plain.seconds:.2f} | {own.seconds:.2f} | {plain.seconds / own.seconds:.1f}"
            print(f"| {name} | {stacked} | {own.fits} | {difference(own, alone)} | {times} |", flush=True)
    n_stacked, n_alone, before, after = sums
    print(f"| all | {n_stacked:.0f} | {n_alone:.0f} | | {before:.1f} | {after:.1f} | {before / after:.1f} |")


def main() -> None:
    """Print the table of all uses, or of those that are named; with `--side`, be the process of a side."""
    if sys.argv[1:2] == ["--side"]:
        run_side(sys.argv[2])
    else:
        print_table(sys.argv[1:] or list(CASES))


if __name__ == "__main__":
    main()
