"""The files of a commit, of a DVC experiment, or of the working tree."""

import subprocess
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache, cached_property

from gridstage.common import UserError
from gridstage.config import yaml12
from gridstage.repository import CommitTree, FolderTree, Tree
from gridstage.repository.git import git, place
from gridstage.repository.revisions import HOW_TO_FETCH, commit_of, is_committed
from gridstage.results import WorkingTree
from gridstage.results.reading import by_name

_show = cache(git)  # of a commit, whose files never change


@dataclass(frozen=True)
class Snapshot:
    """The files of one side of a comparison: what a user calls it, and the hash of its commit, or None for the tree."""

    name: str
    commit: str | None

    @classmethod
    def of(cls, revision: str | None) -> "Snapshot":
        """Return a branch, tag, commit or DVC experiment, or the working tree for None; see `commit_of`."""
        if revision is None:
            return cls("the working tree", None)
        return cls(revision, commit_of(revision))

    @property
    def title(self) -> str:
        """The name, with the short hash of a commit, or with whether the working tree differs from HEAD."""
        if self.commit is None:
            edits = "" if is_committed() else " (with uncommitted changes)"
            return f"{self.name}{edits}"
        if self.commit.startswith(self.name):
            return self.name[:7]
        return f"{self.name} ({self.commit[:7]})"

    @cached_property
    def tree(self) -> Tree:
        """The files and their hashes; raises `UserError` if git does not have them."""
        if self.commit is None:
            return FolderTree()
        try:
            tree = CommitTree(self.commit)
        except subprocess.CalledProcessError:
            raise UserError(
                f"git has the name of {self.name}, but not its files.{HOW_TO_FETCH}"
            ) from None
        if not tree.paths:
            raise UserError(
                f"{self.name} has no file in {place().folder or 'the repository'}: the project is not committed there, "
                "or was in another folder. Commit it, or name a commit that has it there."
            )
        return tree

    def text(self, path: str) -> str | None:
        """Return the text of a file; None if it is not there.

        Raises `UserError` if it is not UTF-8, or has conflict markers.
        """
        try:
            if self.commit is None:
                text = WorkingTree().text(path)
            elif path in self._paths:
                text = _show("show", f"{self.commit}:./{path}")
            else:
                return None
        except UnicodeDecodeError as error:
            raise UserError(f"{path} of {self.name} can't be read: {error}.") from None
        if text and yaml12.conflict_line(text.encode()):
            where = f"{path} of {self.name}"
            raise UserError(
                f"{where} has conflict markers of git. End the merge first; `gridstage check` says how."
            )
        return text

    def files(self, folder: str, suffix: str) -> dict[str, str]:
        """Return the paths of the files with a suffix in a folder and below, by names such as `curves/lr`, sorted."""
        if self.commit is None:
            return WorkingTree().files(folder, suffix)
        return by_name(folder, suffix, self._paths)

    def refused(self, path: str, problem: str, again: str) -> UserError:
        """Return the error that says what is wrong with a file, and that another commit may have a better one."""
        return UserError(
            f"{path} of {self.name} {problem}. Compare with another commit, or {again[0].lower()}{again[1:]}"
        )

    @property
    def _paths(self) -> Collection[str]:
        return self.tree.paths if isinstance(self.tree, CommitTree) else ()
