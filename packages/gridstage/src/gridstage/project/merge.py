"""What becomes of a file that the user, or gridstage, or both have changed."""

from pathlib import Path
from subprocess import CalledProcessError
from tempfile import TemporaryDirectory
from typing import NamedTuple

from gridstage.repository.git import git


class Outcome(NamedTuple):
    """What is done with a file, such as `replaced`, its text then (None: no file), and a reason to look at it."""

    done: str
    text: str | None
    reason: str = ""


# Nobody has changed the file, or both sides in the same way.
SAME = "same"


def outcome_of(
    base: str | None, yours: str | None, new: str | None, labels: tuple[str, str]
) -> Outcome:
    """Decide what becomes of a file by three texts, None where there is no file.

    `base` is the text that the project was made of, `yours` the user's, and `new` that of the installed version;
    `labels` name the versions of `base` and `new`.
    """
    if yours == new:
        return Outcome(SAME, yours)
    if base == new:
        return Outcome("kept", yours)
    if base is None:
        return _new_file(yours, new, labels[1])
    if new is None:
        return _gone(base, yours, labels[1])
    if yours is None:
        reason = (
            f"you have deleted it, and {labels[1]} has changed it; it stays deleted"
        )
        return Outcome("kept", None, reason)
    if yours == base:
        return Outcome("replaced", new)
    return _merged(base, yours, new, labels)


def _new_file(yours: str | None, new: str | None, version: str) -> Outcome:
    if yours is None:
        return Outcome("added", new)
    return Outcome("kept", yours, f"{version} has a new file of this name; yours stays")


def _gone(base: str, yours: str | None, version: str) -> Outcome:
    if yours == base:
        return Outcome("removed", None)
    reason = f"{version} has it no more, and you have changed it; it stays, as yours"
    return Outcome("kept", yours, reason)


def _merged(base: str, yours: str, new: str, labels: tuple[str, str]) -> Outcome:
    texts = {"yours": yours, "base": base, "new": new}
    named: list[str] = []
    for label in ("yours", *labels):
        named += ["-L", label]
    with TemporaryDirectory() as folder:
        paths = [Path(folder, name) for name in texts]
        for path in paths:
            # Bytes, because a text file would get the line ends of Windows there.
            path.write_bytes(texts[path.name].encode())
        try:
            merged = git("merge-file", "--stdout", *named, *map(str, paths))
        except CalledProcessError as error:
            if not 0 < error.returncode < 128:  # the number of conflicts
                raise
            return Outcome("conflicts", str(error.stdout))
    return Outcome(SAME if merged == yours else "merged", merged)
