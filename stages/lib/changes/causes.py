"""What caused a change: the params, code, data and packages that dvc.lock says the results of both sides are from."""

from collections import defaultdict
from typing import Any, NamedTuple

from stages.lib.changes.results import Results

_REQUIREMENTS = "requirements.txt"
# What other stages have written is no cause of its own.
_RESULTS = ("metrics/", ".dvc/")


class Param(NamedTuple):
    """A param that differs; None stands for null and for one that is not there."""

    key: str
    old: Any
    new: Any


class Causes(NamedTuple):
    """What differs between the runs of two commits.

    Attributes
    ----------
    params : list of Param
        Sorted by key.
    code : dict of list of str
        The stages that depend on each file or folder of code that differs, by its path.
    data : list of str
        The data files that differ.
    packages : list of str
        The lines of requirements.txt that differ, with `-` for those that are gone and `+` for new ones.
    """

    params: list[Param]
    code: dict[str, list[str]]
    data: list[str]
    packages: list[str]

    @property
    def any(self) -> bool:
        """Whether there is a cause."""
        return any(self)


def causes(old: Results, new: Results) -> Causes:
    """Return what the results of two commits differ in, by what dvc.lock of both says."""
    shared = sorted({*old.stages} & {*new.stages})
    before, after = ({key: value for name in shared for key, value in side.params(name).items()} for side in (old, new))
    # An empty mapping, such as a `fixed` that sets nothing, is no value.
    before, after = ({key: each for key, each in side.items() if each != {}} for side in (before, after))
    differing = [key for key in sorted({*before, *after}) if before.get(key) != after.get(key)]
    params = [Param(key, before.get(key), after.get(key)) for key in differing]
    files: dict[str, list[str]] = defaultdict(list)
    for name in shared:
        one, other = old.hashes(name), new.hashes(name)
        for path in sorted({*one, *other}):
            if one.get(path) != other.get(path) and not path.startswith(_RESULTS) and path != "params.yaml":
                files[path].append(name)
    paths = [str(side.get("data.path")) for side in (before, after)]
    # A file of another name may have the same bytes; the param says so already.
    moved = paths[0] != paths[1] and _hash(old, shared, paths[0]) == _hash(new, shared, paths[1])
    data = [paths[1]] if {*paths} & {*files} and not moved else []
    packages = _lines(old, new) if files.pop(_REQUIREMENTS, None) else []
    return Causes(params, {path: files[path] for path in sorted(files) if path not in paths}, data, packages)


def _hash(side: Results, stages: list[str], path: str) -> str | None:
    return next((found[path] for found in map(side.hashes, stages) if path in found), None)


def _lines(old: Results, new: Results) -> list[str]:
    before, after = ((side.snapshot.text(_REQUIREMENTS) or "").splitlines() for side in (old, new))
    gone = [f"- {line}" for line in before if line.strip() and line not in after]
    return gone + [f"+ {line}" for line in after if line.strip() and line not in before]
