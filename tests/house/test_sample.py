"""The results of the tests' sample are what a run gives, whatever the shell, the processor and the user's files say."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from benchmarks.cross_cpu.machine import hashes, same
from benchmarks.cross_cpu.spoilt import FUNCTIONS, spoilt
from gridstage.common import write_text
from packages.gridstage.tests.conftest import Command
from packages.gridstage.tests.make_sample import made_anew
from packages.gridstage.tests.project import (
    IDENTITY,
    ROOT,
    YOURS,
    Project,
    environment,
    working_tree,
)
from packages.gridstage.tests.read_sample import SAMPLE
from stages import compare

AGAIN = "is another one now. If that is what you want, run `python -m packages.gridstage.tests.make_sample`"
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
    outputs = [
        name
        for name in project.metrics()
        if EXPERIMENT in Path(name).with_suffix("").parts
    ]
    kinds = {
        Path(name).parent.name for name in outputs if Path(name).stem == EXPERIMENT
    }
    assert kinds == {"compared", "curves", "importance", "parallel"}
    assert {
        f"metrics/search/{EXPERIMENT}/{name}"
        for name in ("candidates.csv", "summary.json")
    } <= {*outputs}
    for name in outputs:
        (project.folder / name).unlink()
    project.stage("search", EXPERIMENT, variables=SHELL)
    monkeypatch.chdir(project.folder)
    assert in_process(compare, EXPERIMENT).returncode == 0
    for name in outputs:
        assert project.read(name) == (SAMPLE / name).read_bytes(), (
            f"packages/gridstage/tests/sample/{name} {AGAIN}"
        )


@pytest.mark.long
def test_all_results_are_those_of_a_run(tmp_path: Path) -> None:
    for path, content in made_anew(tmp_path).items():
        assert content == path.read_bytes(), f"{path} {AGAIN}"


def written(folder: Path, files: dict[str, str]) -> dict[str, str]:
    for name, content in files.items():
        write_text(folder / name, content)
    return hashes(folder)


@pytest.fixture
def here(tmp_path: Path) -> dict[str, str]:
    return written(
        tmp_path / "here", {"metrics/a/b.csv": "1", "models/c": "2", "log": "3"}
    )


@pytest.mark.parametrize(
    ("files", "n_same", "differing"),
    [
        ({"metrics/a/b.csv": "1", "models/c": "2", "log": "4"}, "2 of 2", []),
        ({"metrics/a/b.csv": "1"}, "1 of 2", ["models/c"]),
        (
            {"metrics/a/b.csv": "9", "metrics/e": "5", "models/c": "2"},
            "1 of 3",
            ["metrics/a/b.csv", "metrics/e"],
        ),
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
    assert same("emulated x", here, written(tmp_path / "there", files)) == (
        not differing
    )
    lines = [
        f"emulated x: {n_same} files are the same as here",
        *(f"  differs: {name}" for name in differing),
    ]
    assert capsys.readouterr().out.splitlines() == lines


@pytest.mark.filterwarnings("ignore:Warning only once for all operators")
def test_roots_logarithms_and_sums_are_spoilt_in_each_form_also_inside_of_torch() -> (
    None
):
    x, rows = (
        torch.tensor([0.25, 0.5]),
        torch.tensor([[1.0, 2.0, 4.0], [2.0, 3.0, 3.0]]),
    )
    exact, correlated = (
        {name: getattr(x, name)() for name in FUNCTIONS},
        torch.corrcoef(rows),
    )
    with spoilt():
        for name, value in exact.items():
            forms = (
                getattr(x, name)(),
                getattr(x.clone(), f"{name}_")(),
                getattr(torch, name)(x, out=torch.ones(2)),
            )
            larger = torch.nextafter(value, torch.tensor(torch.inf))
            assert all(torch.equal(made, larger) for made in forms), name
        assert not torch.equal(torch.corrcoef(rows), correlated)
        larger = torch.nextafter(
            torch.tensor([15.0, 7.0, 8.0]), torch.tensor(torch.inf)
        )
        assert torch.equal(torch.stack([rows.sum(), *rows.sum(dim=1)]), larger)
        assert (rows > 1).sum(dim=1, keepdim=True).tolist() == [[2], [3]]
    assert torch.equal(x.sqrt(), exact["sqrt"])


@pytest.mark.long
def test_other_roots_logarithms_and_sums_change_no_byte_of_the_whole_pipeline(
    tmp_path: Path,
) -> None:
    project = Project.copied(tmp_path)
    for name in ("metrics", "models"):
        shutil.rmtree(project.folder / name)
    command = [sys.executable, "-m", "benchmarks.cross_cpu.spoilt"]
    subprocess.run(command, cwd=project.folder, env=environment(), check=True)
    expected, found = hashes(SAMPLE), hashes(project.folder)
    assert {name: found[name] for name in expected} == expected


# All of these read the sample, and none takes a minute.
QUICK = "config data scores compare fetch handover refine adopt check told".split()


@pytest.mark.long
@pytest.mark.parametrize(
    "content", [None, "experiments: [\n"], ids=["nothing", "nonsense"]
)
def test_the_tests_do_not_read_what_is_the_users(
    tmp_path: Path, content: str | None
) -> None:
    """In a clone in which params.yaml, the data, results and README.md are gone, or are nonsense.

    What passes there passes with any grids, table and results. All tests are collected, and quick ones run.
    """
    for name in working_tree():
        path, is_users = tmp_path / name, name.startswith(YOURS)
        if not is_users or content is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, path, follow_symlinks=False)
        if is_users and content is not None:
            write_text(path, content)

    def run(*command: str) -> None:
        variables = environment() | IDENTITY
        done = subprocess.run(
            command, cwd=tmp_path, env=variables, capture_output=True, text=True
        )
        assert done.returncode == 0, (
            f"{' '.join(command)}:\n{done.stdout[-10_000:]}\n{done.stderr[-2000:]}"
        )

    run("git", "init", "--quiet")
    run("git", "add", "--all")
    run("git", "commit", "--quiet", "--message", "Start")
    pytest_here = "python -m pytest --quiet -p no:cacheprovider -p no:xdist".split()
    run(*pytest_here, "--collect-only")
    run(*pytest_here, *(f"packages/gridstage/tests/{name}" for name in QUICK))
