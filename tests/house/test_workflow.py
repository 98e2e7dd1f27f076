"""The workflow of a pull request: one comment, and what can write runs no code of the project."""

import json
import os
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from stages.lib.config import yaml12
from tests.project import ROOT

WORKFLOW: dict[str, Any] = yaml12.load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))["jobs"]


def run_step(folder: Path, job: str, name: str, commands: dict[str, str], **variables: str) -> int:
    """Run a step of the workflow in a folder, with these commands in place of the real ones; return its status."""
    (script,) = [step["run"] for step in WORKFLOW[job]["steps"] if step.get("name", "").startswith(name)]
    for command, content in commands.items():
        (folder / command).write_text(f"#!/bin/sh\n{content}\n", encoding="utf-8")
        (folder / command).chmod(stat.S_IRWXU)
    env = os.environ | variables | {"PATH": f"{folder}:{os.environ['PATH']}", "GITHUB_REPOSITORY": "someone/project"}
    return subprocess.run(["bash", "-e", "-c", script], cwd=folder, env=env).returncode


@pytest.mark.parametrize(("text", "status"), [("<!-- grid search -->", 0), ("<!-- grid search -->", 2), ("", 2)])
def test_the_workflow_writes_down_its_comment(tmp_path: Path, text: str, status: int) -> None:
    make = f"printf '{text}'\nexit {status}"
    summary = tmp_path / "summary"
    assert run_step(tmp_path, "compare", "Write", {"make": make}, GITHUB_STEP_SUMMARY=str(summary)) == status
    comment = (tmp_path / "comment.md").read_text(encoding="utf-8")
    assert comment == summary.read_text(encoding="utf-8")
    assert comment.startswith("<!-- grid search -->")
    assert ("**Not compared.**" in comment) == (text == "")


@pytest.mark.parametrize(("existing", "method"), [("", "POST"), ("17\n42\n", "PATCH")])
def test_the_workflow_keeps_one_comment(tmp_path: Path, existing: str, method: str) -> None:
    gh = f'echo "$@" >> calls\ncase "$*" in *paginate*) printf "%s" "{existing}";; esac'
    assert run_step(tmp_path, "comment", "Write", {"gh": gh}, NUMBER="5") == 0
    place = "issues/comments/17" if method == "PATCH" else "issues/5/comments"
    looked, *calls = (tmp_path / "calls").read_text(encoding="utf-8").split("api --method")
    assert looked.startswith("api --paginate repos/someone/project/issues/5/comments")
    assert calls == [f" {method} repos/someone/project/{place} --field body=@comment.md\n"]


def test_what_can_write_runs_no_code_of_the_project() -> None:
    writing = [job for job in WORKFLOW.values() if "write" in job["permissions"].values()]
    assert writing == [WORKFLOW["comment"]]
    for step in writing[0]["steps"]:
        assert not step.get("uses", "").startswith("actions/checkout")
        assert "make" not in step.get("run", "")
    for job in ("test", "compare"):
        assert "token" not in json.dumps(WORKFLOW[job]).lower()


def test_the_workflow_has_the_marker_of_the_template() -> None:
    workflow = (ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    first = (ROOT / "stages/lib/report/templates/pr_comment.md.j2").read_text(encoding="utf-8").splitlines()[0]
    assert json.dumps(first) in workflow
