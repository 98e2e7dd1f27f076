"""The workflows of a project, and of several projects in one repository."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gridstage.common import write_text
from gridstage.config import yaml12
from gridstage.project import texts_of
from packages.gridstage.tests.project import ROOT, environment, text_of

IN_THE_REPOSITORY = ROOT / ".github/workflows"


def git_init(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)


def workflows_of(folder: Path) -> dict[str, str]:
    """Return the texts of the workflows by path."""
    texts = texts_of(folder).items()
    return {path: text for path, text in texts if ".github" in path}


def test_a_project_comments_as_this_repository_does(tmp_path: Path) -> None:
    texts = workflows_of(tmp_path)
    ci, comment = (f".github/workflows/{name}.yml" for name in ("ci", "comment"))
    assert set(texts) == {ci, comment}
    assert texts[comment] == text_of(ROOT / comment)
    uses = {*re.findall("uses: .*", texts[ci])}
    assert uses <= {*re.findall("uses: .*", text_of(ROOT / ci))}, "other actions"
    assert "make" not in texts[ci]


def test_projects_in_one_repository_have_workflows_of_their_own(tmp_path: Path) -> None:
    git_init(tmp_path)
    names = "a/one [1]", "a/zwei ä"
    of_projects = [workflows_of(tmp_path / name) for name in names]
    for name, slug, texts in zip(
        names, ("a-one-1", "a-zwei-ä"), of_projects, strict=True
    ):
        ci, comment = sorted(texts)
        assert ci == f"../../.github/workflows/ci-{slug}.yml"
        assert comment == f"../../.github/workflows/comment-{slug}.yml"
        runs: dict[str, Any] = yaml12.load(texts[ci])
        writes: dict[str, Any] = yaml12.load(texts[comment])
        assert writes["on"]["workflow_run"]["workflows"] == [runs["name"]]
        assert runs["name"] != "ci"
        assert runs["defaults"]["run"]["working-directory"] == name
        filters = [runs["on"][event]["paths"] for event in ("push", "pull_request")]
        assert filters == [[f"{name}/**".replace("[1]", r"\[1\]")]] * 2
        assert "defaults" not in writes
        for text in texts.values():
            markers = {*re.findall("<!-- .* -->", text)}
            assert markers == {f"<!-- grid search {slug} -->"}


@pytest.mark.skipif(not shutil.which("zizmor"), reason="needs zizmor")
@pytest.mark.parametrize("inside", [".", "a/one [1] ä"])
def test_zizmor_has_nothing_to_say(tmp_path: Path, inside: str) -> None:
    git_init(tmp_path)
    folder = tmp_path / inside
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in workflows_of(folder).items():
        write_text(folder / path, text)
    command = ("zizmor", "--offline", "--quiet", str(tmp_path))
    done = subprocess.run(
        command, env=environment(), capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stdout
