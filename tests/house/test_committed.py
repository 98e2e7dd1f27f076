"""What is committed is what a run gives."""

from pathlib import Path

from tests.project import ROOT, Project, real_params

EXPERIMENT = "optimizer"


def test_a_committed_experiment_run_again_gives_the_same_bytes(tmp_path: Path) -> None:
    project = Project(tmp_path, real_params())
    outputs = [
        f"metrics/{name.format(EXPERIMENT)}" for name in ("search/{}.json", "candidates/{}.csv", "curves/{}.csv")
    ]
    for name in outputs:
        (project.folder / name).unlink()
    project.stage("search", EXPERIMENT)
    for name in outputs:
        assert project.read(name) == (ROOT / name).read_bytes(), name
