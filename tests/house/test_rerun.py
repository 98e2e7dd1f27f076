"""`make repro` runs what `dvc repro --force` would, several stages at once, and writes the same dvc.lock."""

import re
from pathlib import Path

import pytest

from gridstage.commands import rerun
from gridstage.common import write_text
from packages.gridstage.tests.conftest import Command
from packages.gridstage.tests.project import ROOT, Project, small_params, text_of

# One output is deleted before its stage runs, because it does not persist.
PIPELINE = """\
stages:
  last:
    cmd: test ! -e last && cat left right > last
    deps: [left, right]
    outs: [last: {cache: false}]
  left:
    cmd: cat first > left
    deps: [first]
    outs: [left]
  right:
    cmd: [echo right > right, cat first >> right]
    deps: [first]
    params: [seed]
    outs: [right: {cache: false, persist: true}]
  first:
    cmd: echo $DVC_STAGE > first
    outs: [first: {cache: false, persist: true}]
"""


@pytest.fixture
def project(here: Path) -> Project:
    """A repository to work in with a pipeline of four stages."""
    project = Project(here)
    (here / ".dvc").mkdir()
    (here / ".dvc/config").write_bytes((ROOT / ".dvc/config").read_bytes())
    project.write_params(small_params())
    write_text(here / "dvc.yaml", PIPELINE)
    project.commit_first()
    return project


def test_dvc_repro_would_write_the_same(project: Project, in_process: Command) -> None:
    (drawn := project.folder / "metrics/charts/drawn.json").parent.mkdir(parents=True)
    drawn.touch()
    assert in_process(rerun, "2").returncode == 0
    assert not drawn.exists()  # so that no chart is taken for drawn
    written = project.read("dvc.lock"), project.read("last")
    assert written[1] == b"first\nright\nfirst\n"
    assert project.stale() == set()
    (project.folder / "dvc.lock").unlink()
    project.run("dvc", "repro", "--force")
    assert (project.read("dvc.lock"), project.read("last")) == written
    assert in_process(rerun, "1").returncode == 0
    assert (project.read("dvc.lock"), project.read("last")) == written


@pytest.mark.parametrize(
    "private",
    ["dvc.repo.reproduce.plan_repro", "dvc.stage.Stage.remove_outs"],
)
def test_a_dvc_that_lacks_what_is_called_runs_the_stages_itself(
    project: Project,
    in_process: Command,
    monkeypatch: pytest.MonkeyPatch,
    private: str,
) -> None:
    monkeypatch.delattr(private)
    done = in_process(rerun, "2")
    assert done.returncode == 0
    assert f"note: this DVC has no {private}, so stages run one after" in done.stderr
    assert project.read("last") == b"first\nright\nfirst\n"
    monkeypatch.undo()
    monkeypatch.chdir(project.folder)
    assert project.stale() == set()
    write_text(project.folder / "dvc.yaml", "stages: [")
    monkeypatch.delattr(private)
    assert "`dvc repro --force` failed" in in_process(rerun).stderr


def test_a_failing_stage_ends_the_run_and_those_beside_it_are_recorded(
    project: Project, in_process: Command
) -> None:
    in_process(rerun, "2")
    project.run("mkfifo", "pipe")  # which blocks until both of its ends are open
    spoilt = PIPELINE.replace("cat first > left", "cat first > pipe; cp first left")
    spoilt = spoilt.replace("cat first >> right", "cat pipe; exit 3")
    write_text(project.folder / "dvc.yaml", spoilt)
    done = in_process(rerun, "2")
    assert done.returncode == 1
    assert (
        "error: The stage right failed, so none behind it ran: failed to run: cat pipe; exit 3, exited with 3.\n"
        in (done.stderr)
    )
    commands = {name: stage["cmd"] for name, stage in project.lock().items()}
    assert commands["left"] == "cat first > pipe; cp first left"
    assert commands["right"] == ["echo right > right", "cat first >> right"]
    assert in_process(rerun, "0").stderr.startswith(
        "error: JOBS must be 1 or more. Usage: "
    )
    write_text(project.folder / "dvc.yaml", "stages: {last: {cmd: true, deps: [left]")
    assert (
        "error: DVC can't run the stages of dvc.yaml: unable to read: 'dvc.yaml'"
        in in_process(rerun, "2").stderr
    )


def test_a_name_with_a_command_of_the_shell_is_refused_before_dvc_sees_it(
    project: Project, in_process: Command
) -> None:
    params = small_params()
    params["experiments"]["n; touch x"] = params["experiments"].popitem()[1]
    project.write_params(params)
    done = in_process(rerun, "2")
    assert done.returncode == 1
    assert "'n; touch x'" in done.stderr
    assert not (project.folder / "first").exists()


@pytest.mark.parametrize("name", ["n; touch x", "n > x", "n & touch x", "n' touch x"])
def test_dvc_gives_a_name_to_a_search_as_one_word(project: Project, name: str) -> None:
    """Where nothing has refused it: by `dvc repro`, which has read params.yaml itself."""
    searches = """\
stages:
  search:
    foreach: ${experiments}
    do:
      cmd: COMMAND
"""
    (command,) = re.findall(r"cmd: (.* stages\.search .*)", text_of(ROOT / "dvc.yaml"))
    shown = command.replace("python -m stages.search", "printf '%s\\n'")
    write_text(project.folder / "dvc.yaml", searches.replace("COMMAND", shown))
    project.write_params({"experiments": {name: {}}})
    done = project.run("dvc", "repro")
    assert name in done.stdout.splitlines()
    assert not (project.folder / "x").exists()
