"""Says what a report was made from: the commit and its date, and the versions of the packages."""

import platform
import subprocess
from importlib.metadata import version

from stages.lib.changes.revisions import is_committed
from stages.lib.common.git import NoGitError, git

# The packages that results depend on most; requirements.txt pins all.
_PACKAGES = ("torch", "skorch", "scikit-learn", "numpy", "scipy", "pandas", "joblib", "dvc")


def describe_head() -> str:
    """Return HEAD's short hash with its date, and whether the working tree differs from it.

    It is empty where there is none: without git, in a folder that is not a repository, and before the first commit.
    """
    try:
        commit, date = git("show", "--no-patch", "--format=%h %cs", "--abbrev=7", "HEAD").split()
    except (NoGitError, subprocess.CalledProcessError):
        return ""
    return f"Commit {commit} of {date}{'' if is_committed() else ', with uncommitted changes'}"


def packages() -> list[str]:
    """Return Python and the main packages, each with the version that is installed here."""
    return [f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in _PACKAGES)]
