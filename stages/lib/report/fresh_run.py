"""Checks whether a fresh run reproduces the committed results."""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from stages.lib.changes.revisions import differing_results, stale_stages
from stages.lib.common import UserError


class FreshRun(NamedTuple):
    """The result of a run in a clone of HEAD.

    `stale` are stages whose params, code or outputs no longer match dvc.lock; if there are any, nothing was run.
    `failed` says whether a stage failed, or nothing could be run; and `differing` are the outputs whose bytes differ
    from the committed ones.
    """

    stale: list[str]
    failed: bool = False
    differing: tuple[str, ...] = ()

    @property
    def reproduced(self) -> bool:
        """Whether the run reproduced the committed outputs, byte for byte."""
        return not (self.stale or self.failed or self.differing)


def run_fresh() -> FreshRun:
    """Clone HEAD into a temporary folder, and run every stage there; its output goes to standard error."""
    with TemporaryDirectory() as folder:
        subprocess.run(["git", "clone", "--quiet", ".", folder], check=True)  # git itself says why it fails
        try:
            if stale := stale_stages(folder=folder):
                return FreshRun(stale)
        except UserError as error:
            print(error, file=sys.stderr)
            return FreshRun([], failed=True)
        # The commands of the stages must use this `python`.
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        repro = [sys.executable, "-m", "dvc", "repro", "--force"]
        if subprocess.run(repro, cwd=folder, env=os.environ | {"PATH": path}, stdout=sys.stderr).returncode:
            return FreshRun([], failed=True)
        return FreshRun([], differing=tuple(differing_results(folder)))
