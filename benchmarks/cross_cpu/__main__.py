"""Run the pipeline here and on other processors, and compare each file that it writes: `make cross-cpu`.

In small, three searches, the baselines and the evaluation run here; here with `spoilt` roots, logarithms and sums; and
on two emulated x86-64 processors, one of them without AVX2. With `--arm64`, they also run on an emulated arm64, with
the packages that `benchmarks.cross_cpu.arm64` has got. Then all runs as it is, as on the `older_processors`.
"""

import json
import platform
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.cross_cpu import arm64
from benchmarks.cross_cpu.kernels import all_same_as_committed
from benchmarks.cross_cpu.machine import WRITTEN, Machine, hashes, same
from packages.gridstage.tests.project import Project, real_params
from packages.gridstage.tests.read_sample import SAMPLE

X86 = (
    "Nehalem",
    "EPYC-Rome",
)  # the levels x86-64 and x86-64-v3 of the kernel; this machine may have the third
# Splits are few because the baselines take longest; of one repeat, nothing is said of single rows.
CV = {"n_splits": 3, "n_repeats": 2, "also_score": ["neg_log_loss", "roc_auc"]}
EXPERIMENTS: dict[str, Any] = {
    "dropout": {
        "grid": {
            "module__dropout_rate": [0.2, 0.5],
            "module__weight_constraint": [1.0, 2.0],
        },
        "fixed": {"optimizer": "Adamax", "module__weight_init": "kaiming_normal_"},
    },
    "optimizer": {
        "grid": {
            "optimizer": ["SGD", "RMSprop", "NAdam"],
            "module__activation": ["Tanh", "GELU"],
        },
        "fixed": {"prepare__scale": "standard", "module__n_layers": 2},
    },
}


def machines(with_arm64: bool) -> list[Machine]:
    """Return this machine, then the emulated ones; exit with a sentence if this is not x86-64, or lacks an emulator."""
    if platform.machine() != "x86_64":
        sys.exit(
            f"This machine is {platform.machine()}. Run `make cross-cpu` on x86-64, because its own Python is emulated."
        )
    emulators = {
        name: shutil.which(name)
        for name in ("qemu-x86_64", *(["qemu-aarch64"] if with_arm64 else []))
    }
    for name, path in emulators.items():
        if path is None:
            sys.exit(
                f"{name} is missing. Install it (Debian and Ubuntu: apt-get install qemu-user) and run again."
            )
    emulated = [
        Machine(f"emulated {cpu}", ["qemu-x86_64", "-cpu", cpu, sys.executable])
        for cpu in X86
    ]
    if with_arm64:
        arm64.build_kernel()
        emulated.append(Machine("emulated arm64", arm64.python(), arm64.VARIABLES))
    spoilt = Machine(
        "spoilt roots, logarithms and sums", [sys.executable], module="spoilt"
    )
    return [Machine("here", [sys.executable]), spoilt, *emulated]


def combined() -> dict[str, Any]:
    """Return the settings that the stage best_params has combined of the tutorial's searches."""
    (details,) = json.loads((SAMPLE / "metrics/best_params.json").read_bytes())[
        "details"
    ]
    return {
        key: value for key, value in details["combined"].items() if key != "wrapper"
    }


def make_small(folder: Path) -> None:
    """Write the project in small into a folder."""
    params = real_params()
    params["cv"] |= CV
    params["model"] |= {"max_epochs": 2, "batch_size": 60}
    params["experiments"] = EXPERIMENTS | {
        "the_combined": {
            "grid": {"prepare__scale": [None, "standard"]},
            "fixed": combined(),
        }
    }
    project = Project.copied(folder, params)
    for name in WRITTEN:
        shutil.rmtree(project.folder / name)


def all_same_in_small(with_arm64: bool) -> bool:
    """Run the project in small on all machines at once; return whether all wrote what this one writes."""
    with TemporaryDirectory() as parent:
        running = []
        for number, machine in enumerate(machines(with_arm64)):
            folder = Path(parent, str(number))
            folder.mkdir()
            make_small(folder)
            running.append((machine, folder, machine.start(folder)))
        ended = [machine.ended(folder, process) for machine, folder, process in running]
        if not ended[0]:
            return False
        _, here, _ = running.pop(0)
        expected = hashes(here)
        are_same = [
            same(machine.name, expected, hashes(folder))
            for (machine, folder, _), has_ended in zip(running, ended[1:], strict=True)
            if has_ended
        ]
    return all(ended) and all(are_same)


def main() -> None:
    """Compare this machine with all others; exit with 1 where a file differs, or could not be compared."""
    with_arm64 = sys.argv[1:] == ["--arm64"]
    in_small = all_same_in_small(with_arm64)
    if not with_arm64:
        print(
            "arm64: not compared; `make cross-cpu ARM=yes` does it, in some 10 minutes"
        )
    as_committed = all_same_as_committed()
    sys.exit(not (in_small and as_committed))


if __name__ == "__main__":
    main()
