"""The numeric environment is pinned, whatever the shell says."""

import inspect
import subprocess
import sys
from importlib import import_module

import pytest

from lockstep.kernel.library import levels
from tests.conftest import Command
from tests.project import ROOT


def test_the_pins_hold_before_torch_is_imported() -> None:
    """A processor that lacks AVX2 keeps torch's plain kernels: others would end the process there."""
    code = "import stages, torch, os; print(torch.backends.cpu.get_cpu_capability(), os.environ['OMP_NUM_THREADS'])"
    variables = {"ATEN_CPU_CAPABILITY": "default", "OMP_NUM_THREADS": "7", "PATH": ""}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=variables, capture_output=True, text=True)
    capability = "AVX2" if "x86-64-v3" in levels() else "DEFAULT"
    assert done.stdout.split() == [capability, "1"], done.stderr


@pytest.mark.parametrize("name", ["best_params", "refine", "report", "pr_comment", "search"])
def test_help_is_the_docstring_and_how_to_call_it(in_process: Command, name: str) -> None:
    stage = import_module(f"stages.{name}")
    done = in_process(stage, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert (inspect.getdoc(stage) or "?") in done.stdout
    assert done.stdout.startswith(f"usage: python -m stages.{name} ")
