"""A processor on which the pipeline runs in a folder of its own, and whether it wrote the same files there."""

import hashlib
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gridstage.common.environment import AVX2

# The folders that the pipeline writes.
WRITTEN = ("metrics", "models")


@dataclass
class Machine:
    """A processor: its name, the command that runs Python on it, further variables, and what runs the stages."""

    name: str
    python: list[str]
    variables: dict[str, str] = field(default_factory=dict)
    module: str = "pipeline"
    stages: Sequence[str] = ()

    def start(self, folder: Path) -> "subprocess.Popen[bytes]":
        """Start the stages, and the `stages` that come last, in the project in a folder, and print to its `log`."""
        # Without the kernels of this processor that this process has pinned, or the shell.
        kept = {
            name: value
            for name, value in os.environ.items()
            if name not in {*AVX2, "OPENBLAS_CORETYPE"}
        }
        environment = kept | {"PYTHONWARNINGS": "ignore"} | self.variables
        module = f"benchmarks.cross_cpu.{self.module}"
        with (folder / "log").open("wb") as log:
            return subprocess.Popen(
                [*self.python, "-m", module, *self.stages],
                cwd=folder,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def ended(self, folder: Path, process: "subprocess.Popen[bytes]") -> bool:
        """Wait for the stages; print what they printed if one failed, and return whether none did."""
        code = process.wait()
        if code:
            log = (folder / "log").read_text(encoding="utf-8", errors="replace")
            print(f"{self.name}: not compared, because the pipeline ended with {code}:")
            print(log)
        return code == 0


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


def same(
    name: str, expected: dict[str, str], found: dict[str, str], those: str = "here"
) -> bool:
    """Print how a machine's files compare with `those` that are expected; return whether all are the same."""
    compared = expected.keys() | found.keys()
    differing = sorted(
        file for file in compared if expected.get(file) != found.get(file)
    )
    n_same = len(compared) - len(differing)
    print(f"{name}: {n_same} of {len(compared)} files are the same as {those}")
    for file in differing:
        print(f"  differs: {file}")
    return not differing
