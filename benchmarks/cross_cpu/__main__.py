"""Run the pipeline, in small, here and on other processors, and compare each file that it writes: `make cross-cpu`.

Three searches, the baselines and the evaluation run here; here with `spoilt` roots, logarithms and sums; and on two
emulated x86-64 processors, one of them without AVX2. With `--arm64`, they also run on an emulated arm64, with the
packages that `benchmarks.cross_cpu.arm64` has got.
"""

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.cross_cpu import arm64
from gridstage.common.environment import AVX2
from packages.gridstage.tests.project import Project, real_params
from packages.gridstage.tests.read_sample import SAMPLE

X86 = (
    "Nehalem",
    "EPYC-Rome",
)  # the levels x86-64 and x86-64-v3 of the kernel; this machine may have the third
# The folders that the pipeline writes.
WRITTEN = ("metrics", "models")
# Splits are few because the baselines take longest.
CV = {"n_splits": 3, "n_repeats": 1, "also_score": ["neg_log_loss", "roc_auc"]}
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


@dataclass
class Machine:
    """A processor: its name, the command that runs Python on it, further variables, and what runs the stages."""

    name: str
    python: list[str]
    variables: dict[str, str] = field(default_factory=dict)
    module: str = "pipeline"


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


def start(machine: Machine, folder: Path) -> "subprocess.Popen[bytes]":
    """Start the pipeline on a machine, in a folder of its own; what it prints is in the folder's `log`."""
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
    # Without the kernels of this processor that this process has pinned, or the shell.
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in {*AVX2, "OPENBLAS_CORETYPE"}
    }
    environment = kept | {"PYTHONWARNINGS": "ignore"} | machine.variables
    command = [*machine.python, "-m", f"benchmarks.cross_cpu.{machine.module}"]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT
        )


def hashes(folder: Path, within: Sequence[str] = WRITTEN) -> dict[str, str]:
    """Return a hash of each file within parts of a folder, which are those that the pipeline writes."""
    files = [
        path
        for name in within
        for path in sorted((folder / name).rglob("*"))
        if path.is_file()
    ]
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def main() -> None:
    """Compare this machine with each emulated one; exit with 1 where a file differs, or could not be compared."""
    with_arm64 = sys.argv[1:] == ["--arm64"]
    with TemporaryDirectory() as folder:
        places = {
            machine.name: (machine, Path(folder, str(i)))
            for i, machine in enumerate(machines(with_arm64))
        }
        running = {}
        for name, (machine, place) in places.items():
            place.mkdir()
            running[name] = start(machine, place)
        failed = [name for name, process in running.items() if process.wait()]
        for name in failed:
            log = (places[name][1] / "log").read_text(
                encoding="utf-8", errors="replace"
            )
            print(
                f"{name}: not compared, because the pipeline ended with {running[name].returncode}:",
                log,
                sep="\n",
            )
        if "here" in failed:
            sys.exit(1)
        expected = hashes(places.pop("here")[1])
        differ = [
            not same(name, expected, hashes(place))
            for name, (_, place) in places.items()
            if name not in failed
        ]
    if not with_arm64:
        print(
            "arm64: not compared; `make cross-cpu ARM=yes` does it, in some 10 minutes"
        )
    sys.exit(bool(failed) or any(differ))


def same(name: str, expected: dict[str, str], found: dict[str, str]) -> bool:
    """Print how a machine's files compare with those of this one; return whether all are the same."""
    compared = expected.keys() | found.keys()
    differing = sorted(
        file for file in compared if expected.get(file) != found.get(file)
    )
    print(
        f"{name}: {len(compared) - len(differing)} of {len(compared)} files are the same as here"
    )
    for file in differing:
        print(f"  differs: {file}")
    return not differing


if __name__ == "__main__":
    main()
