"""Where the package lies whose tests these are."""

from pathlib import Path

PACKAGE = Path(__file__).parents[1]
