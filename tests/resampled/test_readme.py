"""The page of the package: its scripts print what it says that they print."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import sklearn
from sklearn.utils.fixes import parse_version

from tests.resampled.examples import ROOT

PAGE = (ROOT / "resampled/README.md").read_text(encoding="utf-8")
SCRIPT = "".join(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
PRINTED = "".join(re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL))


@pytest.mark.skipif(parse_version(sklearn.__version__) < parse_version("1.9"), reason="the page is of newer versions")
def test_the_scripts_print_what_the_page_shows(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    command = [sys.executable, "-W", "error", "script.py"]
    done = subprocess.run(command, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == PRINTED


def test_the_page_is_short_and_names_every_function() -> None:
    import resampled

    assert len(PAGE.splitlines()) <= 100
    assert [name for name in resampled.__all__ if not re.search(rf"\b{name}\b", PAGE)] == []


def test_the_script_at_the_top_has_ten_lines() -> None:
    (first, *_) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len([line for line in first.splitlines() if line]) <= 10
