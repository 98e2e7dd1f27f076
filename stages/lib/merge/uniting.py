"""Unites the results of both sides of a merge, stage by stage, and the page whose blocks are made of them."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

from dvc.utils.serialize import dumps_yaml

from stages.lib.common import write_text
from stages.lib.config.yaml12 import conflict_line
from stages.lib.repository import LOCK, FolderTree
from stages.lib.repository.git import git
from stages.lib.repository.recorded import Recorded
from stages.lib.repository.staleness import WRITTEN, edited_params, overlap

# A block that `make docs` fills: the line that begins it, and the one that ends it.
_BLOCK = re.compile(
    r"^(<!-- make docs: (?!end -->).*-->\n)(?:.*\n)*?(?=<!-- make docs: end -->)",
    re.MULTILINE,
)


class United(NamedTuple):
    """Where the results of each stage are from, in an order in which stages can run.

    `taken` has the side that each stage was taken from, by its name; `lacking` are the stages that no side has with the
    merged files, and those behind them.
    """

    taken: dict[str, Recorded]
    lacking: list[str]


def unite(here: Recorded, sides: Sequence[Recorded]) -> United:
    """Write a dvc.lock with each stage of the first side whose results are those of the merged files, and its outputs.

    A stage is taken from a side if its params, and the hashes of all that it read, are those of the working tree,
    `here`, and if that side has its outputs as they were written. The stages that wrote what it read come before it.
    Raises `UserError` if a side has a dvc.lock that DVC has not written.
    """
    united = United({}, [])
    before = _before(here, sides)
    for stage in TopologicalSorter(before).static_order():
        if {*before[stage]} & {*united.lacking}:
            united.lacking.append(stage)
            continue
        candidates = (
            side for side in sides if stage in side.stages and _is_of(here, side, stage)
        )
        taken = next((side for side in candidates if _put_in_place(side, stage)), None)
        if taken is None:
            united.lacking.append(stage)
            continue
        united.taken[stage] = taken
    # In the order of the first side, so that what did not change stays where it is.
    order = dict.fromkeys(
        stage for side in sides for stage in side.stages if stage in united.taken
    )
    if order:
        stages = {stage: united.taken[stage].stages[stage] for stage in order}
        write_text(LOCK, dumps_yaml({"schema": "2.0", "stages": stages}))
    else:
        Path(LOCK).unlink(missing_ok=True)
    return united


def in_words(united: United) -> Iterator[str]:
    """Yield which stages were taken from where, and which are to be run, a line each."""
    groups: dict[str, list[str]] = defaultdict(list)
    for stage, side in united.taken.items():
        groups[f"from {side.snapshot.title}"].append(stage)
    groups["to be run, because neither side ran them with what is merged"] = (
        united.lacking
    )
    for where, stages in groups.items():
        if stages:
            yield f"{where}: {', '.join(stages)}"


def _before(here: Recorded, sides: Sequence[Recorded]) -> dict[str, list[str]]:
    """Return for each stage of the merged dvc.yaml those that write what it reads, on any side, both sorted."""
    pipeline = here.pipeline
    recorded = {
        stage
        for side in sides
        for stage in side.stages
        if pipeline and pipeline.has(stage)
    }
    stages = sorted(recorded | (pipeline.names if pipeline else set()))
    writers = {
        path: stage
        for side in sides
        for stage in stages
        for path in side.outputs(stage)
    }
    reads = {
        stage: {path for side in sides for path in side.hashes(stage)}
        for stage in stages
    }
    before = {
        stage: {
            writer
            for path, writer in writers.items()
            if any(overlap(path, each) for each in reads[stage])
        }
        for stage in stages
    }
    return {stage: sorted(found - {stage}) for stage, found in before.items()}


def _is_of(here: Recorded, side: Recorded, stage: str) -> bool:
    """Whether a stage has run, on a side, with the params and files that the working tree has now."""
    read = side.hashes(stage)
    results = {path for path in read if path.startswith(WRITTEN)}
    # Results are put in place while stages are looked at, so their hashes are taken anew.
    there = here.snapshot.tree.hashes({*read} - results) | FolderTree().hashes(results)
    return all(
        there.get(path) == md5 for path, md5 in read.items()
    ) and not edited_params(side, stage, here.settings)


def _put_in_place(side: Recorded, stage: str) -> bool:
    """Restore the outputs of a stage from a side where the working tree has others; False if the side lacks them."""
    written = side.outputs(stage)
    there = FolderTree().hashes(written)
    lacking = [path for path, md5 in written.items() if there.get(path) != md5]
    of_side = side.snapshot.tree.hashes(lacking) if side.snapshot.commit else {}
    if any(
        not path.startswith(WRITTEN) or of_side.get(path) != written[path]
        for path in lacking
    ):
        return False
    if lacking:
        git(
            "restore",
            "--source",
            str(side.snapshot.commit),
            "--staged",
            "--worktree",
            "--",
            *lacking,
        )
    return True


def merged_page(path: str) -> str | None:
    """Return the text of a page that both sides of a merge have changed, its blocks empty; None if people must merge.

    A page without conflict markers is merged already, and is returned as it is.
    """
    # One side has deleted the page, or both have made it. Without entries, it was added to the index since.
    sides = git("ls-files", "--unmerged", "--", path).splitlines()
    if not Path(path).is_file() or 0 < len(sides) < 3:
        return None
    text = Path(path).read_text(encoding="utf-8")
    if conflict_line(text.encode()):
        text = _BLOCK.sub(r"\1", text)
    return None if conflict_line(text.encode()) else text
