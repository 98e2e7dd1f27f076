"""Starts DVC, or a rerun of all its stages."""

import os
import sys
from pathlib import Path
from subprocess import PIPE, CompletedProcess, run

# DVC, without its hint to run `git add dvc.lock`: whoever calls adds the file, or throws the checkout away.
_DVC = (
    "import logging, sys; from dvc.cli import main; "
    "logging.getLogger('dvc.repo.scm_context').setLevel('WARNING'); sys.exit(main(sys.argv[1:]))"
)
# A process of DVC writes what it does, and its progress, to the same place as this one.
STDERR = 2


def dvc(
    *arguments: str, folder: str | Path = ".", output: int | None = PIPE
) -> CompletedProcess[str]:
    """Run a command of DVC in a folder; the stages that it runs use this Python.

    What it prints is returned, or goes to `output`, and then its errors to standard error. Its status is not checked.
    """
    return _python("-c", _DVC, *arguments, folder=folder, output=output)


def rerun(folder: str | Path) -> CompletedProcess[str]:
    """Run every stage in a folder from scratch as `make repro` does there; what it prints goes to standard error."""
    return _python("-m", "stages.rerun", folder=folder, output=STDERR)


def _python(
    *arguments: str, folder: str | Path, output: int | None
) -> CompletedProcess[str]:
    path = os.pathsep.join(
        [str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    )
    command, env = [sys.executable, *arguments], os.environ | {"PATH": path}
    errors = PIPE if output == PIPE else None
    return run(
        command, cwd=folder, env=env, stdout=output, stderr=errors, encoding="utf-8"
    )
