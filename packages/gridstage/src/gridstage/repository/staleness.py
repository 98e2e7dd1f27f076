"""Whether the results of a commit are those of its code, data and params, by the hashes of dvc.lock."""

import json
from collections.abc import Iterator
from typing import NamedTuple

from gridstage.common import UserError, first_of
from gridstage.config import PARAMS_FILE
from gridstage.repository.dvc import dvc
from gridstage.repository.pipeline import LOCK, PIPELINE, flat
from gridstage.repository.recorded import LockedResults, differing

# What stages write, and other stages read.
METRICS = "metrics/"
WRITTEN = (METRICS, "models/", "large/")
# The most names that a sentence lists.
_MOST = 5


def is_result(path: str) -> bool:
    """Whether stages write a file, or DVC with them."""
    return path == LOCK or path.startswith(WRITTEN)


class Stale(NamedTuple):
    """What is not as it was when the stages ran, empty where all is as it was.

    `changed` are files and folders, params such as `cv.n_repeats`, and stages that have never run, or not since a stage
    before them did; `edited` are outputs that are not what their stages wrote, and metrics that are gone.
    """

    changed: list[str]
    edited: list[str]


def staleness(side: LockedResults) -> Stale:
    """Compare what dvc.lock says of each stage with the params, files and outputs of the same commit.

    Nothing is said of a file whose content git does not have, of data and models that are not committed, and of a
    commit without dvc.lock. A comment in params.yaml changes no result, though DVC runs a stage that reads the whole
    file again.
    """
    read: list[tuple[str, str, str]] = []
    written: dict[str, str] = {}
    for stage in side.stages:
        read += [(stage, *each) for each in side.hashes(stage).items()]
        written |= side.outputs(stage)
    there = side.snapshot.tree.hashes({path for _, path, _ in read} | {*written})

    def differs(path: str, md5: str) -> bool:
        return there.get(path, "") not in (md5, None)

    edited = set()
    for path, md5 in written.items():
        is_gone = path not in there and path.startswith(METRICS)
        is_other = path in there and differs(path, md5)
        if is_gone or (is_other and path not in side.tables):
            edited.add(path)
    inputs, stages, params = set(), set(), set()
    if side.stages and side.pipeline:
        stages |= {*side.pipeline.names} - {*side.stages}
    for stage, path, md5 in read:
        if path == PARAMS_FILE or not differs(path, md5):
            continue
        if not path.startswith(WRITTEN) and (path in there or path not in side.tables):
            inputs.add(path)
        elif path in there and not any(overlap(path, output) for output in edited):
            stages.add(stage)
    for stage in side.stages:
        params |= {*edited_params(side, stage)}
    return Stale([*sorted(inputs), *sorted(params), *sorted(stages)], sorted(edited))


def stale_stages(*stages: str) -> list[str]:
    """Return which of some stages, or of all, DVC would run again in the working directory, sorted."""
    done = dvc("status", "--json", *(stages or [PIPELINE]))
    if done.returncode:
        raise UserError(f"`dvc status` failed: {' '.join(done.stderr.split())}")
    return sorted(json.loads(done.stdout))


def overlap(one: str, other: str) -> bool:
    """Whether two paths are the same, or one is a folder with the other in it."""
    return f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")


def edited_params(side: LockedResults, stage: str) -> list[str]:
    """Return the params of a stage that have other values in params.yaml; none if that can't be read."""
    if side.settings is None:
        return []
    # Such as `data.columns`.
    sections = tuple(f"{section}." for section in side.recorded(stage))
    now = flat(side.settings).items()
    there = {key: value for key, value in now if f"{key}.".startswith(sections)}
    return differing(side.params(stage), there)


def stale_in_words(*sides: LockedResults) -> Iterator[str]:
    """Yield what was not rerun, and which outputs were edited, a sentence each; none where all is as it was."""
    for side in sides:
        name, is_commit = side.snapshot.name, side.snapshot.commit is not None
        stale, run = staleness(side), "run `dvc repro`"
        if is_commit:
            run += " there, and commit"
        if stale.changed:
            yield f"Not rerun in {name}: {first_of(stale.changed, _MOST)}; {run}."
        if stale.edited:
            how = "Edited or deleted since their stages wrote them"
            how += ", or not committed with dvc.lock" if is_commit else ""
            yield f"{how}, in {name}: {first_of(stale.edited, _MOST)}; {run}."
