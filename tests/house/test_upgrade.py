"""`stages.upgrade` takes over what upstream has changed, and nothing of what is the user's own, by real git."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from stages import upgrade
from stages.lib.common import write_text
from stages.lib.repository.upstream import YOURS
from tests.conftest import Command
from tests.project import IDENTITY, Project

# A file in each place of the project: what is the user's own, and what is upstream's.
OWN = (
    *YOURS[:2],
    "data/table.csv",
    "dvc.lock",
    "metrics/search/mine.json",
    "models/answer.onnx",
)
CODE = ("Makefile", "stages/search.py", "tests/test_search.py")


@dataclass(frozen=True)
class Both:
    """Upstream, and a project that began from it; in the latter, commands run."""

    upstream: Project
    own: Project

    def upgrade(self, in_process: Command, ok: bool = True) -> str:
        done = in_process(upgrade)
        assert (done.returncode == 0) == ok, done
        return done.stdout if ok else done.stderr


def text(project: Project, name: str) -> str:
    return project.read(name).decode()


def write(project: Project, text: str, *names: str) -> None:
    for name in names:
        write_text(project.folder / name, text)


@pytest.fixture(autouse=True)
def _identity(monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in IDENTITY.items():
        monkeypatch.setenv(key, value)


@pytest.fixture
def upstream(tmp_path: Path) -> Project:
    (tmp_path / "upstream").mkdir()
    project = Project(tmp_path / "upstream")
    write(project, "upstream\nold\n", *OWN, *CODE)
    write(project, "dvc.lock -merge\nmetrics/** -merge\n", ".gitattributes")
    project.commit_first()
    return project


@pytest.fixture
def both(upstream: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Both:
    """A project that began with upstream's history, has results of its own, and a net."""
    own = upstream.clone(tmp_path / "own")
    own.git("remote", "rename", "origin", "upstream")
    write(own, "mine\nold\n", "dvc.lock", "metrics/search/net.json", "my_net.py")
    write(own, "mine\n", "params.yaml")
    own.git("rm", "--quiet", "data/table.csv", "metrics/search/mine.json")
    own.commit_all("My table")
    monkeypatch.chdir(own.folder)
    return Both(upstream, own)


def change_upstream(upstream: Project) -> None:
    """Change every kind of file: its own results, those that the user has deleted or left alone, and code."""
    write(
        upstream,
        "upstream\nnew\n",
        *OWN,
        *CODE,
        "metrics/search/other.json",
        "stages/new.py",
    )
    upstream.git("rm", "--quiet", "--force", "models/answer.onnx")
    upstream.commit_all("Newer")


def test_what_is_yours_stays_and_the_rest_is_upstreams(
    both: Both, in_process: Command
) -> None:
    own = both.own
    change_upstream(both.upstream)
    before = own.git("ls-tree", "-r", "HEAD", *YOURS, "my_net.py")
    printed = both.upgrade(in_process)

    assert re.search(
        r"^Merged 1 commit of upstream, up to \w+ of [\d-]+\.", printed, re.MULTILINE
    )
    own.commit_all("Upgrade")
    assert own.git("ls-tree", "-r", "HEAD", *YOURS, "my_net.py") == before
    assert not (own.folder / "metrics/search/other.json").exists()
    assert not (own.folder / "data").exists()
    assert all(
        text(own, name) == "upstream\nnew\n" for name in (*CODE, "stages/new.py")
    )
    assert both.upgrade(in_process).startswith("You have all that upstream has, up to ")
    write(both.upstream, "newest\n", "params.yaml", "dvc.lock")
    both.upstream.commit_all("Newest")
    assert "Merged 1 commit" in both.upgrade(in_process)
    assert own.git("status", "--porcelain") == ""


def test_a_copy_without_history_records_where_it_began(
    both: Both, in_process: Command
) -> None:
    """By the command of docs/your-project.md."""
    own = both.own
    own.run("rm", "-rf", ".git")
    own.commit_first()
    own.git("remote", "add", "upstream", str(both.upstream.folder))
    assert "You and upstream have no commit in common. Record" in both.upgrade(
        in_process, ok=False
    )
    own.run(
        "git",
        "merge",
        "--strategy",
        "ours",
        "--allow-unrelated-histories",
        "FETCH_HEAD",
        variables=IDENTITY,
    )
    assert both.upgrade(in_process).startswith("You have all")
    change_upstream(both.upstream)
    assert "Merged 1 commit " in both.upgrade(in_process)


def test_code_that_both_have_changed_conflicts(both: Both, in_process: Command) -> None:
    write(both.own, "mine\n", "stages/search.py")
    both.own.commit_all("My search")
    change_upstream(both.upstream)
    refusal = both.upgrade(in_process, ok=False)
    assert (
        "git can't unite your changes and upstream's in stages/search.py. Edit each"
        in refusal
    )
    assert (
        both.own.git("diff", "--name-only", "--diff-filter=U") == "stages/search.py\n"
    )
    assert text(both.own, "Makefile") == "upstream\nnew\n"
    assert "There are changes that are not committed" in both.upgrade(
        in_process, ok=False
    )
    both.own.git("checkout", "--theirs", "--", "stages/search.py")
    both.own.commit_all("Upgrade")
    assert both.upgrade(in_process).startswith("You have all")


def test_what_can_not_be_merged_is_refused(both: Both, in_process: Command) -> None:
    change_upstream(both.upstream)
    write(both.own, "mine\n", "stages/new.py")
    assert "untracked working tree files would be overwritten" in both.upgrade(
        in_process, ok=False
    )
    both.own.git("remote", "set-url", "upstream", "../nowhere")
    assert "`git fetch --quiet --no-tags upstream HEAD` failed: " in both.upgrade(
        in_process, ok=False
    )
    both.own.git("remote", "remove", "upstream")
    assert "git has no remote named upstream." in both.upgrade(in_process, ok=False)
