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


def dvc(*arguments: str, shown: bool = False) -> CompletedProcess[str]:
    """Run a command of DVC; the stages that it runs use this Python.

    What it prints is returned or, with `shown`, goes where this process prints. Its status is not checked.
    """
    path = os.pathsep.join(
        [str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    )
    command, env = [sys.executable, "-c", _DVC, *arguments], os.environ | {"PATH": path}
    output = None if shown else PIPE
    return run(command, env=env, stdout=output, stderr=output, encoding="utf-8")
