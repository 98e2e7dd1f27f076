"""What the results of two commits are from, by dvc.lock, and what differs."""

from collections import ChainMap, defaultdict
from typing import Any, NamedTuple

from stages.lib.changes.results import Results, differing
from stages.lib.config import PARAMS_FILE

_REQUIREMENTS = "requirements.txt"
# What other stages have written is not a cause of its own.
_WRITTEN = ("metrics/", ".dvc/")


class Param(NamedTuple):
    """A param that differs; None stands for null and for one that is not there."""

    key: str
    old: Any
    new: Any


class Causes(NamedTuple):
    """What differs between the runs of two commits.

    `code` has the stages that depend on each file or folder that differs, by its path, and `packages` the lines of
    requirements.txt, with `-` for those that are gone and `+` for new ones.
    """

    params: list[Param]
    code: dict[str, list[str]]
    data: list[str]
    packages: list[str]


def causes(old: Results, new: Results) -> Causes:
    """Return what the results of two commits differ in, by what dvc.lock says of the stages that both have."""
    params: dict[str, Param] = {}
    code: dict[str, list[str]] = defaultdict(list)
    elsewhere = [ChainMap(*map(side.params, side.stages)) for side in (old, new)]
    for name in sorted({*old.stages} & {*new.stages}):
        # A stage that no longer reads a param, or newly does, has not changed it.
        before, after = (
            ChainMap(own.params(name), {key: params_of[key] for key in other.params(name) if key in params_of})
            for own, other, params_of in ((old, new, elsewhere[0]), (new, old, elsewhere[1]))
        )
        for key in differing(before, after):
            params.setdefault(key, Param(key, before.get(key), after.get(key)))
        for path in differing(old.hashes(name), new.hashes(name)):
            if path != PARAMS_FILE and not path.startswith(_WRITTEN):
                code[path].append(name)
    return Causes(
        [params[key] for key in sorted(params)],
        {path: code[path] for path in sorted(code) if path not in {*old.tables, *new.tables, _REQUIREMENTS}},
        [path for path, md5 in sorted(new.tables.items()) if path in code and md5 not in old.tables.values()],
        _packages(old, new) if _REQUIREMENTS in code else [],
    )


def _packages(old: Results, new: Results) -> list[str]:
    before, after = ((side.snapshot.text(_REQUIREMENTS) or "").splitlines() for side in (old, new))
    gone = [f"- {line}" for line in before if line.strip() and line not in after]
    return gone + [f"+ {line}" for line in after if line.strip() and line not in before]
