"""Whether the results of a commit are those of its code, data and params, by the hashes of dvc.lock."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from stages.lib.changes.results import Results, differing, flat
from stages.lib.changes.revisions import unmerged
from stages.lib.common import first_of
from stages.lib.config import PARAMS_FILE
from stages.lib.pipeline import LOCK

# What stages write, and other stages read.
METRICS = "metrics/"
WRITTEN = (METRICS, "models/")
# The most names of a kind that a sentence lists.
_MOST = 3


def is_result(path: str) -> bool:
    """Whether stages write a file, or DVC with them."""
    return path == LOCK or path.startswith(WRITTEN)


class Stale(NamedTuple):
    """What is not as it was when the stages ran; all lists are sorted, and empty where all is as it was.

    Attributes
    ----------
    code, data : list of str
        Files and folders; `data` are the CSV files that params name.
    params : list of str
        Keys such as `cv.n_repeats`.
    stages : list of str
        Stages that have never run, and those that have not run since a stage before them did.
    edited : list of str
        Outputs that are not what their stages wrote, and metrics that are gone.
    """

    code: list[str]
    data: list[str]
    params: list[str]
    stages: list[str]
    edited: list[str]


def staleness(side: Results) -> Stale:
    """Compare what dvc.lock says of each stage with the params, files and outputs of the same commit.

    Nothing is said of a file whose content git does not have, of data and models that are not committed, and of a
    commit without dvc.lock. A comment in params.yaml changes no result.
    """
    read = {(stage, path): md5 for stage in side.stages for path, md5 in side.hashes(stage).items()}
    written = {path: md5 for stage in side.stages for path, md5 in side.outputs(stage).items()}
    there = side.snapshot.tree.hashes({path for _, path in read} | {*written})

    def differs(path: str, md5: str) -> bool:
        return there.get(path, "") not in (md5, None)

    edited = {path for path, md5 in written.items() if path in there and differs(path, md5)} - {*side.tables}
    edited |= {path for path in written if path not in there and path.startswith(METRICS)}
    data = {path for path, md5 in side.tables.items() if path in there and differs(path, md5)}
    code = {path for (_, path), md5 in read.items() if not path.startswith(WRITTEN) and differs(path, md5)}
    waiting = {
        stage
        for (stage, path), md5 in read.items()
        if path.startswith(WRITTEN) and path in there and differs(path, md5)
        if not any(overlap(path, output) for output in edited)
    }
    never_run = {*side.pipeline.names} - {*side.stages} if side.pipeline and side.stages else set()
    params = {key for stage in side.stages for key in edited_params(side, stage, side.settings)}
    code -= {*side.tables, PARAMS_FILE}
    return Stale(sorted(code), sorted(data), sorted(params), sorted(waiting | never_run), sorted(edited))


def overlap(one: str, other: str) -> bool:
    """Whether two paths are the same, or one is a folder with the other in it."""
    return f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")


def edited_params(side: Results, stage: str, settings: dict[str, Any] | None) -> list[str]:
    """Return the params of a stage that have other values in a params.yaml, given its content; none if that is None."""
    if settings is None:
        return []
    recorded = side.stages[stage].get("params", {}).get(PARAMS_FILE, {})
    begins = tuple(f"{section}." for section in recorded)  # such as `data.columns`
    there = {key: value for key, value in flat(settings).items() if f"{key}.".startswith(begins)}
    return differing(side.params(stage), there)


def stale_in_words(*sides: Results) -> Iterator[str]:
    """Yield what was not rerun, and which outputs were edited, a sentence each; none where all is as it was."""
    for side in sides:
        name, is_commit = side.snapshot.name, side.snapshot.commit is not None
        if not is_commit and (files := unmerged()):  # what its results are from is not settled
            yield f"A merge is not done: both sides changed {first_of(files, _MOST)}; run `make merge`."
            continue
        stale, run = staleness(side), "run `dvc repro` there, and commit" if is_commit else "run `dvc repro`"
        lists = {"code": stale.code, "data": stale.data, PARAMS_FILE: stale.params, "stages": stale.stages}
        if changed := [f"{first_of(paths, _MOST)} ({kind})" for kind, paths in lists.items() if paths]:
            yield f"Not rerun in {name}: {'; '.join(changed)}; {run}."
        if stale.edited:
            how = "Edited or deleted since their stages wrote them"
            how += ", or not committed with dvc.lock" if is_commit else ""
            yield f"{how}, in {name}: {first_of(stale.edited, _MOST)}; {run}."
