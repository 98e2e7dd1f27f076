"""Where a project may be put: the repository around it, what is there already, and how a failure is undone."""

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from gridstage.common import UserError, first_of
from gridstage.repository.git import NoGitError, git

# The most names that a sentence lists.
_MOST = 5


def repository_of(folder: Path) -> Path | None:
    """Return the top of the git repository that a folder is in, or would be in; None if there is none."""
    place = folder.resolve()
    while not place.is_dir():
        place = place.parent
    try:
        top = git("-C", str(place), "rev-parse", "--show-toplevel")
    except NoGitError:
        return None
    return Path(top.removesuffix("\n")).resolve()


def refuse_existing(folder: Path, names: Iterable[str]) -> None:
    """Raise `UserError` if one of these files of a folder exists already."""
    there = [name for name in names if os.path.lexists(_at(folder, name))]
    if there:
        some = first_of(there, _MOST)
        raise UserError(
            f"{folder.resolve()} has {some} already, and no file is overwritten. Move what is there, or name another "
            "folder."
        )


@contextmanager
def undone_if_it_fails(folder: Path, names: Iterable[str]) -> Iterator[None]:
    """Remove, if the block fails, what it has made of these files of a folder, and of the folders above them."""
    files = [_at(folder, name) for name in names]
    above = {parent for file in files for parent in file.parents}
    new = [path for path in {*above, *files} if not os.path.lexists(path)]
    try:
        yield
    except BaseException:
        for path in new:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif os.path.lexists(path):
                path.unlink()
        raise


def _at(folder: Path, name: str) -> Path:
    """Return where a file is, whose name may begin with `..`, though the folder may not be there yet."""
    return Path(os.path.normpath(folder.resolve() / name))
