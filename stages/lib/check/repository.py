"""Whether DVC and git can work in this folder."""

import subprocess
from pathlib import Path

from configobj import ConfigObj, ConfigObjError  # type: ignore[import-untyped]

from stages.lib.check.before_dvc import CONFIG
from stages.lib.common import UserError
from stages.lib.common.git import git
from stages.lib.pipeline import PIPELINE


def on_repository() -> tuple[str | None, str | None]:
    """Return why DVC runs no stage here, and why git compares nothing, each with what to do; None if they do.

    DVC needs a repository, but not the command `git`. Without `.dvc/config`, the folder is not a project of DVC.
    """
    here = Path.cwd()
    if not CONFIG.is_file():
        return None, None
    if not any((folder / ".git").exists() for folder in (here, *here.parents)):
        problem = "This folder is not a git repository, as after the download of an archive, so DVC runs no stage."
        way_out = "Make it one: `git init && git add --all && git commit --message Start`."
        return None if _needs_none() else f"{problem} {way_out}", None
    try:
        git("check-ignore", "--quiet", PIPELINE)
    except subprocess.CalledProcessError:  # it is not ignored
        return None, None
    except UserError as error:
        return None, f"{error} Until then, `make repro` can't compare its results with the committed ones"
    way_out = f"`git check-ignore --verbose {PIPELINE}` shows the line to remove; or run `git init` here."
    return f"git ignores {PIPELINE}, so DVC runs no stage. {way_out}", None


def _needs_none() -> bool:
    """Whether DVC was told to do without a repository."""
    try:
        return bool(ConfigObj(str(CONFIG), encoding="utf-8")["core"]["no_scm"] == "true")
    except (ConfigObjError, UnicodeDecodeError, KeyError, TypeError):  # a broken file has a sentence of its own
        return False
