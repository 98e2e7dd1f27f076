"""Writes source distributions anew, without what differs from build to build: python packages/repack.py FILE...

setuptools writes the time, the user and the order of the files of a folder into them. The time becomes that of the
environment's variable SOURCE_DATE_EPOCH.
"""

import gzip
import os
import sys
import tarfile
from io import BytesIO


def repacked(content: bytes, time: int) -> bytes:
    """Return the same files as another archive."""
    packed = BytesIO()
    with (
        tarfile.open(fileobj=BytesIO(content)) as old,
        gzip.GzipFile("", "wb", fileobj=packed, mtime=time) as compressed,
        tarfile.open(fileobj=compressed, mode="w") as new,
    ):
        for member in sorted(old.getmembers(), key=lambda each: each.name):
            member.mtime = time
            member.uid = member.gid = 0
            member.uname = member.gname = ""
            member.pax_headers = {}
            new.addfile(member, old.extractfile(member))
    return packed.getvalue()


def main() -> None:
    """Write each file anew."""
    time = int(os.environ["SOURCE_DATE_EPOCH"])
    for path in sys.argv[1:]:
        with open(path, "rb") as file:
            content = file.read()
        with open(path, "wb") as file:
            file.write(repacked(content, time))


if __name__ == "__main__":
    main()
