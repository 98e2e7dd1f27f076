"""Found in place of the package where a stage is run as a file, `python stages/search.py`: says how to run it."""

import sys
from pathlib import Path

_NAME = Path(sys.argv[0]).stem
_ARGUMENTS = "".join(f" {argument}" for argument in sys.argv[1:])
sys.exit(
    f"error: run it from the top of the repository as a module: `python -m stages.{_NAME}{_ARGUMENTS}`."
)
