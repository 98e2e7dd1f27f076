"""`gridstage new`: what it makes and where, and when it makes nothing."""

import ast
import json
import subprocess
import sys
import tarfile
from contextlib import chdir
from pathlib import Path

import pytest
from dvc.repo import Repo

from gridstage import __main__
from gridstage.commands import new
from gridstage.common import write_text
from gridstage.config import load_params
from gridstage.project import record, texts_of, undone_if_it_fails
from packages.gridstage.tests.adopt.conftest import as_text, git, passengers
from packages.gridstage.tests.conftest import Command
from packages.gridstage.tests.project import ROOT, Project, environment, text_of

NAME = "mein Projekt é"
MOST_FILES = 32
EXAMPLE = "data/pima-indians-diabetes.csv"
TABLE = "Passagiere é.csv"


@pytest.fixture
def table(here: Path) -> Path:
    """A table in a folder of its own, here."""
    path = here / "tables" / TABLE
    write_text(path, as_text(passengers()))
    return path


def files_in(folder: Path) -> set[str]:
    """Return the files of a folder, but those of git."""
    paths = (path for path in folder.rglob("*") if not path.is_dir())
    names = (path.relative_to(folder).as_posix() for path in paths)
    return {name for name in names if ".git/" not in name}


def run(folder: Path, *command: str) -> str:
    """Run a command in a project, and return what it prints."""
    return Project(folder).run(*command).stdout


def test_the_example_is_the_pipeline_of_this_repository(
    here: Path, in_process: Command
) -> None:
    said = in_process(new, NAME).succeeded()
    folder = here / NAME
    made = files_in(folder)
    assert len(made - {EXAMPLE}) <= MOST_FILES
    assert said == (
        f"Made {len(made)} files in {folder.resolve()}; nothing is committed.\n"
        f"Next:\n  cd '{NAME}'\n  dvc repro\n"
    )
    scripts = {path.name for path in (ROOT / "stages").glob("*.py")}
    scripts -= {"__init__.py", "stages.py"}
    nets = {f"nets/{path.name}" for path in (ROOT / "nets").glob("*.py")}
    plots = {f".dvc/plots/{path.name}" for path in (ROOT / ".dvc/plots").iterdir()}
    same = {f"stages/{name}" for name in scripts} | nets | plots
    same |= {"params.yaml", EXAMPLE, ".dvc/config", ".dvc/.gitignore", ".gitattributes"}
    assert same < made
    for name in same:
        assert (folder / name).read_bytes() == (ROOT / name).read_bytes()
    readme = text_of(folder / "README.md")
    assert readme.startswith(f"# {NAME}\n")
    assert "PROJECT" not in readme
    assert "'experiments.neurons.grid.module__n_neurons=" in readme
    assert Path(folder, ".git/HEAD").read_text() == "ref: refs/heads/main\n"
    recorded = json.loads(text_of(folder / record.RECORD))
    assert set(recorded["texts"]) == made - nets - {
        "README.md",
        "params.yaml",
        EXAMPLE,
        record.RECORD,
    }
    with chdir(folder):
        assert recorded["texts"] == texts_of(Path())


def test_dvc_and_the_commands_take_the_example_for_a_project(
    here: Path, in_process: Command
) -> None:
    in_process(new, NAME).succeeded()
    stages = Project(here / NAME).stale()
    experiments = Project(here / NAME).params()["experiments"]
    of_each = {
        f"{kind}@{name}" for kind in ("search", "compare") for name in experiments
    }
    others = {"fetch", "baselines", "best_params", "evaluate", "charts", "results"}
    assert stages == of_each | others
    assert run(here / NAME, "gridstage", "check").startswith("params.yaml: fine")
    assert run(here / NAME, "python", "-m", "stages.fetch")
    assert run(here / NAME, "git", "status", "--short", "metrics") == "?? metrics/\n"


def test_a_stage_begins_with_the_numeric_environment() -> None:
    """In a project, nothing imports gridstage before the script; numpy and torch read the environment once."""
    for path in (ROOT / "stages").glob("[!_]*.py"):
        body = ast.parse(text_of(path)).body
        names = [node.names[0].name for node in body if isinstance(node, ast.Import)]
        from_ = [str(node.module) for node in body if isinstance(node, ast.ImportFrom)]
        assert {*names} <= sys.stdlib_module_names, path
        others = (name for name in from_ if name not in sys.stdlib_module_names)
        assert next(others, "gridstage").startswith("gridstage"), path


def test_a_file_that_hides_a_package_is_named(here: Path, in_process: Command) -> None:
    in_process(new, NAME).succeeded()
    write_text(here / NAME / "pandas.py", "")
    command = (sys.executable, "-m", "stages.fetch")
    done = subprocess.run(
        command,
        cwd=here / NAME,
        env=environment(),
        capture_output=True,
        encoding="utf-8",
    )
    assert done.stderr.startswith("error: pandas.py here hides the module pandas,")
    assert done.returncode == 1


