"""What is committed is what a run gives, whatever the shell says."""

from pathlib import Path

from tests.project import ROOT, Project

EXPERIMENT = "optimizer"
SHELL = {
    "OMP_NUM_THREADS": "4",
    "MKL_NUM_THREADS": "4",
    "ATEN_CPU_CAPABILITY": "default",
    "MKL_CBWR": "AVX512",
    "ONEDNN_MAX_CPU_ISA": "ALL",
    "LOKY_MAX_CPU_COUNT": "1",
    "PYTHONHASHSEED": "12345",
}


def test_a_committed_experiment_run_again_in_another_shell_gives_the_same_bytes(tmp_path: Path) -> None:
    project = Project.copied(tmp_path)
    outputs = [
        f"metrics/{name.format(EXPERIMENT)}"
        for name in ("search/{}.json", "candidates/{}.csv", "curves/{}.csv", "draws/{}.csv", "fresh/{}.csv")
    ]
    for name in outputs:
        (project.folder / name).unlink()
    project.stage("search", EXPERIMENT, variables=SHELL)
    for name in outputs:
        assert project.read(name) == (ROOT / name).read_bytes(), name
