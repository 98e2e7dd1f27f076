"""Artifacts are written whole or not at all, and an unreadable one is a sentence."""

import csv
import errno
import json
import os
from pathlib import Path

import pytest

from stages.lib.common import UserError, reading, write_text

REMEDY = "Run `dvc repro fetch`."


def test_nothing_is_left_beside_a_file(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    write_text(path, "first\n")
    write_text(path, "second\n")
    assert path.read_bytes() == b"second\n"
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "\ud800")
    assert path.read_bytes() == b"second\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    write_text(path, "before")
    Path(f"{path}.tmp").mkdir()  # so that nothing can be written there
    with pytest.raises(IsADirectoryError):
        write_text(path, "after")
    assert path.read_text(encoding="utf-8") == "before"


@pytest.mark.parametrize("call", ["pathlib.Path.write_bytes", "os.replace"])
def test_a_fault_of_the_machine_leaves_no_temporary_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, call: str
) -> None:
    path = tmp_path / "file.txt"
    write_text(path, "before")

    def fail(new: Path, *arguments: object) -> None:
        with new.open("wb") as half:
            half.write(b"af")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(call, fail)
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)) as caught:
        write_text(path, "after")
    assert caught.value.filename == str(path)
    assert [*tmp_path.iterdir()] == [path]
    assert path.read_text(encoding="utf-8") == "before"


def test_a_missing_file_is_named_with_what_to_run(tmp_path: Path) -> None:
    path = tmp_path / "none.json"
    with pytest.raises(UserError) as caught, reading(path, "not JSON", REMEDY):
        path.read_bytes()
    assert str(caught.value) == f"{path} is missing. {REMEDY}"


@pytest.mark.parametrize(
    "error", [json.JSONDecodeError("Expecting value", "", 0), KeyError("best_params"), csv.Error()]
)
def test_a_broken_file_is_named_with_what_it_should_be(error: Exception) -> None:
    with pytest.raises(UserError) as caught, reading("metrics/data.json", "not JSON", REMEDY):
        raise error
    assert str(caught.value) == f"metrics/data.json is not JSON. {REMEDY}"


class LibraryError(Exception):
    """What a library raises for a file that it can't read."""


def test_a_librarys_own_error_is_one_of_a_broken_file_where_it_is_named() -> None:
    with pytest.raises(UserError, match="model is not a model"), reading("model", "not a model", REMEDY, LibraryError):
        raise LibraryError


@pytest.mark.parametrize("error", [UserError("says it all"), RuntimeError("a bug"), PermissionError("not yours")])
def test_other_errors_pass_through(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, reading("metrics/data.json", "not JSON", REMEDY):
        raise error
    assert caught.value is error
