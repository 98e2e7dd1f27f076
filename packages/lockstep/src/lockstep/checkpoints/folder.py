"""The files of a folder of kept nets: each is written whole, and begins with an index of the nets that it has."""

import json
import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from shlex import quote
from stat import S_IWGRP, S_IWOTH
from tempfile import NamedTemporaryFile

_SUFFIX = ".nets"
_NAME = re.compile(r"[0-9a-f]{64}")

# A file that no search has written or used for so many days is removed.
_DAYS = 30


class DamagedError(Exception):
    """Raised where a file, its only argument, has other bytes than were written."""


@dataclass(frozen=True)
class Entry:
    """Where the bytes of some nets are: a part of a file, and the hash that the part must have."""

    path: Path
    start: int
    size: int
    hash: str

    def read(self) -> bytes:
        """Return the bytes; raises `OSError`, also where `check` does, and `DamagedError` if they are others."""
        with self.path.open("rb") as file:
            _check(self.path, os.fstat(file.fileno()))
            file.seek(self.start)
            content = file.read(self.size)
        if _hash(content) != self.hash:
            raise DamagedError(self.path)
        return content


def check(folder: Path) -> None:
    """Raise `PermissionError` if other users may have put something into a folder, because reading it runs code.

    Whoever may write to a parent can put another folder in its place, but that one is theirs, and so are its files.
    """
    with suppress(FileNotFoundError, NotADirectoryError):
        _check(folder, folder.stat())


def _check(path: Path, status: os.stat_result) -> None:
    if not hasattr(os, "geteuid"):  # Windows has other rights
        return
    runs_code = "and reading what they keep there runs their code"
    if status.st_uid not in (0, os.geteuid()):
        raise PermissionError(
            f"{path} belongs to another user, {runs_code}; let checkpoint be a folder of your own"
        )
    others = S_IWOTH if _is_own_group(status.st_gid) else S_IWOTH | S_IWGRP
    if status.st_mode & others:
        way_out = (
            f"after a look at whose files are there, say chmod go-w {quote(str(path))}"
        )
        raise PermissionError(
            f"other users may write to {path}, {runs_code}; {way_out}"
        )


def _is_own_group(number: int) -> bool:
    """Whether a group has one member, this user: many systems give each user a group, which may write by default."""
    import grp  # which Windows does not have
    import pwd

    try:
        user = pwd.getpwuid(os.geteuid())
        group = grp.getgrgid(number)
    except KeyError:  # as in containers
        return False
    return (
        user.pw_gid == number
        and group.gr_name == user.pw_name
        and set(group.gr_mem) <= {user.pw_name}
    )


def files(folder: Path) -> Iterator[Path]:
    """Yield the files with nets in a folder, and remove those that are old."""
    for path in sorted(folder.glob(f"*{_SUFFIX}")):
        with suppress(FileNotFoundError):  # another search may have removed it
            is_old = time.time() - path.stat().st_mtime > _DAYS * 86_400
            if _NAME.fullmatch(path.stem) and not (is_old and remove(path)):
                yield path


def index(path: Path) -> dict[str, tuple[Entry, int]]:
    """Return where each net of a file is, by key: its entry, and its place among the nets there.

    Raises `OSError`, also where `check` does, and `DamagedError` if the index is damaged.
    """
    with path.open("rb") as file:
        _check(path, os.fstat(file.fileno()))
        line = file.readline()
    if _hash(line) != path.stem:
        raise DamagedError(path)
    start = len(line)
    found = {}
    for keys, size, hashed in json.loads(line):
        entry = Entry(path, start, size, hashed)
        found.update({key: (entry, place) for place, key in enumerate(keys)})
        start += size
    return found


def use(path: Path) -> None:
    """Note that a file is used, so that it does not count as old."""
    with suppress(OSError):
        os.utime(path)


def remove(path: Path) -> bool:
    """Remove a file; returns whether it is gone."""
    with suppress(OSError):
        path.unlink(missing_ok=True)
    return not path.exists()


def write(folder: Path, entries: Sequence[tuple[Sequence[str], bytes]]) -> None:
    """Write a file; raises `OSError`, and leaves no part of the file, if the folder is full or can't be written to.

    An entry has the keys of its nets, and their bytes.
    """
    line = (
        json.dumps(
            [[keys, len(content), _hash(content)] for keys, content in entries]
        ).encode()
        + b"\n"
    )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=folder, suffix=".tmp", delete=False) as file:
        try:
            with file:  # closed, because Windows renames and removes no open file
                file.writelines([line, *(content for _, content in entries)])
            os.replace(file.name, folder / f"{_hash(line)}{_SUFFIX}")
        except BaseException:
            with suppress(OSError):
                os.unlink(file.name)
            raise


def _hash(content: bytes) -> str:
    return sha256(content).hexdigest()
