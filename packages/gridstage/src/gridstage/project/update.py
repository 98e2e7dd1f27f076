"""Brings a project to another version: what becomes of each file is decided first, and the record is written last.

What is the user's is read from the last commit where an update, interrupted, may have written into the working tree.
So the same command, called again, decides the same, and goes on.
"""

from dataclasses import dataclass
from pathlib import Path
from subprocess import CalledProcessError

from packaging.version import Version

from gridstage.common import UserError, join_words, write_bytes
from gridstage.config import yaml12
from gridstage.project import record
from gridstage.project.merge import SAME, Outcome, outcome_of
from gridstage.project.record import RECORD, Record
from gridstage.repository.git import NoGitError, git
from gridstage.repository.revisions import uncommitted


@dataclass(frozen=True)
class Update:
    """How a project comes to another version: from which, to which, and what becomes of each file, by path."""

    old: Record
    new: Record
    outcomes: dict[str, Outcome]

    def paths(self, done: str) -> list[str]:
        """Return the files with which this is done."""
        return [path for path, each in self.outcomes.items() if each.done == done]

    def reasons(self) -> list[str]:
        """Return what the user has to know of files that stay though the new version has others."""
        return [
            f"{path}: {each.reason}"
            for path, each in self.outcomes.items()
            if each.reason
        ]


def plan(version: str, texts: dict[str, str]) -> Update | None:
    """Decide how the project in the working directory comes to a version with these texts; None if nothing is to do.

    Raises `UserError` if there is no project, if it is of a later version, if git can't bring back what would be
    written over, or if a file has conflict markers.
    """
    old = record.read(Path())
    if Version(version) < Version(old.version):
        raise UserError(
            f"The project is of gridstage {old.version}, and {version} is installed, which is older. "
            "Run `pip install -r requirements.txt`."
        )
    paths = sorted(old.texts | texts)
    here = {path: _text(path) for path in paths}
    new = Record(version, _without_own(old, texts, here))
    if new == old:
        _refuse_markers(here)
        return None
    renewed = [path for path, text in old.texts.items() if texts.get(path) != text]
    changed = _changed([RECORD, *renewed])
    yours = here | {path: _committed(path) for path in changed - {RECORD}}
    _refuse_markers(yours)
    labels = f"gridstage {old.version}", f"gridstage {version}"
    outcomes = {
        path: outcome_of(old.texts.get(path), yours[path], texts.get(path), labels)
        for path in paths
    }
    # What an update that was interrupted has written is open, too, and stays.
    unlike = {path for path in changed - {RECORD} if here[path] != outcomes[path].text}
    _refuse_changes(sorted(unlike | changed & {RECORD}))
    return Update(old, new, outcomes)


def write(update: Update) -> None:
    """Write, or remove, what the update changes, and then its record."""
    for path, outcome in update.outcomes.items():
        if outcome.done in (SAME, "kept"):
            continue
        if outcome.text is None:
            Path(path).unlink(missing_ok=True)
        elif outcome.text != _text(path):
            ends = "\r\n" if _is_crlf(path) else "\n"
            content = outcome.text.replace("\n", ends)
            write_bytes(path, content.encode())
    record.write(Path(), update.new.version, update.new.texts)


def _without_own(
    old: Record, texts: dict[str, str], here: dict[str, str | None]
) -> dict[str, str]:
    """Return the texts without those of files that the user had before gridstage did: they never become its own."""
    return {
        path: text
        for path, text in texts.items()
        if path in old.texts or here[path] in (None, text)
    }


def _text(path: str) -> str | None:
    """Return the text of a file, whatever ends its lines; None if it is missing."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise UserError(f"{path} is not UTF-8. Save it in this encoding.") from None


def _is_crlf(path: str) -> bool:
    return Path(path).is_file() and b"\r\n" in Path(path).read_bytes()


def _changed(paths: list[str]) -> set[str]:
    """Return those of the files that are not as they are committed; raises `UserError` if git can't say."""
    try:
        return {*uncommitted(*(f":(literal){path}" for path in paths))}
    except NoGitError as error:
        raise UserError(
            f"{error} An update writes over files, and git brings them back."
        ) from None


def _committed(path: str) -> str | None:
    """Return the text of a file in the last commit; None if that does not have it."""
    try:
        return git("show", f"HEAD:./{path}")
    except CalledProcessError:
        return None


def _refuse_markers(texts: dict[str, str | None]) -> None:
    marked = [
        path
        for path, text in texts.items()
        if text and yaml12.conflict_line(text.encode())
    ]
    if marked:
        raise UserError(
            f"There are conflict markers (`<<<<<<<`) in {join_words(marked)}. Edit what is between them, and commit."
        )


def _refuse_changes(paths: list[str]) -> None:
    if paths:
        raise UserError(
            f"{join_words(paths)} would be written over, with changes that are not committed. Commit them first, so "
            "that git can bring them back."
        )
