"""The files of a folder of kept nets: each is written whole, and begins with an index of the nets that it has."""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile

from lockstep.members.refusals import RefusalError

_SUFFIX = ".nets"


@dataclass(frozen=True)
class Entry:
    """Where the bytes of a net are: a part of a file, and the hash that the part must have."""

    path: Path
    start: int
    size: int
    hash: str

    def read(self) -> bytes:
        """Return the bytes; raises `OSError`, and `RefusalError` if they are damaged."""
        with self.path.open("rb") as file:
            file.seek(self.start)
            content = file.read(self.size)
        if _hash(content) != self.hash:
            raise RefusalError(f"{self.path} is damaged")
        return content


def files(folder: Path) -> Iterator[Path]:
    """Yield the files with nets in a folder."""
    yield from sorted(folder.glob(f"*{_SUFFIX}"))


def index(path: Path) -> dict[str, Entry]:
    """Return what a file has, by key; raises `OSError`, and `RefusalError` if the index is damaged."""
    with path.open("rb") as file:
        line = file.readline()
    if _hash(line) != path.stem:
        raise RefusalError(f"{path} is damaged")
    start, entries = len(line), {}
    for key, size, hashed in json.loads(line):
        entries[key] = Entry(path, start, size, hashed)
        start += size
    return entries


def write(folder: Path, entries: dict[str, bytes]) -> None:
    """Write a file; raises `OSError`, and leaves no part of the file, if the folder is full or can't be written to."""
    line = json.dumps([[key, len(content), _hash(content)] for key, content in entries.items()]).encode() + b"\n"
    folder.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=folder, suffix=".tmp", delete=False) as file:
        try:
            file.writelines([line, *entries.values()])
            file.close()
            os.replace(file.name, folder / f"{_hash(line)}{_SUFFIX}")
        except BaseException:
            with suppress(OSError):
                os.unlink(file.name)
            raise


def _hash(content: bytes) -> str:
    return sha256(content).hexdigest()
