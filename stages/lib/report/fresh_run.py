"""Checks whether a fresh run reproduces the committed results."""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from stages.lib.changes.revisions import differing_results, stale_stages
from stages.lib.common import UserError
from stages.lib.config import PARAMS_FILE, Params, load_params
from stages.lib.results import Results, WorkingTree, files


class FreshRun(NamedTuple):
    """The result of a run in a clone of HEAD, if one was asked for (`rerun`).

    Attributes
    ----------
    stale : list of str
        Stages whose params, code or outputs no longer match dvc.lock; if there are any, nothing was run.
    params, rows : Params and int, optional
        Those of HEAD, None if params.yaml or dvc.yaml can't be read; and the number of rows of the table, as committed.
    failed : bool
        Whether a stage failed, or nothing could be run.
    differing : tuple of str
        Outputs whose bytes differ from the committed ones.
    """

    stale: list[str]
    params: Params | None = None
    rows: int | None = None
    failed: bool = False
    differing: tuple[str, ...] = ()
    rerun: bool = True

    @classmethod
    def left_out(cls) -> "FreshRun":
        """Return what is known without a run."""
        with suppress(UserError):
            return cls([], load_params(), _rows("."), rerun=False)
        return cls([], rerun=False)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The nets, and the file that params.yaml names; a clone can't run without them."""
        return ("nets", self.params.data.path) if self.params else ()

    @property
    def reproduced(self) -> bool:
        """Whether the run reproduced the committed outputs, byte for byte."""
        return not (self.stale or self.failed or self.differing)


def run_fresh() -> FreshRun:
    """Clone HEAD into a temporary folder, and run every stage there; its output goes to standard error."""
    with TemporaryDirectory() as folder:
        subprocess.run(["git", "clone", "--quiet", ".", folder], check=True)  # git itself says why it fails
        try:
            params, rows = load_params(Path(folder) / PARAMS_FILE), _rows(folder)
            if stale := stale_stages(folder=folder):
                return FreshRun(stale, params, rows)
        except UserError as error:
            print(error, file=sys.stderr)
            return FreshRun([], failed=True)
        # The commands of the stages must use this `python`.
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        repro = [sys.executable, "-m", "dvc", "repro", "--force"]
        if subprocess.run(repro, cwd=folder, env=os.environ | {"PATH": path}, stdout=sys.stderr).returncode:
            return FreshRun([], params, rows, failed=True)
        return FreshRun([], params, rows, differing=tuple(differing_results(folder)))


def _rows(folder: str) -> int | None:
    with suppress(UserError):
        return int(Results(WorkingTree(folder)).json(files.DATA)["rows"])
    return None
