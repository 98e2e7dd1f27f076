"""A project comes to a later version, and loses nothing of its owner's. Oracles: the real git and its merges."""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import gridstage
from gridstage.commands import new
from gridstage.commands import update as command
from gridstage.common import write_text
from gridstage.common.aside.command import Interrupted
from gridstage.project import record, update
from gridstage.project.changelog import changelog
from gridstage.project.record import RECORD
from packages.gridstage.tests.conftest import Command, Done
from packages.gridstage.tests.project import IDENTITY, Project, text_of
from packages.gridstage.tests.projects.test_record import NEWS

STAGE = "import gridstage\n\n\ndef main():\n    gridstage.run()\n"
DVC = """stages:
  fetch:
    cmd: fetch
    deps:
    - data
    - stages/fetch.py
    outs:
    - out
  results:
    cmd: results
    deps:
    - metrics
    - stages/results.py
    outs:
    - metrics/README.md
"""
PINS = "gridstage==0.1.0\nnumpy==1.0\npandas==3.0\nscipy==1.1\ntorch==2.8\n"
OLD = {"dvc.yaml": DVC, "requirements.txt": PINS, "stages/fetch.py": STAGE}


class Made(Project):
    """A repository with a project of version 0.1.0, which is the working directory."""

    def change(self, path: str, old: str, new: str) -> None:
        text = text_of(self.folder / path)
        assert old in text
        write_text(self.folder / path, text.replace(old, new))

    def texts(self) -> dict[str, str]:
        """Return the texts of all files but those of git."""
        paths = [path for path in self.folder.rglob("*") if path.is_file()]
        inside = {path.relative_to(self.folder).as_posix(): path for path in paths}
        return {
            name: text_of(path)
            for name, path in sorted(inside.items())
            if not name.startswith(".git/")
        }

    def state(self) -> str:
        return self.git("status", "--porcelain")


@pytest.fixture
def made(here: Path) -> Made:
    project = Made(here)
    for path, text in OLD.items():
        write_text(path, text)
    write_text("params.yaml", "seed: 1\n")
    record.write(here, "0.1.0", OLD)
    project.commit_first()
    return project


