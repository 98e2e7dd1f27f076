"""The numeric environment is pinned, whatever the shell says."""

import inspect
import subprocess
import sys
from importlib import import_module
from typing import Any

import numpy as np
import pytest

from lockstep.kernel.library import levels
from tests.conftest import Command
from tests.project import ROOT


def printed(code: str, variables: dict[str, str]) -> list[str]:
    """Run code after `import stages`, in a shell with other variables, and return the words that it prints."""
    command = [sys.executable, "-c", f"import stages, os; {code}"]
    done = subprocess.run(command, cwd=ROOT, env=variables | {"PATH": ""}, capture_output=True, text=True)
    assert not done.returncode, done.stderr
    return done.stdout.split()


@pytest.mark.skipif("x86-64-v3" not in levels(), reason="needs a processor with AVX2")
def test_the_pins_hold_before_torch_is_imported() -> None:
    code = "import torch; print(torch.backends.cpu.get_cpu_capability(), os.environ['OMP_NUM_THREADS'])"
    assert printed(code, {"ATEN_CPU_CAPABILITY": "default", "OMP_NUM_THREADS": "7"}) == ["AVX2", "1"]


def test_a_processor_without_avx2_does_not_keep_the_variables_of_another() -> None:
    """torch ends the process on a processor that lacks what its variable names."""
    found: Any = np.show_config(mode="dicts")["SIMD Extensions"]
    old = {"NPY_DISABLE_CPU_FEATURES": " ".join(found.get("found", ()))}
    code = "print(*(os.environ.get(name) for name in ('ATEN_CPU_CAPABILITY', 'ONEDNN_MAX_CPU_ISA', 'OMP_NUM_THREADS')))"
    inherited = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "OMP_NUM_THREADS": "7"}
    assert printed(code, old | inherited) == ["None", "None", "1"]


@pytest.mark.parametrize("name", ["best_params", "refine", "report", "pr_comment", "search"])
def test_help_is_the_docstring_and_how_to_call_it(in_process: Command, name: str) -> None:
    stage = import_module(f"stages.{name}")
    done = in_process(stage, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert (inspect.getdoc(stage) or "?") in done.stdout
    assert done.stdout.startswith(f"usage: python -m stages.{name} ")
