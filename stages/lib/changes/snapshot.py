"""The files of a commit, of a DVC experiment, or of the working tree."""

import subprocess
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from stages.lib.changes.revisions import commit_of, how_to_fetch, is_committed
from stages.lib.common import UserError
from stages.lib.common.git import git
from stages.lib.pipeline import CommitTree, FolderTree, Tree


@dataclass(frozen=True)
class Snapshot:
    """The files of one side of a comparison: what a user calls it, and the hash of its commit, or None for the tree."""

    name: str
    commit: str | None

    @classmethod
    def of(cls, revision: str | None) -> "Snapshot":
        """Return a branch, tag, commit or DVC experiment, or the working tree for None; see `commit_of`."""
        return cls("the working tree", None) if revision is None else cls(revision, commit_of(revision))

    @property
    def title(self) -> str:
        """The name, with the short hash of a commit, or with whether the working tree differs from HEAD."""
        if self.commit is None:
            return f"{self.name}{'' if is_committed() else ' (with uncommitted changes)'}"
        return self.name if self.commit.startswith(self.name) else f"{self.name} ({self.commit[:7]})"

    @cached_property
    def tree(self) -> Tree:
        """The files and their hashes; raises `UserError` if git does not have them."""
        if self.commit is None:
            return FolderTree()
        try:
            return CommitTree(self.commit)
        except subprocess.CalledProcessError:
            raise UserError(f"git has the name of {self.name}, but not its files.{how_to_fetch(self.commit)}") from None

    def text(self, path: str) -> str | None:
        """Return the text of a file; None if it is not there. Raises `UserError` if it is not UTF-8."""
        try:
            if self.commit is None:
                return Path(path).read_text(encoding="utf-8") if Path(path).is_file() else None
            return git("show", f"{self.commit}:{path}") if path in self._paths else None
        except (UnicodeDecodeError, OSError) as error:
            raise UserError(f"{path} of {self.name} can't be read: {error}.") from None

    def files(self, folder: str, suffix: str) -> dict[str, str]:
        """Return the paths of the files with a suffix in a folder and below, by names such as `curves/lr`, sorted."""
        paths = map(Path, self._paths) if self.commit else Path(folder).rglob("*")
        inside = [path for path in paths if path.suffix == suffix and path.is_relative_to(folder)]
        return dict(sorted((path.relative_to(folder).with_suffix("").as_posix(), str(path)) for path in inside))

    @property
    def _paths(self) -> Collection[str]:
        return self.tree.paths if isinstance(self.tree, CommitTree) else ()
