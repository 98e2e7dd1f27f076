"""Where the package lies whose tests these are."""

from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1]

needs_source = pytest.mark.skipif(
    not (PACKAGE / "src").exists(), reason="needs the source of the package"
)
