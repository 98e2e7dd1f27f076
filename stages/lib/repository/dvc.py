"""Starts DVC."""

import os
import sys
from pathlib import Path
from subprocess import PIPE, CompletedProcess, run

# DVC, without its hint to run `git add dvc.lock`: whoever calls says what to add.
_DVC = (
    "import logging, sys; from dvc.cli import main; "
    "logging.getLogger('dvc.repo.scm_context').setLevel('WARNING'); sys.exit(main(sys.argv[1:]))"
)
# A process of DVC writes what it does, and its progress, to the same place as this one.
STDERR = 2


def dvc(*arguments: str, output: int | None = PIPE) -> CompletedProcess[str]:
    """Run a command of DVC; the stages that it runs use this Python.

    What it prints is returned, or goes to `output`, and then its errors to standard error. Its status is not checked.
    """
    path = os.pathsep.join(
        [str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    )
    command, env = [sys.executable, "-c", _DVC, *arguments], os.environ | {"PATH": path}
    errors = PIPE if output == PIPE else None
    return run(command, env=env, stdout=output, stderr=errors, encoding="utf-8")