@pytest.fixture
def to(in_process: Command, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Return a function that calls `gridstage update` where another version, of these texts, is installed."""

    def call(texts: dict[str, str], version: str = "0.2.0") -> Done:
        monkeypatch.setattr(command, "gridstage", SimpleNamespace(__version__=version))
        monkeypatch.setattr(command, "texts_of", lambda folder: texts)
        monkeypatch.setattr(command, "changelog", lambda: NEWS)
        return in_process(command)

    return call


NEW_STAGE = STAGE.replace("run()", "run(2)")
NEW = OLD | {"stages/fetch.py": NEW_STAGE}


def test_an_unchanged_file_is_replaced_and_nothing_else_is_written(
    made: Made, to: Command
) -> None:
    said = to(NEW).succeeded()
    assert said.startswith(
        "From gridstage 0.1.0 to 0.2.0:\n- replaced: stages/fetch.py\n"
    )
    assert "\n## [0.2.0] - 2027-01-31\n\n- A.\n\n## 0.1.1\n\n- B.\n\nNothing" in said
    assert "- C." not in said
    assert made.state() == f" M {RECORD}\n M stages/fetch.py\n"
    assert text_of("stages/fetch.py") == NEW_STAGE
    assert record.read(Path()) == record.Record("0.2.0", NEW)
    before = made.texts()
    again = to(NEW).succeeded()
    assert again == "The project is of gridstage 0.2.0 already; nothing is to do.\n"
    assert made.texts() == before


def test_the_same_version_of_another_commit_has_other_texts(
    made: Made, to: Command
) -> None:
    assert "- replaced: stages/fetch.py\n" in to(NEW, "0.1.0").succeeded()


def test_what_both_have_changed_is_merged(made: Made, to: Command) -> None:
    """A pin of each side, and a dependency that one renames while the other adds a stage."""
    stage = "  mine:\n    cmd: mine\n"
    made.change("requirements.txt", "torch==2.8", "torch==2.9")
    write_text("dvc.yaml", text_of("dvc.yaml") + stage)
    made.commit_all("Mine")
    new = OLD | {
        "requirements.txt": PINS.replace("gridstage==0.1.0", "gridstage==0.2.0"),
        "dvc.yaml": DVC.replace("- data\n", "- data/table.csv\n"),
    }
    said = to(new).succeeded()
    assert "- merged with your changes: dvc.yaml, requirements.txt\n" in said
    assert text_of("requirements.txt") == new["requirements.txt"].replace("2.8", "2.9")
    assert text_of("dvc.yaml") == new["dvc.yaml"] + stage


def test_what_you_alone_have_changed_stays(made: Made, to: Command) -> None:
    made.change("stages/fetch.py", "main", "haupt")  # not committed: nobody touches it
    said = to(OLD | {"dvc.yaml": "stages: {}\n"}).succeeded()
    assert "- changed by you alone, and left: stages/fetch.py\n" in said
    assert "haupt" in text_of("stages/fetch.py")


def test_two_added_stages_conflict_and_are_named(made: Made, to: Command) -> None:
    write_text("dvc.yaml", DVC + "  größe:\n    cmd: mine\n")
    made.commit_all("Mine")
    done = to(NEW | {"dvc.yaml": DVC + "  theirs:\n    cmd: theirs\n"})
    assert done.returncode == 1
    assert "- replaced: stages/fetch.py\n- with conflicts: dvc.yaml\n" in done.stdout
    assert "the same lines of dvc.yaml. Edit what is between" in done.stderr
    text = text_of("dvc.yaml")
    assert "<<<<<<< yours\n  größe:\n    cmd: mine\n" in text
    assert "  theirs:\n    cmd: theirs\n>>>>>>> gridstage 0.2.0\n" in text
    assert record.read(Path()).version == "0.2.0"
    for version in ("0.2.0", "0.3.0"):
        again = to(record.read(Path()).texts, version).stderr
        if version == "0.2.0":
            assert "conflict markers (`<<<<<<<`) in dvc.yaml" in again
            made.commit_all("Forgotten")
    assert "conflict markers (`<<<<<<<`) in dvc.yaml" in again


def test_a_deleted_file_stays_deleted_and_is_named_if_it_has_changed(
    made: Made, to: Command
) -> None:
    Path("stages/fetch.py").unlink()
    made.commit_all("Mine")
    said = to(OLD, "0.1.1").succeeded()
    assert "- changed by you alone, and left: stages/fetch.py\n" in said
    made.commit_all("Updated")
    said = to(NEW).succeeded()
    assert (
        "- stages/fetch.py: you have deleted it, and gridstage 0.2.0 has changed"
        in said
    )
    assert not Path("stages/fetch.py").exists()


def test_a_new_file_is_added_unless_one_is_there(made: Made, to: Command) -> None:
    write_text("stages/extra.py", "mine\n")
    made.commit_all("Mine")
    new = OLD | {"stages/extra.py": "theirs\n", "stages/sub/new é.py": "ä\n"}
    said = to(new).succeeded()
    assert "- added: stages/sub/new é.py\n" in said
    assert "- stages/extra.py: gridstage 0.2.0 has a new file of this name" in said
    assert text_of("stages/extra.py") == "mine\n"
    assert text_of("stages/sub/new é.py") == "ä\n"
    # Now and later, that file is the user's own.
    assert "stages/extra.py" not in record.read(Path()).texts
    made.commit_all("Updated")
    later = new | {"stages/extra.py": "theirs, changed\n"}
    assert "nothing is to do" in to(later).succeeded()
    to(later | {"dvc.yaml": ""}, "0.3.0").succeeded()
    assert text_of("stages/extra.py") == "mine\n"


@pytest.mark.parametrize("mine", ["", "mine\n"])
def test_a_file_that_is_gone_is_removed_unless_you_have_changed_it(
    made: Made, to: Command, mine: str
) -> None:
    write_text("stages/fetch.py", STAGE + mine)
    made.git("commit", "--quiet", "--all", "--allow-empty", "--message", "Mine")
    new = {path: text for path, text in OLD.items() if path != "stages/fetch.py"}
    said = to(new).succeeded()
    assert Path("stages/fetch.py").exists() == bool(mine)
    told = "stages/fetch.py: gridstage 0.2.0 has it no more, and you have changed it"
    assert (told if mine else "- removed: stages/fetch.py\n") in said
    assert "stages/fetch.py" not in record.read(Path()).texts


def test_line_ends_stay(made: Made, to: Command) -> None:
    for path in ("stages/fetch.py", "dvc.yaml"):
        Path(path).write_bytes(OLD[path].replace("\n", "\r\n").encode())
    made.change("dvc.yaml", "cmd: fetch", "cmd: mine")
    Path("dvc.yaml").write_bytes(Path("dvc.yaml").read_bytes().replace(b"\n", b"\r\n"))
    made.commit_all("From Windows")
    new = NEW | {"dvc.yaml": DVC.replace("cmd: results", "cmd: new")}
    said = to(new).succeeded()
    assert "- replaced: stages/fetch.py\n- merged with your changes: dvc.yaml\n" in said
    content = Path("stages/fetch.py").read_bytes()
    assert content == NEW_STAGE.replace("\n", "\r\n").encode()
    merged = new["dvc.yaml"].replace("cmd: fetch", "cmd: mine")
    assert Path("dvc.yaml").read_bytes() == merged.replace("\n", "\r\n").encode()


EVERY = {
    "added.py": "new\n",
    "dvc.yaml": DVC + "  theirs:\n    cmd: theirs\n",
    "requirements.txt": PINS.replace("gridstage==0.1.0", "gridstage==0.2.0"),
}  # stages/fetch.py is gone


@pytest.mark.parametrize("n_done", range(5))
def test_an_interrupted_update_goes_on(
    made: Made, to: Command, monkeypatch: pytest.MonkeyPatch, n_done: int
) -> None:
    """Wherever Ctrl-C comes: behind one, two, … written files, and before the record."""
    write_text("dvc.yaml", DVC + "  mine:\n    cmd: mine\n")
    made.change("requirements.txt", "torch==2.8", "torch==2.9")
    made.commit_all("Mine")
    assert to(EVERY).returncode == 1
    expected = made.texts()
    made.git("reset", "--quiet", "--hard")
    made.git("clean", "--quiet", "--force")
    before = made.texts()
    waiting = iter([True] * n_done)

    def stopping(function: Callable[..., None]) -> Callable[..., None]:
        def called(*arguments: Any, **options: Any) -> None:
            if not next(waiting, False):
                raise Interrupted
            function(*arguments, **options)

        return called

    with monkeypatch.context() as patched:
        patched.setattr(update, "write_bytes", stopping(update.write_bytes))
        patched.setattr(Path, "unlink", stopping(Path.unlink))
        patched.setattr(record, "write", stopping(record.write))
        with pytest.raises(Interrupted):
            command.main()
    assert (made.texts() == before) == (n_done == 0)
    assert text_of(RECORD) == before[RECORD]
    assert "- with conflicts: dvc.yaml\n" in to(EVERY).stdout
    assert made.texts() == expected


def test_what_is_in_no_commit_is_not_written_over(made: Made, to: Command) -> None:
    made.change("stages/fetch.py", "main", "haupt")
    before = made.texts()
    words = "stages/fetch.py would be written over, with changes that are not committed"
    assert words in to(NEW).refused()
    made.git("add", "--all")
    assert words in to(NEW).refused()
    made.git("rm", "--quiet", "--cached", "stages/fetch.py")
    made.git("commit", "--quiet", "--message", "Out")
    assert words in to(NEW).refused()  # nor what git does not have at all
    assert made.texts() == before
    write_text("stages/fetch.py", STAGE)
    made.commit_all("In")
    made.change(RECORD, "0.1.0", "0.1.0.post0")
    assert f"{RECORD} would be written over" in to(NEW).refused()


def test_a_first_commit_and_git_are_needed(made: Made, to: Command) -> None:
    shutil.rmtree(".git")
    said = to(NEW).refused()
    assert "not a git repository" in said
    assert "git brings them back" in said
    made.git("init", "--quiet")
    assert "not committed" in to(NEW).refused()
    assert text_of("stages/fetch.py") == STAGE


def test_a_project_in_a_folder_of_a_repository(
    made: Made, to: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its workflow is at the top, and may be changed, and half updated."""
    inside = made.folder / "mein Projekt é"
    shutil.copytree(made.folder, inside, ignore=shutil.ignore_patterns(".git"))
    monkeypatch.chdir(inside)
    flow = "../.github/workflows/ci.yml"
    write_text(flow, "a\nb\nc\nd\n")
    record.write(inside, "0.1.0", OLD | {flow: "a\nb\nc\nd\n"})
    write_text(flow, "mine\nb\nc\nd\n")
    made.commit_all("Inside")
    new = NEW | {flow: "a\nb\nc\nnew\n"}
    write_text(flow, "mine\nb\nc\nnew\n")  # as an interrupted update leaves it
    said = to(new).succeeded()
    assert f"- merged with your changes: {flow}\n" in said
    assert text_of(flow) == "mine\nb\nc\nnew\n"
    assert text_of(made.folder / "stages/fetch.py") == STAGE


def test_an_older_version_and_no_project_are_refused(made: Made, to: Command) -> None:
    assert (
        "The project is of gridstage 0.1.0, and 0.0.9 is installed, which is older"
        in to(OLD, "0.0.9").refused()
    )
    Path(RECORD).unlink()
    assert "No project of gridstage's is here" in to(OLD).refused()
    assert "`gridstage new` makes one" in to(OLD).refused()


def test_a_file_that_is_no_text_is_named(made: Made, to: Command) -> None:
    Path("dvc.yaml").write_bytes(b"\xff")
    assert "dvc.yaml is not UTF-8" in to(NEW).refused()


def installed(folder: Path, version: str) -> Path:
    """Copy the package into a folder, and let Python find this version of it there."""
    shutil.copytree(Path(gridstage.__file__).parent, folder / "gridstage")
    info = folder / f"gridstage-{version}.dist-info"
    write_text(
        info / "METADATA",
        f"Metadata-Version: 2.1\nName: gridstage\nVersion: {version}\n",
    )
    return folder


def test_a_later_version_is_installed_and_the_command_is_called(
    here: Path, in_process: Command, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A project of `gridstage new`, and a copy of the package with another script, dvc.yaml, changelog and version."""
    in_process(new, ".").succeeded()
    project = Made(here)
    project.change("dvc.yaml", "desc: Write the page of results", "desc: Mine")
    project.commit_first()
    later = installed(tmp_path_factory.mktemp("later"), "99.0.0")
    template = later / "gridstage/template"
    script = text_of(template / "stages/fetch.py") + "# New.\n"
    write_text(template / "stages/fetch.py", script)
    pipeline = text_of(template / "pipeline.yaml")
    write_text(template / "pipeline.yaml", f"# New.\n{pipeline}")
    news = f"# Changelog\n\n## 99.0.0\n\n- Größer.\n\n{changelog()}"
    write_text(later / "gridstage/CHANGELOG.md", news)
    variables = IDENTITY | {"PYTHONPATH": os.pathsep.join([str(later), *sys.path])}
    command = "python", "-m", "gridstage", "update"
    said = project.run(*command, variables=variables).stdout
    assert said.startswith(
        f"From gridstage {gridstage.__version__} to 99.0.0:\n- replaced: requirements.txt, stages/fetch.py\n"
        "- merged with your changes: dvc.yaml\n\n## 99.0.0\n\n- Größer.\n"
    )
    assert "## 0.1.0" not in said
    merged = text_of(here / "dvc.yaml")
    assert merged.startswith("# New.\n")
    assert "desc: Mine" in merged
    assert text_of(here / "stages/fetch.py") == script
    assert record.read(here).version == "99.0.0"
    again = project.run(*command, variables=variables).stdout
    assert again == "The project is of gridstage 99.0.0 already; nothing is to do.\n"
