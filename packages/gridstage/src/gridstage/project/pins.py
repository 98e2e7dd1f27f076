"""Compares the installed packages with those that requirements.txt names: the same bytes need the same ones."""

import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from gridstage.common import first_of
from gridstage.project.installed import noted_by_pip

_FILE = "requirements.txt"
# The most packages that a sentence lists.
_MOST = 5
# What pip takes for a comment, and the options of a requirement; the `#` of an address stands behind no space.
_REST = re.compile(r"(^|\s+)(#|--).*$")
# The revision at the end of an address of git.
_REVISION = re.compile(r"^git\+.+@(?P<revision>[^@#/]+)(#.*)?$")


def differing_packages() -> list[str]:
    """Say, without a full stop, which packages are not those of the project's requirements.txt; nothing if all are.

    That is no mistake: one may try another version. But it explains why bytes are others.
    """
    if not Path(_FILE).is_file():
        return []
    text = Path(_FILE).read_text(encoding="utf-8")
    differing = differences(text)
    if not differing:
        return []
    listed = first_of(differing, _MOST)
    return [
        f"other packages are installed than {_FILE} names, so bytes may be others: {listed}; "
        f"`pip install -r {_FILE}` installs its own"
    ]


def differences(text: str) -> list[str]:
    """Return each requirement of a text that what is installed does not meet, and what is installed.

    Lines that name another file, a folder or an option are left out.
    """
    told = []
    for line in text.splitlines():
        try:
            requirement = Requirement(_REST.sub("", line).strip())
        except InvalidRequirement:
            continue
        if requirement.marker is None or requirement.marker.evaluate():
            told += _difference(requirement)
    return told


def _difference(requirement: Requirement) -> list[str]:
    name = requirement.name
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return [f"{name} (missing)"]
    if requirement.url:
        return _other_commit(requirement.url, found)
    asked = requirement.specifier
    # A local version, such as 2.13.0+cpu, is the same one.
    if asked.contains(found.version, prereleases=True):
        return []
    return [f"{name}{asked} ({found.version})"]


def _other_commit(url: str, found: Distribution) -> list[str]:
    """Compare the commit of an address with the one that pip has noted, if it has."""
    source = noted_by_pip(found).get("vcs_info")
    match = _REVISION.match(url)
    if not source or not match:
        return []
    asked, commit = match["revision"], source["commit_id"]
    if asked == source.get("requested_revision") or commit.startswith(asked):
        return []
    return [f"{found.metadata['Name']} at {asked[:7]} ({commit[:7]})"]
