"""What `make cross-cpu` says of files that differ, and what it spoils, which changes no byte of the pipeline."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from benchmarks.cross_cpu.__main__ import hashes, same
from benchmarks.cross_cpu.spoilt import FUNCTIONS, spoilt
from tests.project import Project, environment
from tests.read_sample import SAMPLE


def written(folder: Path, files: dict[str, str]) -> dict[str, str]:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    return hashes(folder)


@pytest.fixture
def here(tmp_path: Path) -> dict[str, str]:
    return written(tmp_path / "here", {"metrics/a/b.csv": "1", "models/c": "2", "log": "3"})


@pytest.mark.parametrize(
    ("files", "n_same", "differing"),
    [
        ({"metrics/a/b.csv": "1", "models/c": "2", "log": "4"}, "2 of 2", []),
        ({"metrics/a/b.csv": "1"}, "1 of 2", ["models/c"]),
        ({"metrics/a/b.csv": "9", "metrics/e": "5", "models/c": "2"}, "1 of 3", ["metrics/a/b.csv", "metrics/e"]),
    ],
)
def test_files_that_differ_are_named(
    files: dict[str, str],
    n_same: str,
    differing: list[str],
    here: dict[str, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert same("emulated x", here, written(tmp_path / "there", files)) == (not differing)
    lines = [f"emulated x: {n_same} files are the same as here", *(f"  differs: {name}" for name in differing)]
    assert capsys.readouterr().out.splitlines() == lines


@pytest.mark.filterwarnings("ignore:Warning only once for all operators")
def test_roots_logarithms_and_sums_are_spoilt_in_each_form_also_inside_of_torch() -> None:
    x, rows = torch.tensor([0.25, 0.5]), torch.tensor([[1.0, 2.0, 4.0], [2.0, 3.0, 3.0]])
    exact, correlated = {name: getattr(x, name)() for name in FUNCTIONS}, torch.corrcoef(rows)
    with spoilt():
        for name, value in exact.items():
            forms = getattr(x, name)(), getattr(x.clone(), f"{name}_")(), getattr(torch, name)(x, out=torch.ones(2))
            larger = torch.nextafter(value, torch.tensor(torch.inf))
            assert all(torch.equal(made, larger) for made in forms), name
        assert not torch.equal(torch.corrcoef(rows), correlated)
        larger = torch.nextafter(torch.tensor([15.0, 7.0, 8.0]), torch.tensor(torch.inf))
        assert torch.equal(torch.stack([rows.sum(), *rows.sum(dim=1)]), larger)
        assert (rows > 1).sum(dim=1, keepdim=True).tolist() == [[2], [3]]
    assert torch.equal(x.sqrt(), exact["sqrt"])


@pytest.mark.long
def test_other_roots_logarithms_and_sums_change_no_byte_of_the_whole_pipeline(tmp_path: Path) -> None:
    project = Project.copied(tmp_path)
    for name in ("metrics", "models"):
        shutil.rmtree(project.folder / name)
    command = [sys.executable, "-m", "benchmarks.cross_cpu.spoilt"]
    subprocess.run(command, cwd=project.folder, env=environment(), check=True)
    expected, found = hashes(SAMPLE), hashes(project.folder)
    assert {name: found[name] for name in expected} == expected
