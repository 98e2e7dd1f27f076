"""One script per stage. In this repository, they use the packages that lie beside them, whatever is installed."""

import sys
from pathlib import Path

_SOURCES = sorted(Path(__file__).resolve().parents[1].glob("packages/*/src"))
sys.path[:0] = map(str, _SOURCES)

import gridstage  # noqa: E402, F401 (first of all: it pins the numeric environment)
