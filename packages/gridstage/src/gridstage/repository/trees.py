"""The hashes of the files of a commit, or of those on disk, as DVC writes them into dvc.lock."""

import hashlib
import json
import os
import posixpath
import subprocess
import tarfile
from abc import ABC, abstractmethod
from collections.abc import Iterable
from functools import cached_property
from io import BytesIO
from itertools import chain
from pathlib import Path

from pathspec import GitIgnoreSpec  # with which DVC reads .dvcignore

from gridstage.repository.git import git, place

_IGNORE = ".dvcignore"


class Tree(ABC):
    """Files and folders, and their hashes."""

    def hashes(self, paths: Iterable[str]) -> dict[str, str | None]:
        """Return the hash of each file or folder; None if git lacks the content. What is missing is left out.

        The hash of a file is the MD5 of its bytes, and that of a folder the MD5 of a list of its files, as JSON.
        """
        hashes = {}
        files = {path: self._files(path) for path in paths}
        md5 = self._md5(sorted(set(chain(*files.values()))))
        for path, each in files.items():
            if each:
                hashes[path] = self._hash(path, {file: md5[file] for file in each})
        return hashes

    def _hash(self, path: str, md5: dict[str, str | None]) -> str | None:
        if [*md5] == [path]:
            return md5[path]
        if None in md5.values():
            return None
        listing = [
            {"md5": each, "relpath": file.removeprefix(f"{path}/")}
            for file, each in md5.items()
        ]
        return f"{hashlib.md5(json.dumps(listing).encode()).hexdigest()}.dir"

    @cached_property
    def _ignored(self) -> GitIgnoreSpec:
        return GitIgnoreSpec.from_lines(self._ignore_text().splitlines())

    def _not_ignored(self, inside: Iterable[str]) -> list[str]:
        return sorted(file for file in inside if not self._ignored.match_file(file))

    @abstractmethod
    def _ignore_text(self) -> str: ...

    @abstractmethod
    def _files(self, path: str) -> list[str]:
        """Return a file itself, or those in a folder that .dvcignore does not name, sorted; none if it is missing."""

    @abstractmethod
    def _md5(self, files: list[str]) -> dict[str, str | None]: ...


class FolderTree(Tree):
    """The files on disk, from the working directory on."""

    def _ignore_text(self) -> str:
        ignored = Path(_IGNORE)
        return ignored.read_text(encoding="utf-8") if ignored.is_file() else ""

    def _files(self, path: str) -> list[str]:
        if Path(path).is_file():
            return [path]
        inside = []
        for root, _, names in os.walk(path):
            inside += [Path(root, name).as_posix() for name in names]
        return self._not_ignored(inside)

    def _md5(self, files: list[str]) -> dict[str, str | None]:
        return {
            file: hashlib.md5(Path(file).read_bytes()).hexdigest() for file in files
        }


class CommitTree(Tree):
    """The files of a commit, as a checkout would write them; raises `CalledProcessError` if git does not have it.

    `paths` are those of all files in the working directory and below, relative to it.
    """

    def __init__(self, commit: str) -> None:
        self._commit = commit
        self.paths = self._listed()

    @cached_property
    def _all_paths(self) -> set[str]:
        """The paths of all files of the repository, such as `../shared/code.py`."""
        return self._listed(place().top)

    def _listed(self, *folder: str) -> set[str]:
        names = git("ls-tree", "-r", "-z", "--name-only", self._commit, *folder)
        return {*names.split("\0")[:-1]}

    def _ignore_text(self) -> str:
        if _IGNORE not in self.paths:
            return ""
        return git("show", f"{self._commit}:./{_IGNORE}")

    def _files(self, path: str) -> list[str]:
        paths = self._all_paths if path.startswith("../") else self.paths
        if path in paths:
            return [path]
        return self._not_ignored(file for file in paths if file.startswith(f"{path}/"))

    def _md5(self, files: list[str]) -> dict[str, str | None]:
        if not files:
            return {}
        top, folder = place()
        from_top = {posixpath.normpath(folder + file): file for file in files}
        # What a checkout writes, with its ends of lines and the files that git-lfs keeps, which the blobs do not have.
        # From the top, because older versions of git take no .gitattributes above the folder where they run.
        tar = "archive", "--format=tar", self._commit
        command = ["git", "--literal-pathspecs", *tar, "--", *from_top]
        content = subprocess.run(
            command, cwd=top, capture_output=True, check=True
        ).stdout
        # Of a link or a submodule, a commit says nothing.
        hashes: dict[str, str | None] = dict.fromkeys(files)
        with tarfile.open(fileobj=BytesIO(content)) as archive:
            for entry in archive:
                if file := archive.extractfile(entry) if entry.isfile() else None:
                    hashes[from_top[entry.name]] = hashlib.md5(file.read()).hexdigest()
        return hashes
