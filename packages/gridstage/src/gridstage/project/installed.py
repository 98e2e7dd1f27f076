"""Names the installed packages as requirements.txt does: by version or, if they are not from an index, by commit."""

import json
import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from subprocess import CalledProcessError
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from urllib.request import url2pathname

from gridstage.common import UserError
from gridstage.repository.git import git

# Of a folder of packages/; others have the name of their folder.
_DISTRIBUTIONS = {"lockstep": "skorch-lockstep"}
# git's short form of an address, such as git@host:owner/name.git.
_SHORT = re.compile(r"([\w.-]+@)?([\w.-]+):(?!//)(.+)")
_CREDENTIALS = re.compile(r"(?<=^https://)[^/@]+@|(?<=^http://)[^/@]+@")


class Source(NamedTuple):
    """Where pip finds a package: the address of a repository, a commit, and a folder in it, empty for its top."""

    address: str
    commit: str
    folder: str


def requirement_of(folder: str) -> str:
    """Return what makes pip install a package of packages/ as it is installed here.

    That is its version, unless it was installed from a repository, or from a folder of a clone: then it is the
    address that was cloned, and the commit.
    """
    found = _installed(_DISTRIBUTIONS.get(folder, folder))
    name = found.metadata["Name"]
    source = _source_of(noted_by_pip(found))
    if source is None:
        return f"{name}=={found.version}"
    place = f"#subdirectory={source.folder}" if source.folder else ""
    return f"{name} @ git+{source.address}@{source.commit}{place}"


def noted_by_pip(found: Distribution) -> dict[str, Any]:
    """Return what pip has noted of where a package is from, in direct_url.json; nothing for one of an index."""
    note: dict[str, Any] = json.loads(found.read_text("direct_url.json") or "{}")
    return note


def _installed(name: str) -> Distribution:
    try:
        return distribution(name)
    except PackageNotFoundError:
        raise UserError(
            f"The package {name} is not installed, so requirements.txt can't name its version. Install it by pip."
        ) from None


def _source_of(said: dict[str, Any]) -> Source | None:
    """Return where a package is from by pip's direct_url.json; None if that names no repository."""
    if "vcs_info" in said:
        commit = said["vcs_info"]["commit_id"]
        return Source(said["url"], commit, said.get("subdirectory", ""))
    if "dir_info" not in said:
        return None
    folder = url2pathname(urlsplit(said["url"]).path)
    try:
        top = git("-C", folder, "rev-parse", "--show-toplevel").strip()
        inside = git("-C", folder, "rev-parse", "--show-prefix").strip()
        remote = git("-C", folder, "remote", "get-url", "origin").strip()
        commit = git("-C", folder, "rev-parse", "--verify", "HEAD").strip()
    except (UserError, CalledProcessError):  # no clone, no commit, or no remote
        return None
    return Source(_for_pip(remote, top), commit, inside.rstrip("/"))


def _for_pip(remote: str, top: str) -> str:
    """Return the address of a remote in the form that pip takes, without a password."""
    if "://" in remote:
        return _CREDENTIALS.sub("", remote)
    if short := _SHORT.fullmatch(remote):
        user, host, path = short.groups("")
        return f"ssh://{user}{host}/{path}"
    return Path(top, remote).resolve().as_uri()
