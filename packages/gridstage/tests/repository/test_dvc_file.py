"""A file that a stage lets DVC track, as a model that is too large for git, by real `git` and `dvc`."""

from pathlib import Path

import pytest

from gridstage.common import UserError, write_text
from gridstage.repository.dvc_file import track
from packages.gridstage.tests.project import IDENTITY, ROOT, Project

PIPELINE = """\
stages:
  save:
    cmd: python save.py
    deps: [save.py, wanted]
    outs:
    - models: {cache: false, persist: true}
"""
SAVE = """\
from pathlib import Path
from gridstage.repository.dvc_file import track

for folder in ("models", "large"):
    Path(folder).mkdir(exist_ok=True)
text = Path("wanted").read_text()
Path("models/answer").write_text(f"it is in large, {text}")
Path("large/answer.onnx").write_text(text)
track("large/answer.onnx")
"""


def test_a_stage_lets_dvc_track_what_a_change_of_branch_would_lose(
    tmp_path: Path,
) -> None:
    project = Project(tmp_path / "made")
    ignored = (ROOT / "large/.gitignore").read_text(encoding="utf-8")
    for name, text in {
        "dvc.yaml": PIPELINE,
        "save.py": SAVE,
        "wanted": "one",
        "large/.gitignore": ignored,
        ".dvc/config": "",
        ".dvc/.gitignore": "/config.local\n/tmp\n/cache\n",
    }.items():
        write_text(project.folder / name, text)
    project.git("init", "--quiet", "--initial-branch=main")
    project.run("dvc", "repro")
    project.commit_all("One")
    assert project.git("ls-files", "large").split() == [
        "large/.gitignore",
        "large/answer.onnx.dvc",
    ]
    clone = project.clone(tmp_path / "clone")
    assert "up to date" in clone.run("dvc", "repro").stdout
    project.git("switch", "--quiet", "--create", "two")
    write_text(project.folder / "wanted", "two")
    project.run("dvc", "repro")
    project.commit_all("Two")
    project.git("switch", "--quiet", "main")
    assert project.read("large/answer.onnx") == b"two"
    project.run("dvc", "checkout", "large/answer.onnx", variables=IDENTITY)
    assert project.read("large/answer.onnx") == b"one"
    assert project.git("status", "--short") == ""


def test_a_file_that_dvc_can_not_track_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"`dvc add a` failed; what DVC says"):
        track("a")
