"""Stages that dvc.yaml no longer has leave dvc.lock, also while the real DVC runs."""

from pathlib import Path

import pytest
import zc.lockfile

from stages.lib.pipeline import drop_strays, split
from tests.pipeline.conftest import Small

LOCK = "schema: '2.0'\nstages:\n  a@x:\n    cmd: 1\n  'b':\n    cmd: '2'\n    deps:\n    - path: y\n"


def test_a_stage_is_its_lines() -> None:
    lock = split(LOCK + "datasets: []\n")
    assert list(lock.stages) == ["a@x", "b"]
    assert lock.stages["a@x"] == "  a@x:\n    cmd: 1\n"
    assert (lock.head, lock.tail, lock.text) == ("schema: '2.0'\nstages:\n", "datasets: []\n", LOCK + "datasets: []\n")


@pytest.mark.parametrize("text", ["", "a", "stages:", "stages: {a: {cmd: 1}}", "schema: 1", "stages: ["])
def test_a_file_in_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        split(text)


def test_dvc_keeps_what_a_running_stage_has_dropped(small: Small) -> None:
    small.dvc("repro")
    before = small.lock()
    assert set(before) == {"copy@a", "copy@b", "last"}
    small.experiments("b", "c")
    small.dvc("repro")
    assert small.read("out.txt") == b"copy@a\n"
    after = small.lock()
    assert set(after) == {"copy@b", "copy@c", "last"}
    assert after["copy@b"] == before["copy@b"]
    assert "up to date" in small.dvc("status")


def test_while_dvc_is_at_work_the_file_is_left_alone(small: Small) -> None:
    (small.folder / "dvc.lock").write_text(LOCK, encoding="utf-8")
    held = zc.lockfile.LockFile(".dvc/tmp/lock")
    assert drop_strays() == []
    assert small.read("dvc.lock").decode() == LOCK
    held.close()
    assert drop_strays() == ["a@x", "b"]
    assert not Path("dvc.lock").exists()  # DVC does not read one without stages


@pytest.mark.parametrize(
    ("file", "text"), [("dvc.yaml", "stages: ["), ("params.yaml", "a: ["), ("dvc.lock", "<<<<<<< HEAD\n")]
)
def test_nothing_is_dropped_where_a_file_is_broken(small: Small, file: str, text: str) -> None:
    Path("dvc.lock").write_text(LOCK, encoding="utf-8")
    Path(file).write_text(text, encoding="utf-8")
    before = small.read("dvc.lock")
    assert drop_strays() == []
    assert small.read("dvc.lock") == before