def test_dvc_adds_nothing_to_the_files_that_it_would_make_itself(
    here: Path, in_process: Command
) -> None:
    """Oracle: `dvc init`, in a repository of its own and in a folder of another one."""
    in_process(new, NAME).succeeded()
    git("init", "--quiet", "own")
    git("init", "--quiet", "another")
    for folder, inside in (here / "own", False), (here / "another/inside", True):
        folder.mkdir(exist_ok=True)
        Repo.init(str(folder), subdir=inside)
        assert files_in(folder / ".dvc") <= {"config", ".gitignore", "tmp/btime"}
        ignored = ".dvc/.gitignore"
        assert text_of(folder / ignored) == text_of(here / NAME / ignored)
        assert "no_scm" not in text_of(folder / ".dvc/config")


def test_a_table_is_copied_and_described(
    here: Path, table: Path, in_process: Command
) -> None:
    done = in_process(new, NAME, f"tables/{TABLE}", "survived")
    assert done.returncode == 0, done.stderr
    assert f"data/{TABLE}: 60 rows, 9 columns;" in done.stdout
    assert done.stdout.endswith(f"Next:\n  cd '{NAME}'\n  dvc repro\n")
    folder = here / NAME
    made = files_in(folder)
    assert f"data/{TABLE}" in made
    assert EXAMPLE not in made
    assert len(made) <= MOST_FILES + 1
    assert (folder / "data" / TABLE).read_bytes() == table.read_bytes()
    with chdir(folder):
        params = load_params()
    assert (params.data.path, params.data.target) == (f"data/{TABLE}", "survived")
    assert "'experiments.net.grid.module__n_neurons=" in text_of(folder / "README.md")
    assert "module__n_neurons" in params.experiments["net"].grid
    assert "search@net" in Project(folder).stale()


def test_the_flags_are_those_of_adopt(
    here: Path, table: Path, in_process: Command
) -> None:
    done = in_process(new, NAME, str(table), "age", "--number", "--dvc")
    assert done.returncode == 0, done.stderr
    assert f"data/{TABLE}.dvc: DVC tracks data/{TABLE}" in done.stdout
    made = files_in(here / NAME)
    assert {f"data/{TABLE}.dvc", "data/.gitignore"} <= made
    with chdir(here / NAME):
        assert not load_params().model.classifies


def test_a_table_that_is_in_its_place_stays_there(
    here: Path, in_process: Command
) -> None:
    """In a folder that is a repository already."""
    git("init", "--quiet", "--initial-branch=trunk")
    write_text(f"data/{TABLE}", as_text(passengers()))
    write_text("notes.txt", "Mine.\n")
    before = Path(f"data/{TABLE}").stat()
    done = in_process(new, ".", f"data/{TABLE}", "survived")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("nothing is committed.\nNext:\n  dvc repro\n")
    after = Path(f"data/{TABLE}").stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)
    assert Path(".git/HEAD").read_text() == "ref: refs/heads/trunk\n"
    assert Path(".github/workflows/ci.yml").exists()
    assert text_of("README.md").startswith(f"# {here.resolve().name}\n")


def test_projects_stand_side_by_side_in_a_repository(
    here: Path, in_process: Command
) -> None:
    git("init", "--quiet")
    git("commit", "--quiet", "--allow-empty", "--message", "Start")
    for name in ("models/first", "models/zweites é"):
        said = in_process(new, name).succeeded()
        assert f"It is a folder of the git repository {here.resolve()}:" in said
        assert "are not shared" in said
        assert len(files_in(Path(name)) - {EXAMPLE}) <= MOST_FILES - 2
        assert not Path(name, ".git").exists()
        assert Project(here / name).stale()
    assert {path.name for path in Path(".github/workflows").iterdir()} == {
        *("ci-models-first.yml", "comment-models-first.yml"),
        *("ci-models-zweites-é.yml", "comment-models-zweites-é.yml"),
    }
    changed = run(here, "git", "-c", "core.quotePath=false", "status", "--short")
    assert changed == "?? .github/\n?? models/\n"


