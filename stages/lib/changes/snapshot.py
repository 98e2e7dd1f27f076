"""The files of a commit, of a DVC experiment, or of the working tree."""

import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from stages.lib.changes.revisions import commit_of, is_committed
from stages.lib.common import UserError
from stages.lib.common.git import git

TREE = "the working tree"


@dataclass(frozen=True)
class Snapshot:
    """What stands in the files of one side of a comparison.

    Attributes
    ----------
    name : str
        What a user calls it.
    commit : str, optional
        Its hash; None for the working tree.
    """

    name: str
    commit: str | None

    @classmethod
    def of(cls, revision: str | None) -> "Snapshot":
        """Return a branch, tag, commit or DVC experiment; the working tree for None.

        Raises
        ------
        UserError
            If git knows no such revision.
        """
        return cls(TREE, None) if revision is None else cls(revision, commit_of(revision))

    @property
    def title(self) -> str:
        """The name, with the short hash of a commit, or with whether the working tree differs from HEAD."""
        if self.commit is None:
            return f"{self.name}{'' if is_committed() else ' (with uncommitted changes)'}"
        return self.name if self.commit.startswith(self.name) else f"{self.name} ({self.commit[:7]})"

    def text(self, path: str) -> str | None:
        """Return the text of a file; None if it is not there.

        Raises
        ------
        UserError
            If it is not UTF-8.
        """
        try:
            if self.commit is None:
                return Path(path).read_text(encoding="utf-8") if Path(path).is_file() else None
            return git("show", f"{self.commit}:{path}") if path in self._paths else None
        except (UnicodeDecodeError, OSError) as error:
            raise UserError(f"{path} of {self.name} can't be read: {error}.") from None

    def names(self, folder: str, suffix: str) -> list[str]:
        """Return the names, without this suffix, of the files in a folder, sorted."""
        paths = map(Path, self._paths) if self.commit else Path(folder).glob(f"*{suffix}")
        return sorted(path.stem for path in paths if path.suffix == suffix and str(path.parent) == folder)

    @cached_property
    def _paths(self) -> set[str]:
        try:
            return set(git("ls-tree", "-r", "--name-only", "-z", "--full-tree", str(self.commit)).split("\0"))
        except subprocess.CalledProcessError:
            raise UserError(
                f"git has the name of {self.name}, but not its files. In a shallow clone, run `git fetch --unshallow`."
            ) from None
