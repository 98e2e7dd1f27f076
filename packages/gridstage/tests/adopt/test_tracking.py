"""Tables that are too large for git: adopt lets DVC track them, and says what to do next."""

import hashlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gridstage.adopt import tracking
from gridstage.commands import adopt as stage
from gridstage.common import write_text
from gridstage.config import yaml12
from gridstage.repository import dvc_file
from packages.gridstage.tests.adopt.conftest import as_text, git, passengers
from packages.gridstage.tests.conftest import Command
from packages.gridstage.tests.project import ROOT, text_of

TABLE = "data/passengers.csv"
ADOPTED = "params.yaml: replaced data, prepare, cv, statistics, evaluate, model, experiments. Run `dvc repro`.\n"
NO_REMOTE = "DVC has no remote to send the table to: `dvc remote add --default NAME URL`, then `dvc push`.\n"


@pytest.fixture(autouse=True)
def in_dvc(here: Path) -> None:
    """Work in a repository of DVC, too."""
    Path(".dvc").mkdir()
    Path(".dvc/config").write_bytes((ROOT / ".dvc/config").read_bytes())
    Path(".dvc/.gitignore").write_bytes((ROOT / ".dvc/.gitignore").read_bytes())


@pytest.fixture
def quick_dvc(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write what `dvc add` writes, without the two seconds that a process of DVC takes."""

    def add(*command: str, **_: Any) -> Any:
        assert "add" in command
        path = command[-1]
        md5, name = hashlib.md5(Path(path).read_bytes()).hexdigest(), Path(path).name
        text = f"outs:\n- md5: {md5}\n  size: {Path(path).stat().st_size}\n  hash: md5\n  path: {name}\n"
        write_text(f"{path}.dvc", text)
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(dvc_file, "dvc", add)
    monkeypatch.setattr(tracking, "remote", lambda: "")


def named() -> str:
    return str(yaml12.load(text_of("params.yaml"))["data"]["path"])


@pytest.mark.usefixtures("quick_dvc")
def test_dvc_tracks_a_large_table_and_later_versions_whatever_their_size(
    in_process: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = Path(TABLE).stat().st_size
    monkeypatch.setattr(tracking, "LARGE", size - 1)
    dry = in_process(stage, TABLE, "survived", "--dry-run")
    assert dry.stdout.endswith(
        f"DVC would track {TABLE}, 0 MB.\nparams.yaml was left unchanged.\n"
    )
    assert not Path(f"{TABLE}.dvc").exists()

    done = in_process(stage, TABLE, "survived")
    said = f"{TABLE}.dvc: DVC tracks {TABLE}, 0 MB; git has this file in its place. Commit both it and data/.gitignore."
    assert done.stdout.endswith(f"{said}\n{NO_REMOTE}{ADOPTED}")
    assert not dvc_file.differs(TABLE, Path(f"{TABLE}.dvc"))

    monkeypatch.setattr(tracking, "LARGE", size)
    assert in_process(stage, TABLE, "survived", "--force").stdout.endswith(ADOPTED)
    write_text(TABLE, as_text(passengers()[:-1]))
    assert dvc_file.differs(TABLE, Path(f"{TABLE}.dvc"))
    again = in_process(stage, TABLE, "survived", "--force").stdout
    assert again.endswith(
        f"{TABLE}.dvc: DVC has the table as it is now. Commit the file.\n{NO_REMOTE}{ADOPTED}"
    )
    assert not dvc_file.differs(TABLE, Path(f"{TABLE}.dvc"))


@pytest.mark.usefixtures("quick_dvc")
def test_a_small_table_after_a_large_one(in_process: Command) -> None:
    assert in_process(stage, TABLE, "survived", "--dvc").returncode == 0
    Path("data/few.csv").write_bytes(Path(TABLE).read_bytes())
    done = in_process(stage, "data/few.csv", "survived", "--force")
    assert done.stdout.endswith(ADOPTED)
    assert named() == "data/few.csv"
    assert not Path("data/few.csv.dvc").exists()


@pytest.mark.usefixtures("quick_dvc")
def test_a_table_that_git_has_stays_there(
    in_process: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    git("add", TABLE)
    give = f"To let DVC track it instead, run `git rm --cached {TABLE}`, then adopt it with --dvc."
    monkeypatch.setattr(tracking, "LARGE", 1)
    done = in_process(stage, TABLE, "survived")
    assert (
        f"hint: git has {TABLE}, 0 MB, and GitHub takes no file above 100 MiB. {give}\n"
        in done.stdout
    )
    assert not Path(f"{TABLE}.dvc").exists()
    git("rm", "--cached", TABLE)
    done = in_process(stage, TABLE, "survived", "--dvc", "--force")
    assert done.stdout.endswith(
        f"Commit both it and data/.gitignore.\n{NO_REMOTE}{ADOPTED}"
    )


def test_where_dvc_can_not_track_it_params_yaml_stays(in_process: Command) -> None:
    write_text(".dvc/config", "[")
    before = Path("params.yaml").read_bytes()
    done = in_process(stage, TABLE, "survived", "--dvc")
    assert done.returncode == 1
    assert f"`dvc add {TABLE}` failed; what DVC says is above." in done.stderr
    assert Path("params.yaml").read_bytes() == before


def test_a_table_that_is_a_link_into_the_cache_of_dvc(in_process: Command) -> None:
    """As `cache.type` symlink makes it."""
    Path(TABLE).rename("kept")
    Path(TABLE).symlink_to(Path("kept").resolve())
    assert in_process(stage, TABLE, "survived").stdout.endswith(ADOPTED)
    assert named() == TABLE
