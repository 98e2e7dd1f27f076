"""Whether what is committed is what a fresh run gives."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

OUTPUTS = ("metrics", "models")


@dataclass(frozen=True)
class FreshRun:
    """What was found in a clone of HEAD.

    Parameters
    ----------
    stale : list of str
        Stages whose params, code or outputs are no longer those of dvc.lock; where there are any, nothing was run.
    failed : bool
        Whether a stage failed.
    differing : list of str
        Outputs whose bytes are other ones than those committed.
    """

    stale: list[str]
    failed: bool = False
    differing: tuple[str, ...] = ()

    @property
    def reproduced(self) -> bool:
        """Whether the run gave what is committed, byte for byte."""
        return not (self.stale or self.failed or self.differing)


def run_fresh() -> FreshRun:
    """Clone HEAD into a temporary folder, and run every stage there; its output goes to standard error."""
    with TemporaryDirectory() as folder:
        subprocess.run(["git", "clone", "--quiet", ".", folder], check=True)
        status = _dvc(folder, "status", "--json", capture=True)
        if stale := sorted(json.loads(status.stdout)):
            return FreshRun(stale)
        if _dvc(folder, "repro", "--force").returncode:
            return FreshRun([], failed=True)
        changed = subprocess.run(
            ["git", "status", "--porcelain", "--untracked-files=all", "-z", "--", *OUTPUTS],
            cwd=folder,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        return FreshRun([], differing=tuple(sorted(entry[3:] for entry in changed.split("\0") if entry)))


def _dvc(folder: str, *arguments: str, capture: bool = False) -> subprocess.CompletedProcess[str]:
    """Run DVC; the `python` of the stages' commands is this one."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return subprocess.run(
        [sys.executable, "-m", "dvc", *arguments],
        cwd=folder,
        env=os.environ | {"PATH": path},
        check=capture,
        stdout=subprocess.PIPE if capture else sys.stderr,
        text=True,
    )