def state(folder: Path) -> dict[str, bytes]:
    """Return all files of a folder with their bytes, and its folders without any."""
    paths = {str(path.relative_to(folder)): path for path in folder.rglob("*")}
    return {
        name: path.read_bytes() if path.is_file() else b""
        for name, path in paths.items()
    }


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["tables/few.csv"], 1, "few.csv is a file. Name a folder"),
        (["tables/few.csv/new"], 1, "few.csv"),
        (["new", "gone.csv", "y"], 1, "gone.csv is not a file. Name a CSV or Parquet"),
        (["new", "tables", "y"], 1, "tables is not a file. Name a CSV or Parquet file"),
        (["new", "tables/few.csv"], 1, "TARGET is missing. Name the column to predict"),
        (["new", "tables/few.csv", "survivde"], 1, "did you mean 'survived'?"),
        (["a/b/new", "tables/few.csv", "survived"], 1, "too few to split. Add rows."),
        (["old", "tables/few.csv", "survived"], 1, "too few to split. Add rows."),
        (["old/../new", "tables/few.csv", "survived"], 1, "too few to split."),
        (["new", "tables/odd.md", "survived"], 1, "odd.md"),
        (["clash", "tables/few.csv", "survived"], 1, "clash/data can't be used"),
        (["new", "--dvc"], 2, "--classes, --number and --dvc are for a TABLE"),
        (["new", "--number"], 2, "--classes, --number and --dvc are for a TABLE"),
        (["new", "--force"], 2, "unrecognized arguments: --force"),
        ([], 2, "the following arguments are required: FOLDER"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_made(
    here: Path, in_process: Command, arguments: list[str], status: int, said: str
) -> None:
    write_text("tables/few.csv", as_text(passengers(3)))
    write_text("tables/odd.md", "No table.\n")
    write_text("old/data/other.csv", "a,b\n")
    write_text("clash/data", "")
    before = state(here)
    done = in_process(new, *arguments)
    assert (done.returncode, said in done.stderr) == (status, True), done.stderr
    assert state(here) == before


@pytest.mark.parametrize(
    "name",
    ["params.yaml", ".github/workflows/ci.yml", "stages/fetch.py", f"data/{TABLE}"],
)
def test_a_file_that_is_there_is_named_and_stays(
    here: Path, table: Path, in_process: Command, name: str
) -> None:
    write_text(here / "old" / name, "Mine.\n")
    before = state(here)
    said = in_process(new, "old", str(table), "survived").refused()
    assert f"{here.resolve() / 'old'} has {name} already" in said
    assert state(here) == before


def test_a_workflow_of_another_project_is_named_and_stays(
    here: Path, in_process: Command
) -> None:
    git("init", "--quiet")
    in_process(new, "a b").succeeded()
    before = state(here)
    said = in_process(new, "a-b").refused()
    assert "has ../.github/workflows/ci-a-b.yml" in said
    assert state(here) == before


def test_what_a_failure_has_begun_is_removed(here: Path) -> None:
    """Also above a folder that was not there, and after Ctrl-C."""
    write_text("kept/mine.txt", "")
    before = state(here)
    names = "x.txt", "more/y.txt", "../z.txt", "../../w.txt"
    with pytest.raises(KeyboardInterrupt):  # noqa: PT012, SIM117
        with undone_if_it_fails(Path("kept/new"), names):
            for name in names:
                write_text(Path("kept/new", name), "")
            Path("kept/new/dangling").symlink_to("nowhere")
            assert Path("w.txt").exists()
            raise KeyboardInterrupt
    assert state(here) == before


def test_without_git_nothing_is_made(
    here: Path, in_process: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(here))
    assert "git is not installed" in in_process(new, NAME).refused()
    assert state(here) == {}


@pytest.mark.parametrize("inside", ["", "data"])
def test_outside_of_a_project_a_command_says_so(
    here: Path, monkeypatch: pytest.MonkeyPatch, inside: str
) -> None:
    monkeypatch.setattr("sys.argv", ["gridstage", "check"])
    remedy = "or make one: `gridstage new FOLDER`."
    if inside:
        write_text("dvc.yaml", "")
        remedy = f"Change to the folder of the project: `cd {here}`."
    folder = here / inside
    folder.mkdir(exist_ok=True)
    with chdir(folder), pytest.raises(SystemExit) as end:
        __main__.main()
    said = f"error: {folder} is not a project, because it has no dvc.yaml."
    assert str(end.value).startswith(said)
    assert str(end.value).endswith(remedy)


def test_the_help_of_a_command_is_shown_anywhere(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["gridstage", "check", "--help"])
    with pytest.raises(SystemExit):
        __main__.main()
    assert capsys.readouterr().out.startswith("usage: gridstage check")


@pytest.mark.long
def test_a_run_of_the_example_gives_the_committed_bytes(
    here: Path, in_process: Command
) -> None:
    in_process(new, NAME).succeeded()
    folder = here / NAME
    # Longer than `run` waits.
    command = (sys.executable, "-m", "dvc", "repro")
    subprocess.run(command, cwd=folder, env=environment(), check=True)
    archive = str(here / "committed.tar")
    git("-C", str(ROOT), "archive", f"--output={archive}", "HEAD", "metrics", "models")
    with tarfile.open(archive) as committed:
        committed.extractall(here, filter="data")
    for name in ("metrics", "models"):
        assert state(folder / name) == state(here / name)
    assert Project(folder).stale() == set()
