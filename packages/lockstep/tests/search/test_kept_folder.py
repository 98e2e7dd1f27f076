"""What a search does with the folder of its nets: damaged and old files, those of others, and what can't be kept."""

import errno
import os
import sys
import time
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest

from lockstep import LockstepWarning
from lockstep.checkpoints import checkpoint, folder
from packages.lockstep.tests.cases.base import classifier
from packages.lockstep.tests.searches import ROWS, search, told

pytestmark = pytest.mark.usefixtures("kept_at_once")


def warned(kept: Path, counts: list[int] | None = None) -> list[str]:
    with told() as said:
        assert search(kept, counts) == search(None)
    return said


def test_what_is_damaged_is_not_used_and_one_warning(
    tmp_path: Path, trained: list[int]
) -> None:
    counts: list[int] = []
    assert warned(tmp_path, counts) == []
    for change in (
        lambda content: content[:-1] + b"?",
        lambda content: content[:100],
    ):  # of a net, of the index
        (path,) = tmp_path.iterdir()
        path.write_bytes(change(path.read_bytes()))
        trained.clear()
        text = f"{path} is damaged and was removed; the nets that it kept are trained again where a search needs them"
        assert warned(tmp_path, counts) == [text]
        assert sum(trained) == 6 + 6  # with those of the search without a folder
        assert warned(tmp_path, counts) == []
    assert counts == [0, 0, 6, 0, 6]


def test_whole_files_beside_a_damaged_one_are_used_though_it_cannot_be_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts: list[int] = []
    search(tmp_path, stack=False)
    path = min(tmp_path.iterdir())
    path.write_bytes(path.read_bytes()[:-1])
    monkeypatch.setattr(Path, "unlink", Mock(side_effect=PermissionError))
    with pytest.warns(
        LockstepWarning, match=f"^{path} is damaged and can't be removed; "
    ):
        search(tmp_path, counts, stack=False)
    assert counts == [5]


def test_what_others_have_put_into_the_folder_stays_there(tmp_path: Path) -> None:
    search(tmp_path, scoring=lambda net, X, y: 0.0)
    for name in ("half.tmp", "notes.txt", "other.nets"):
        (tmp_path / name).write_bytes(b"1")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    counts: list[int] = []
    assert warned(tmp_path, counts) == []
    assert counts == [0]
    assert {path: path.read_bytes() for path in before} == before


def test_what_no_search_has_used_for_a_month_is_removed(tmp_path: Path) -> None:
    def age(path: Path, days: float) -> None:
        os.utime(path, (time.time() - days * 86_400,) * 2)

    search(tmp_path)
    (path,) = tmp_path.iterdir()
    age(path, 29)
    search(tmp_path, rows=ROWS + np.float32(1))
    assert len(list(tmp_path.iterdir())) == 2  # those of another search stay
    search(tmp_path)
    assert time.time() - path.stat().st_mtime < 3600
    age(path, 31)
    search(tmp_path, rows=ROWS + np.float32(1))
    assert path not in tmp_path.iterdir()
    assert len(list(tmp_path.iterdir())) == 1


def test_a_folder_that_cannot_be_used_is_one_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("a file", encoding="utf-8")
    without = ", so the search goes on without"
    (message,) = warned(tmp_path / "file" / "kept")
    assert message.startswith(
        f"trained nets can't be kept in {tmp_path}/file/kept{without}: NotADirectoryError: "
    )
    kept = tmp_path / "kept"
    monkeypatch.setattr(
        "os.replace", Mock(side_effect=OSError(errno.ENOSPC, "No space left on device"))
    )
    (message,) = warned(kept)
    assert (
        message
        == f"trained nets can't be kept in {kept}{without}: OSError: [Errno 28] No space left on device"
    )
    assert list(kept.iterdir()) == []
    monkeypatch.undo()
    monkeypatch.setattr(checkpoint, "_BETWEEN", 0.0)
    search(kept)
    # A superuser can write everywhere.
    monkeypatch.setattr(
        folder,
        "NamedTemporaryFile",
        Mock(side_effect=OSError(errno.EROFS, "Read-only file system")),
    )
    halve_of = [path.name for path in kept.iterdir()]
    counts: list[int] = []
    assert warned(kept, counts) == []
    assert counts == [6]
    assert [path.name for path in kept.iterdir()] == halve_of


