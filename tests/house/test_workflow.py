"""The workflows: one comment for a pull request, whoever opened it; and what can write runs no code of the project."""

import io
import json
import os
import re
import shutil
import stat
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from gridstage.common import write_text
from gridstage.config import yaml12
from packages.gridstage.tests.project import ROOT, text_of

PATHS = sorted((ROOT / ".github/workflows").glob("*.yml"))
WORKFLOWS: dict[str, dict[str, Any]] = {
    path.stem: yaml12.load(text_of(path)) for path in PATHS
}
JOBS = {
    f"{flow}/{name}": job
    for flow, workflow in WORKFLOWS.items()
    for name, job in workflow["jobs"].items()
}
# What may write, and the actions that each such job uses.
MAY_WRITE = {
    "comment/comment": [],
    "release/announce": ["actions/download-artifact"],
    "release/publish": ["actions/download-artifact", "pypa/gh-action-pypi-publish"],
}
MARKER = "<!-- grid search -->"

# Answers from files as GitHub would, and notes each call; the real one filters by a jq of its own.
GH = """echo "$@" >> calls
case "$*" in */zip) cat archive; exit;; esac
case "$*" in *pulls*) answer=pulls.json;; *) answer=artifacts.json;; esac
while [ "$1" != --jq ]; do shift; done
jq --raw-output "$2" "$answer"
"""
needs_tools = pytest.mark.skipif(
    not (shutil.which("jq") and shutil.which("unzip")),
    reason="needs jq and unzip, which GitHub's machines have",
)


def run_step(
    folder: Path, job: str, name: str, commands: dict[str, str], **variables: str
) -> int:
    """Run a step of a workflow in a folder, with these commands in place of the real ones; return its status."""
    (script,) = [
        step["run"]
        for step in JOBS[job]["steps"]
        if step.get("name", "").startswith(name)
    ]
    for command, content in commands.items():
        (folder / command).parent.mkdir(parents=True, exist_ok=True)
        write_text(folder / command, f"#!/bin/sh\n{content}\n")
        (folder / command).chmod(stat.S_IRWXU)
    env = (
        os.environ
        | variables
        | {
            "PATH": f"{folder}:{os.environ['PATH']}",
            "GITHUB_REPOSITORY": "someone/project",
        }
    )
    env["GITHUB_OUTPUT"] = str(folder / "output")
    (folder / "output").touch()  # what the steps have written for later steps
    return subprocess.run(["bash", "-e", "-c", script], cwd=folder, env=env).returncode


@pytest.mark.parametrize(("text", "status"), [("**Use mine.**", 0), ("", 1)])
def test_the_workflow_writes_down_its_comment(
    tmp_path: Path, text: str, status: int
) -> None:
    diff = f"echo \"$@\" >> calls\nprintf '{text}'\nexit {status}"
    summary = tmp_path / "summary"
    commands = {".venv/bin/gridstage": diff, "git": "echo abc123"}
    assert (
        run_step(
            tmp_path,
            "ci/compare",
            "Write",
            commands,
            GITHUB_STEP_SUMMARY=str(summary),
        )
        == status
    )
    comment = text_of(tmp_path / "comment.md")
    assert comment == text_of(summary)
    assert comment.startswith(f"{MARKER}\n**")
    called = text_of(tmp_path / "calls")
    assert called == "diff --md abc123 HEAD\n"
    assert ("**Not compared.**" in comment) == (text == "")


def pull_request(
    number: int, repository: str = "fork/project", sha: str = "abc"
) -> dict[str, Any]:
    return {"number": number, "head": {"repo": {"full_name": repository}, "sha": sha}}


@needs_tools
@pytest.mark.parametrize(
    ("of_the_run", "found"), [((7,), "number=7\n"), ((), ""), ((7, 8), "")]
)
def test_github_says_whose_comment_it_is(
    tmp_path: Path, of_the_run: tuple[int, ...], found: str
) -> None:
    """Of two that it may be, neither."""
    others = [pull_request(1, sha="def"), pull_request(2, "someone/project")]
    write_text(
        tmp_path / "pulls.json", json.dumps([*others, *map(pull_request, of_the_run)])
    )
    assert (
        run_step(
            tmp_path,
            "comment/comment",
            "Find",
            {"gh": GH},
            HEAD_REPOSITORY="fork/project",
            HEAD_SHA="abc",
        )
        == 0
    )
    assert text_of(tmp_path / "output") == found


TEXT = f"{MARKER}\nÄ $(touch here) `touch here` ::error::\n".encode()


