"""The files of a folder of kept nets: each is written whole, under a name that has the hash of its content."""

import os
import pickle
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile

_SUFFIX = ".nets"


def read(folder: Path) -> Iterator[dict[str, bytes]]:
    """Yield what each file has, by key; a file that is damaged is left out. Raises `OSError`."""
    for path in sorted(folder.glob(f"*{_SUFFIX}")):
        content = path.read_bytes()
        if sha256(content).hexdigest() == path.stem:
            yield pickle.loads(content)


def write(folder: Path, entries: dict[str, bytes]) -> None:
    """Write a file; raises `OSError`, and leaves no part of the file, if the folder is full or can't be written to."""
    content = pickle.dumps(entries, protocol=5)
    folder.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=folder, suffix=".tmp", delete=False) as file:
        try:
            file.write(content)
            file.close()
            os.replace(file.name, folder / f"{sha256(content).hexdigest()}{_SUFFIX}")
        except BaseException:
            with suppress(OSError):
                os.unlink(file.name)
            raise
