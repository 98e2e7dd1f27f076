"""What the results of two commits are from, by dvc.lock: what differs, and what is stale."""

import hashlib
import json
from collections import ChainMap, defaultdict
from pathlib import Path
from typing import Any, NamedTuple

from stages.lib.changes.results import EVALUATE, Results, differing, flat
from stages.lib.config import yaml12

_PARAMS_FILE, _REQUIREMENTS = "params.yaml", "requirements.txt"
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
    shared = sorted({*old.stages} & {*new.stages})
    before, after = (ChainMap(*map(side.params, reversed(shared))) for side in (old, new))
    hashes = [ChainMap(*map(side.hashes, reversed(shared))) for side in (old, new)]
    code: dict[str, list[str]] = defaultdict(list)
    for name in shared:
        for path in differing(old.hashes(name), new.hashes(name)):
            if path != _PARAMS_FILE and not path.startswith(_WRITTEN):
                code[path].append(name)
    paths = [str(side.get("data.path")) for side in (before, after)]
    # A file of another name may have the same bytes; the param says so already.
    data = [paths[1]] if {*paths} & {*code} and hashes[0].get(paths[0]) != hashes[1].get(paths[1]) else []
    return Causes(
        [Param(key, before.get(key), after.get(key)) for key in differing(before, after)],
        {path: code[path] for path in sorted(code) if path not in (*paths, _REQUIREMENTS)},
        data,
        _packages(old, new) if _REQUIREMENTS in code else [],
    )


def _packages(old: Results, new: Results) -> list[str]:
    before, after = ((side.snapshot.text(_REQUIREMENTS) or "").splitlines() for side in (old, new))
    gone = [f"- {line}" for line in before if line.strip() and line not in after]
    return gone + [f"+ {line}" for line in after if line.strip() and line not in before]


def stale_params(side: Results) -> list[str]:
    """Return the keys whose values in params.yaml are not those that the evaluation was run with, sorted.

    Code and data are not looked at: `dvc status` takes seconds for them, and knows only of the working tree. The list
    is empty as well if there is no params.yaml that can be read, or no evaluation in dvc.lock.
    """
    try:
        content = yaml12.load(side.snapshot.text(_PARAMS_FILE) or "")
    except yaml12.NotYAMLError:
        return []
    if not isinstance(content, dict):
        return []
    sections = side.stages.get(EVALUATE, {}).get("params", {}).get(_PARAMS_FILE, {})  # such as `data.columns`
    read = tuple(f"{section}." for section in sections)
    return differing(side.evaluated, {key: each for key, each in flat(content).items() if f"{key}.".startswith(read)})


def edited_results(side: Results) -> list[str]:
    """Return the results in the working tree, sorted, that are not what their stages wrote; of a commit, none."""
    if side.snapshot.commit is not None:
        return []
    outputs = {each["path"]: each.get("md5") for stage in side.stages.values() for each in stage.get("outs", [])}
    there = {path: md5 for path, md5 in outputs.items() if path.startswith("metrics/") and Path(path).exists()}
    return sorted(path for path, md5 in there.items() if _md5(Path(path)) != md5)


def _md5(path: Path) -> str:
    """Return the hash that dvc.lock has of a file, or of a folder: that of the list of its files, as JSON."""
    if path.is_file():
        return hashlib.md5(path.read_bytes()).hexdigest()
    # DVC ignores what an interrupted write leaves.
    files = (file for file in path.rglob("*") if file.is_file() and file.suffix != ".tmp")
    names = sorted(file.relative_to(path).as_posix() for file in files)
    listing = json.dumps([{"md5": _md5(path / name), "relpath": name} for name in names])
    return f"{hashlib.md5(listing.encode()).hexdigest()}.dir"