@needs_tools
@pytest.mark.parametrize(
    ("text", "name", "status"),
    [
        (TEXT, "comment.md", 0),
        (b"Buy now. " + TEXT, "comment.md", 1),
        (MARKER.encode() + b"x" * 10_000_000, "comment.md", 1),  # 10 kB when packed
        (TEXT, "../comment.md", 1),
    ],
)
def test_the_text_is_a_comment_of_the_project_or_refused(
    tmp_path: Path, text: bytes, name: str, status: int
) -> None:
    """It is that of the last attempt, if it is not too large."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(name, text)
    (tmp_path / "archive").write_bytes(content.getvalue())
    days = {21: (2, 500), 22: (9, 500), 24: (11, 80_001)}
    artifacts = [
        {
            "id": number,
            "created_at": f"2026-01-{day:02}T00:00:00Z",
            "size_in_bytes": size,
        }
        for number, (day, size) in days.items()
    ]
    write_text(tmp_path / "artifacts.json", json.dumps({"artifacts": artifacts}))
    assert run_step(tmp_path, "comment/comment", "Get", {"gh": GH}, RUN="11") == status
    assert text_of(tmp_path / "output") == ("" if status else "here=yes\n")
    assert status or (tmp_path / "comment.md").read_bytes() == text
    assert (tmp_path / "comment.md").stat().st_size <= 80_001
    assert not (tmp_path / "here").exists()
    assert text_of(tmp_path / "calls").endswith("actions/artifacts/22/zip\n")


@pytest.mark.parametrize(("existing", "method"), [("", "POST"), ("17\n42\n", "PATCH")])
def test_the_workflow_keeps_one_comment(
    tmp_path: Path, existing: str, method: str
) -> None:
    gh = f'echo "$@" >> calls\ncase "$*" in *paginate*) printf "%s" "{existing}";; esac'
    assert run_step(tmp_path, "comment/comment", "Write", {"gh": gh}, NUMBER="5") == 0
    place = "issues/comments/17" if method == "PATCH" else "issues/5/comments"
    *_, call = text_of(tmp_path / "calls").split("api --method")
    assert call == f" {method} repos/someone/project/{place} --field body=@comment.md\n"


def actions_of(job: dict[str, Any]) -> list[str]:
    """Return the names of the actions of a job, without the commits that they are pinned to."""
    return [
        step["uses"].partition("@")[0]
        for step in job.get("steps", [])
        if "uses" in step
    ]


def test_what_can_write_runs_no_code_of_the_project() -> None:
    can_write = {
        name: actions_of(job)
        for name, job in JOBS.items()
        if "write" in job["permissions"].values()
    }
    assert can_write == MAY_WRITE  # among them no checkout
    for name in MAY_WRITE:
        for step in JOBS[name]["steps"]:
            script = step.get("run", "")
            assert "${{" not in script  # what GitHub inserts there would be run
            assert "make" not in script
    for name in JOBS.keys() - MAY_WRITE:
        assert "token" not in json.dumps(JOBS[name]).lower()
    (upload,) = [
        step
        for step in JOBS["ci/compare"]["steps"]
        if "upload-artifact" in step.get("uses", "")
    ]
    assert (upload["with"]["name"], upload["with"]["path"]) == ("comment", "comment.md")


def test_each_action_is_pinned_to_one_commit() -> None:
    pins: dict[str, set[str]] = {}
    for path in PATHS:
        for used in re.findall(r"uses: (.*)", text_of(path)):
            if used.startswith("$/"):  # a workflow of the same commit
                assert (ROOT / used.removeprefix("$/")).exists()
                continue
            pinned = re.fullmatch(r"(\S+)@([0-9a-f]{40}  # v[0-9.]+)", used)
            assert pinned, used
            name, pin = pinned.groups()
            pins.setdefault(name, set()).add(pin)
    assert {name: len(pin) for name, pin in pins.items()} == dict.fromkeys(pins, 1)
    assert "actions/checkout" in pins


def test_compilers_come_from_the_file_with_hashes_alone() -> None:
    """Pip would install the build's requirements without hashes, zig among them, in an environment of its own."""
    lines = [
        line.strip()
        for path in PATHS
        for line in text_of(path).replace("\\\n", " ").splitlines()
    ]
    assert not [line for line in lines if "ziglang" in line]
    builds = [line for line in lines if re.search(r"\bwheel --", line)]
    assert builds
    assert [line for line in builds if "--no-build-isolation" not in line] == []
    tools = [line for line in lines if "requirements-build.txt" in line]
    assert tools
    assert [line for line in tools if "--require-hashes" not in line] == []