OTHERS_MAY_WRITE = pytest.mark.skipif(
    not hasattr(os, "geteuid"), reason="rights are others here"
)


@OTHERS_MAY_WRITE
@pytest.mark.parametrize("mode", [0o777, 0o775, 0o702])
def test_a_folder_that_others_may_write_to_is_refused_before_anything_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int
) -> None:
    monkeypatch.setattr(folder, "_is_own_group", lambda number: False)
    kept = tmp_path / "its nets"
    search(kept)
    assert kept.stat().st_mode & 0o777 == 0o700
    kept.chmod(mode)
    monkeypatch.setattr(
        "lockstep.checkpoints.checkpoint.index",
        Mock(side_effect=AssertionError("read")),
    )
    with pytest.raises(PermissionError) as raised:
        search(kept)
    text = f"other users may write to {kept}, and reading what they keep there runs their code; after a look at whose"
    assert str(raised.value) == f"{text} files are there, say chmod go-w '{kept}'"
    monkeypatch.undo()
    kept.chmod(0o755)
    counts: list[int] = []
    search(kept, counts)
    assert counts == [6]


@OTHERS_MAY_WRITE
def test_a_group_of_ones_own_may_write_and_everyone_may_write_to_a_parent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "shared" / "kept"
    search(kept)
    kept.parent.chmod(0o1777)  # as the system's folder for temporary files
    kept.chmod(0o770)
    import grp
    import pwd

    user = pwd.getpwuid(os.geteuid())
    group = Mock(gr_gid=kept.stat().st_gid, gr_name=user.pw_name, gr_mem=[])
    monkeypatch.setattr(
        pwd, "getpwuid", lambda number: Mock(pw_name=user.pw_name, pw_gid=group.gr_gid)
    )
    monkeypatch.setattr(grp, "getgrgid", lambda number: group)
    search(kept)
    group.gr_mem = [user.pw_name, "another"]
    with pytest.raises(PermissionError, match="other users may write"):
        search(kept)
    group.gr_mem, group.gr_name = [], "users"
    with pytest.raises(PermissionError, match="other users may write"):
        search(kept)
    monkeypatch.setattr(grp, "getgrgid", Mock(side_effect=KeyError))
    with pytest.raises(PermissionError, match="other users may write"):
        search(kept)


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away"
)
def test_what_belongs_to_another_user_is_not_read(tmp_path: Path) -> None:
    search(tmp_path)
    (path,) = tmp_path.iterdir()
    os.chown(path, 12345, -1)
    (message,) = warned(tmp_path)
    assert message.startswith(
        f"some kept nets can't be used: PermissionError: {path} belongs to another user, "
    )
    os.chown(tmp_path, 12345, -1)
    with pytest.raises(PermissionError) as raised:
        search(tmp_path)
    text = "belongs to another user, and reading what they keep there runs their code; let checkpoint be a folder"
    assert str(raised.value) == f"{tmp_path} {text} of your own"


def test_where_files_have_other_rights_the_folder_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "geteuid", raising=False)
    tmp_path.chmod(0o777)
    assert warned(tmp_path) == []


def test_a_net_whose_code_is_in_no_file_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Own(type(classifier())):  # type: ignore[misc]
        pass

    Own.__module__ = "__main__"
    monkeypatch.delattr(
        sys.modules["__main__"], "__file__", raising=False
    )  # of a process of pytest-xdist, there is none
    with pytest.warns(
        LockstepWarning,
        match="^some nets can't be kept: the code of __main__ is in no file$",
    ):
        search(tmp_path, net=classifier(wrapper=Own))
    assert list(tmp_path.iterdir()) == []


def test_a_search_of_seconds_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    search(tmp_path / "kept")
    assert not (tmp_path / "kept").exists()
