"""Lets DVC track a table that is too large for git."""

from pathlib import Path

from gridstage.repository.dvc_file import differs, dvc_file_of, remote, track
from gridstage.repository.git import NoGitError, git

# In bytes. GitHub warns above 50 MiB, and takes no file above 100 MiB.
LARGE = 50 * 2**20


class Tracking:
    """Who has a table, git or DVC, and whether DVC is to take it: if it is asked to, or if the table is large.

    A table that DVC has stays there, whatever its size. `hints` are for the user to decide.
    """

    def __init__(self, path: str, asked: bool) -> None:
        size = Path(path).stat().st_size
        self._file, is_large = dvc_file_of(path), size > LARGE
        self._path = path
        self._named = f"{path}, {size / 10**6:,.0f} MB" if is_large else path
        self._wanted = self._file is None and (asked or is_large)
        self.hints: list[str] = []
        if self._wanted and not asked and _is_in_git(path):
            self.hints.append(
                f"git has {self._named}, and GitHub takes no file above 100 MiB. To let DVC track it instead, run "
                f"`git rm --cached {path}`, then adopt it with --dvc."
            )
            self._wanted = False

    @property
    def intent(self) -> str:
        """What `start` will do, a sentence; empty if it is nothing."""
        return f"DVC would track {self._named}." if self._wanted else ""

    def start(self) -> list[str]:
        """Let DVC take the table as it is now, and return what was done and what to do next, a sentence each."""
        if not self._wanted and (
            self._file is None or not differs(self._path, self._file)
        ):
            return []
        track(self._path)
        file = dvc_file_of(self._path)
        assert file is not None
        done = f"{file}: DVC has the table as it is now. Commit the file."
        if self._wanted:
            ignore = (file.parent / ".gitignore").as_posix()
            done = f"{file}: DVC tracks {self._named}; git has this file in its place. Commit both it and {ignore}."
        if remote():
            return [done, "`dvc push` sends the table to DVC's remote."]
        return [
            done,
            "DVC has no remote to send the table to: `dvc remote add --default NAME URL`, then `dvc push`.",
        ]


def _is_in_git(path: str) -> bool:
    try:
        return bool(git("ls-files", "--", path))
    except NoGitError:
        return False
