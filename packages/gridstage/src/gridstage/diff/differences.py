"""What the runs of two commits differ in, by dvc.lock; and whether their scores can be compared, in pairs or apart."""

from collections import ChainMap, defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple

from gridstage.common import format_value
from gridstage.config import PARAMS_FILE
from gridstage.diff.side import Side
from gridstage.repository.recorded import differing

# What a score is of; without the same, a difference has no unit or no meaning.
_OF_SCORES = ("data.target", "cv.scoring")
# What decides which rows a split tests.
_OF_SPLITS = (
    "seed",
    "data.sample",
    "data.header",
    "cv.splitter",
    "cv.groups",
    "cv.order",
    "cv.n_splits",
)
# What also decides the splits of a search; those of the evaluation are always shuffled.
_SHUFFLE = "cv.shuffle"

_REQUIREMENTS = "requirements.txt"
# What other stages have written is not a cause of its own.
_WRITTEN = ("metrics/", ".dvc/")


class Hindrances(NamedTuple):
    """Why scores can't be compared, and why they are not in pairs, such as `seed: 7 → 8`; empty if they are.

    `of_searches` says why those of the searches are not, though those on the fresh splits are.
    """

    refused: list[str]
    apart: list[str]
    of_searches: list[str]


def hindrances(old: Side, new: Side) -> Hindrances:
    """Return what keeps the scores of two commits from being compared, or from being compared in pairs.

    Packages and code do not: they are what a comparison is about. Nor does the number of repeats, because the splits
    of the first repeats are the same.
    """
    before, after = old.evaluated, new.evaluated

    def differing(*keys: str) -> list[str]:
        told = []
        for key in keys:
            one, two = before.get(key), after.get(key)
            if one != two:
                told.append(f"{key}: {format_value(one)} → {format_value(two)}")
        return told

    apart = differing(*_OF_SPLITS)
    if old.table_hash != new.table_hash:
        apart.insert(0, f"{after.get('data.path')} has other bytes")
    return Hindrances(differing(*_OF_SCORES), apart, differing(_SHUFFLE))


class Causes(NamedTuple):
    """What differs between the runs of two commits.

    `experiments` says which were added or removed. `params`, without those of these, have their key, and both
    values, None for one that is not there. `code` has the stages that depend on each path that differs, and
    `packages` lines of requirements.txt, `-` for those that are gone and `+` for new ones.
    """

    experiments: list[str]
    params: list[tuple[str, Any, Any]]
    code: dict[str, list[str]]
    data: list[str]
    packages: list[str]


def causes(old: Side, new: Side) -> Causes:
    """Return what the results of two commits differ in, by what dvc.lock says of the stages that both have."""
    code: dict[str, list[str]] = defaultdict(list)
    params: dict[str, tuple[str, Any, Any]] = {}
    old_params = ChainMap(*map(old.params, old.stages))
    new_params = ChainMap(*map(new.params, new.stages))
    for name in sorted({*old.stages} & {*new.stages}):
        before, after = old.params(name), new.params(name)
        for key in differing(before, after):
            # A stage that no longer reads a param, or newly does, has not changed it where another stage reads it.
            one = before.get(key, old_params.get(key))
            two = after.get(key, new_params.get(key))
            if one != two:
                params.setdefault(key, (key, one, two))
        for path in differing(old.hashes(name), new.hashes(name)):
            if path != PARAMS_FILE and not path.startswith(_WRITTEN):
                code[path].append(name)
    before, after = old.experiments, new.experiments
    said = tuple(f"experiments.{name}." for name in {*before} ^ {*after})
    params = {key: params[key] for key in params if not f"{key}.".startswith(said)}
    packages = _packages(old, new) if _REQUIREMENTS in code else []
    tables = [path for path in sorted(new.tables) if path in code]
    for path in (*old.tables, *new.tables, _REQUIREMENTS):
        code.pop(path, None)
    return Causes(
        _experiments(before, after),
        [params[key] for key in sorted(params)],
        {path: code[path] for path in sorted(code)},
        [path for path in tables if new.tables[path] not in old.tables.values()],
        packages,
    )


def _experiments(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    added = [name for name in after if name not in before]
    removed = [name for name in before if name not in after]
    told = [f"experiment {name} removed" for name in removed]
    return told + [f"experiment {name} added" for name in added]


def _packages(old: Side, new: Side) -> list[str]:
    before = (old.snapshot.text(_REQUIREMENTS) or "").splitlines()
    after = (new.snapshot.text(_REQUIREMENTS) or "").splitlines()
    gone = [f"- {line}" for line in before if line.strip() and line not in after]
    return gone + [f"+ {line}" for line in after if line.strip() and line not in before]
