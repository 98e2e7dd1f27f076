"""Starts DVC."""

import os
import subprocess
import sys
from pathlib import Path

# A process of DVC writes what it does, and its progress, to the same place as this one.
STDERR = 2


def dvc(
    *arguments: str, folder: str | Path = ".", output: int | None = subprocess.PIPE
) -> subprocess.CompletedProcess[str]:
    """Run a command of DVC in a folder; the stages that it runs use this Python.

    What it prints is returned, or goes to `output`, and then its errors to standard error. Its status is not checked.
    """
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return subprocess.run(
        [sys.executable, "-m", "dvc", *arguments],
        cwd=folder,
        env=os.environ | {"PATH": path},
        stdout=output,
        stderr=subprocess.PIPE if output == subprocess.PIPE else None,
        encoding="utf-8",
    )
