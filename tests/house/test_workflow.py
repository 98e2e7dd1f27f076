"""The workflows of a pull request: one comment, whoever opened it, and what can write runs no code of the project."""

import io
import json
import os
import shutil
import stat
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from stages.lib.config import yaml12
from tests.project import ROOT

WORKFLOWS: dict[str, dict[str, Any]] = {
    path.stem: yaml12.load(path.read_text(encoding="utf-8")) for path in (ROOT / ".github/workflows").glob("*.yml")
}
JOBS = {name: job for workflow in WORKFLOWS.values() for name, job in workflow["jobs"].items()}
MARKER = "<!-- grid search -->"

# Answers from files as GitHub would, and notes each call; the real one filters by a jq of its own.
GH = """echo "$@" >> calls
case "$*" in */zip) cat archive; exit;; esac
case "$*" in *pulls*) answer=pulls.json;; *) answer=artifacts.json;; esac
while [ "$1" != --jq ]; do shift; done
jq --raw-output "$2" "$answer"
"""
needs_tools = pytest.mark.skipif(
    not (shutil.which("jq") and shutil.which("unzip")), reason="needs jq and unzip, which GitHub's machines have"
)


def run_step(folder: Path, job: str, name: str, commands: dict[str, str], **variables: str) -> int:
    """Run a step of a workflow in a folder, with these commands in place of the real ones; return its status."""
    (script,) = [step["run"] for step in JOBS[job]["steps"] if step.get("name", "").startswith(name)]
    for command, content in commands.items():
        (folder / command).write_text(f"#!/bin/sh\n{content}\n", encoding="utf-8")
        (folder / command).chmod(stat.S_IRWXU)
    env = os.environ | variables | {"PATH": f"{folder}:{os.environ['PATH']}", "GITHUB_REPOSITORY": "someone/project"}
    env["GITHUB_OUTPUT"] = str(folder / "output")
    return subprocess.run(["bash", "-e", "-c", script], cwd=folder, env=env).returncode


def outputs(folder: Path) -> str:
    """Return what the steps have written for later steps."""
    path = folder / "output"
    return path.read_text(encoding="utf-8") if path.exists() else ""


@pytest.mark.parametrize(("text", "status"), [(MARKER, 0), (MARKER, 2), ("", 2)])
def test_the_workflow_writes_down_its_comment(tmp_path: Path, text: str, status: int) -> None:
    make = f"printf '{text}'\nexit {status}"
    summary = tmp_path / "summary"
    assert run_step(tmp_path, "compare", "Write", {"make": make}, GITHUB_STEP_SUMMARY=str(summary)) == status
    comment = (tmp_path / "comment.md").read_text(encoding="utf-8")
    assert comment == summary.read_text(encoding="utf-8")
    assert comment.startswith(MARKER)
    assert ("**Not compared.**" in comment) == (text == "")


def pull_request(number: int, repository: str | None = "fork/project", sha: str = "abc") -> dict[str, Any]:
    return {"number": number, "head": {"repo": repository and {"full_name": repository}, "sha": sha}}


OTHERS = [pull_request(1, sha="def"), pull_request(2, "someone/project"), pull_request(3, None)]


@needs_tools
@pytest.mark.parametrize(
    ("open_ones", "found"),
    [
        ([*OTHERS, pull_request(7)], "number=7\n"),  # another commit, another repository, and one that was deleted
        (OTHERS, ""),
        ([pull_request(7), pull_request(8)], ""),  # the run may be of either
    ],
)
def test_github_says_whose_comment_it_is(tmp_path: Path, open_ones: list[Any], found: str) -> None:
    (tmp_path / "pulls.json").write_text(json.dumps(open_ones), encoding="utf-8")
    assert run_step(tmp_path, "comment", "Find", {"gh": GH}, HEAD_REPOSITORY="fork/project", HEAD_SHA="abc") == 0
    assert outputs(tmp_path) == found


def zipped(text: bytes, name: str = "comment.md") -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(name, text)
    return content.getvalue()


def get_text(folder: Path, content: bytes, *artifacts: dict[str, Any]) -> int:
    (folder / "artifacts.json").write_text(json.dumps({"artifacts": artifacts}), encoding="utf-8")
    (folder / "archive").write_bytes(content)
    return run_step(folder, "comment", "Get", {"gh": GH}, RUN="11")


