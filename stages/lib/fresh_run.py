"""Whether what is committed is what a fresh run gives."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from stages.lib.errors import UserError
from stages.lib.params import PARAMS_FILE, load_params
from stages.lib.revisions import stale_stages

OUTPUTS = ("metrics", "models")


@dataclass(frozen=True)
class FreshRun:
    """What was found in a clone of HEAD.

    Parameters
    ----------
    stale : list of str
        Stages whose params, code or outputs are no longer those of dvc.lock; where there are any, nothing was run.
    inputs : tuple of str
        The files that params.yaml names, without which a clone has nothing to run.
    readable : bool
        Whether params.yaml and dvc.yaml say what to run.
    failed : bool
        Whether a stage failed, or nothing could be run.
    differing : tuple of str
        Outputs whose bytes are other ones than those committed.
    """

    stale: list[str]
    inputs: tuple[str, ...] = ()
    readable: bool = True
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
        try:
            params = load_params(Path(folder) / PARAMS_FILE)
            if stale := stale_stages(folder=folder):
                return FreshRun(stale, inputs=(params.data.path, params.model.source))
        except UserError as error:
            print(error, file=sys.stderr)
            return FreshRun([], readable=False, failed=True)
        # The `python` of the stages' commands is to be this one.
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        repro = [sys.executable, "-m", "dvc", "repro", "--force"]
        if subprocess.run(repro, cwd=folder, env=os.environ | {"PATH": path}, stdout=sys.stderr).returncode:
            return FreshRun([], failed=True)
        changed = subprocess.run(
            ["git", "status", "--porcelain", "--untracked-files=all", "-z", "--", *OUTPUTS],
            cwd=folder,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        return FreshRun([], differing=tuple(sorted(entry[3:] for entry in changed.split("\0") if entry)))
