"""The results in tests/sample are what a run gives, whatever the shell says."""

from pathlib import Path

import pytest

from stages import compare
from tests.conftest import Command
from tests.make_sample import made_anew
from tests.project import Project
from tests.read_sample import SAMPLE

AGAIN = "is another one now. If that is what you want, run `python -m tests.make_sample`"
EXPERIMENT = "optimizer"
SHELL = {
    "OMP_NUM_THREADS": "4",
    "ATEN_CPU_CAPABILITY": "default",
    "MKL_CBWR": "AVX512",
    "PYTHONHASHSEED": "12345",
}


def test_an_experiment_run_again_in_another_shell_gives_the_same_bytes(
    tmp_path: Path, in_process: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = Project.copied(tmp_path)
    outputs = [name for name in project.metrics() if EXPERIMENT in Path(name).with_suffix("").parts]
    kinds = {Path(name).parent.name for name in outputs if Path(name).stem == EXPERIMENT}
    assert kinds == {"compared", "curves", "importance"}
    assert {f"metrics/search/{EXPERIMENT}/{name}" for name in ("candidates.csv", "summary.json")} <= {*outputs}
    for name in outputs:
        (project.folder / name).unlink()
    project.stage("search", EXPERIMENT, variables=SHELL)
    monkeypatch.chdir(project.folder)
    assert in_process(compare, EXPERIMENT).returncode == 0
    for name in outputs:
        assert project.read(name) == (SAMPLE / name).read_bytes(), f"tests/sample/{name} {AGAIN}"


@pytest.mark.long
def test_all_results_are_those_of_a_run(tmp_path: Path) -> None:
    for path, content in made_anew(tmp_path).items():
        assert content == path.read_bytes(), f"{path} {AGAIN}"
