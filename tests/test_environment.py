import subprocess
import sys

import pytest

from stages.lib import environment
from tests.conftest import ROOT, MakeProject

SHELLS = {
    "threads": {"OMP_NUM_THREADS": "4", "MKL_NUM_THREADS": "4"},
    "kernels": {"ATEN_CPU_CAPABILITY": "default", "MKL_CBWR": "AVX512", "ONEDNN_MAX_CPU_ISA": "ALL"},
    "one job": {"LOKY_MAX_CPU_COUNT": "1"},
    "hashes": {"PYTHONHASHSEED": "12345"},
}


def test_the_users_shell_changes_no_byte(make_project: MakeProject) -> None:
    project = make_project({"experiments.optimizer.fixed": {"module__dropout_rate": 0.5}})
    project.stage("search", "optimizer")
    undisturbed = project.metrics()
    for name, variables in SHELLS.items():
        project.stage("search", "optimizer", variables=variables)
        assert project.metrics() == undisturbed, name


def test_the_pins_hold_before_torch_is_imported() -> None:
    code = "import stages, torch, os; print(torch.backends.cpu.get_cpu_capability(), os.environ['MKL_CBWR'])"
    variables = {"ATEN_CPU_CAPABILITY": "default", "MKL_CBWR": "AUTO", "PATH": ""}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=variables, capture_output=True, text=True)
    assert done.stdout.split() == ["AVX2", "COMPATIBLE"], done.stderr


def test_pins_that_come_too_late_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch  # noqa: F401

    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    with pytest.warns(RuntimeWarning, match="torch was imported before OMP_NUM_THREADS could be set"):
        environment.pin()


def test_help_is_the_docstring(make_project: MakeProject) -> None:
    project = make_project()
    for name in ("predict", "refine", "report", "pr_comment", "search"):
        shown = project.stage(name, "--help").stdout
        assert shown.splitlines()[0] == (ROOT / f"stages/{name}.py").read_text(encoding="utf-8").splitlines()[0][
            3:
        ].rstrip('"')