def artifact(number: int, day: int = 1, size: int = 500) -> dict[str, Any]:
    return {"id": number, "created_at": f"2026-01-{day:02}T00:00:00Z", "size_in_bytes": size}


@needs_tools
def test_the_text_is_the_one_of_the_last_attempt(tmp_path: Path) -> None:
    text = f"{MARKER}\nÄ $(touch here) `touch here` ::error::\n".encode()
    artifacts = [artifact(21, day=2), artifact(22, day=9), artifact(23, day=3), artifact(24, day=11, size=80_001)]
    assert get_text(tmp_path, zipped(text), *artifacts) == 0
    assert (tmp_path / "comment.md").read_bytes() == text
    assert outputs(tmp_path) == "here=yes\n"
    assert not (tmp_path / "here").exists()
    asked, got = (tmp_path / "calls").read_text(encoding="utf-8").split("api repos/someone/project/actions/")[1:]
    assert asked.startswith("runs/11/artifacts?name=comment")
    assert got == "artifacts/22/zip\n"


@needs_tools
@pytest.mark.parametrize("artifacts", [(), (artifact(21, size=80_001),)])
def test_a_run_without_a_text_is_no_error(tmp_path: Path, artifacts: tuple[dict[str, Any], ...]) -> None:
    assert get_text(tmp_path, b"", *artifacts) == 0
    assert outputs(tmp_path) == ""


@needs_tools
@pytest.mark.parametrize(
    "content",
    [
        zipped(b"Buy now. " + MARKER.encode()),
        zipped(MARKER.encode() + b"x" * 10_000_000),  # 10 kB when packed
        zipped(MARKER.encode(), "../comment.md"),
        b"no archive",
    ],
)
def test_what_is_not_a_comment_of_the_project_is_refused(
    tmp_path: Path, content: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    assert get_text(tmp_path, content, artifact(21)) == 1
    assert outputs(tmp_path) == ""
    assert (tmp_path / "comment.md").stat().st_size <= 80_001
    assert "::error::What the run has uploaded is not a comment of this project.\n" in capfd.readouterr().out


@pytest.mark.parametrize(("existing", "method"), [("", "POST"), ("17\n42\n", "PATCH")])
def test_the_workflow_keeps_one_comment(tmp_path: Path, existing: str, method: str) -> None:
    gh = f'echo "$@" >> calls\ncase "$*" in *paginate*) printf "%s" "{existing}";; esac'
    assert run_step(tmp_path, "comment", "Write", {"gh": gh}, NUMBER="5") == 0
    place = "issues/comments/17" if method == "PATCH" else "issues/5/comments"
    looked, *calls = (tmp_path / "calls").read_text(encoding="utf-8").split("api --method")
    assert looked.startswith("api --paginate repos/someone/project/issues/5/comments")
    assert calls == [f" {method} repos/someone/project/{place} --field body=@comment.md\n"]


def test_what_can_write_runs_no_code_of_the_project() -> None:
    writing = [name for name, job in JOBS.items() if "write" in job["permissions"].values()]
    assert writing == ["comment"]
    for step in JOBS["comment"]["steps"]:
        assert "uses" not in step
        assert "${{" not in step["run"]  # what GitHub inserts there would be run
        assert "make" not in step["run"]
    for name in JOBS.keys() - {"comment"}:
        assert "token" not in json.dumps(JOBS[name]).lower()


def test_the_comment_waits_for_the_workflow_that_uploads_it() -> None:
    assert WORKFLOWS["comment"]["on"]["workflow_run"] == {
        "workflows": [WORKFLOWS["ci"]["name"]],
        "types": ["completed"],
    }
    (upload,) = [step for step in JOBS["compare"]["steps"] if "upload-artifact" in step.get("uses", "")]
    assert (upload["with"]["name"], upload["with"]["path"]) == ("comment", "comment.md")


def test_the_workflows_have_the_marker_of_the_template() -> None:
    first = (ROOT / "stages/lib/report/templates/pr_comment.md.j2").read_text(encoding="utf-8").splitlines()[0]
    assert first == MARKER
    for job in ("compare", "comment"):
        assert MARKER in json.dumps(JOBS[job])
