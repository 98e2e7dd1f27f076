"""Runs every stage of dvc.yaml from scratch, several at once, and writes dvc.lock once.

`dvc repro` runs one stage at a time, and reads and writes all of dvc.lock after each. Here, too, a stage is recorded by
what its files are when it ends; where another one fails, or after Ctrl-C, those that have ended are recorded. With a
DVC that lacks what this calls, it is `dvc repro --force`.

Example: gridstage rerun 2
"""

import os
import sys
from argparse import Namespace
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter
from pathlib import Path
from pkgutil import resolve_name
from threading import Lock
from typing import TYPE_CHECKING

from dvc.exceptions import DvcException
from dvc.repo import Repo

from gridstage.common import Arguments, UserError, run
from gridstage.config import load_params
from gridstage.repository import PIPELINE
from gridstage.repository.dvc import dvc
from gridstage.results import files

if TYPE_CHECKING:
    from dvc.stage import PipelineStage

# What is called of DVC that it does not document; tried with DVC 3.67.
_PRIVATE = (
    "dvc.dvcfile:ProjectFile.dump_stages",
    "dvc.repo:Repo.index",
    "dvc.repo:lock_repo",
    "dvc.repo.reproduce:get_active_graph",
    "dvc.repo.reproduce:plan_repro",
    "dvc.repo.stage:StageLoad.collect",
    "dvc.stage:Stage.commit",
    "dvc.stage:Stage.dvcfile",
    "dvc.stage:Stage.remove_outs",
    "dvc.stage:Stage.save",
    "dvc.stage.run:cmd_run",
)

ARGUMENTS = Arguments("gridstage rerun", __doc__)
ARGUMENTS.add_argument(
    "jobs",
    metavar="JOBS",
    type=int,
    nargs="?",
    default=os.cpu_count() or 1,
    help="how many stages run at once",
)


def main(arguments: Namespace) -> None:
    if arguments.jobs < 1:
        ARGUMENTS.error("JOBS must be 1 or more")
    # The name of an experiment is a part of a command that DVC gives to the shell, so a bad one is refused before.
    load_params()
    # So that no chart is taken for drawn.
    Path(files.DRAWN.path).unlink(missing_ok=True)
    if lacking := _lacking():
        note = f"this DVC has no {lacking}, so stages run one after the other"
        print(f"note: {note}, by `dvc repro --force`", file=sys.stderr, flush=True)
        if dvc("repro", "--force", shown=True).returncode:
            raise UserError("`dvc repro --force` failed; what it says is above.")
        return
    try:
        _rerun(arguments.jobs)
    except DvcException as error:
        raise UserError(
            f"DVC can't run the stages of {PIPELINE}: {error}. `dvc status` says more."
        ) from None


def _lacking() -> str:
    """Return what DVC lacks of what is called here; empty if it has all."""
    for name in _PRIVATE:
        try:
            resolve_name(name)
        except (ImportError, AttributeError):
            return name.replace(":", ".")
    return ""


def _rerun(jobs: int) -> None:
    from dvc.repo import lock_repo
    from dvc.repo.reproduce import get_active_graph, plan_repro

    with Repo(_wait_for_lock=True) as repo:
        graph, stages = get_active_graph(repo.index.graph), repo.stage.collect(PIPELINE)
        before = {stage: {*graph.successors(stage)} & {*stages} for stage in stages}
        ended: list[PipelineStage] = []
        try:
            _run_all(before, jobs, ended)
        finally:
            # In the order of `dvc repro`.
            recorded = sorted(ended, key=plan_repro(graph).index)
            if recorded:
                with lock_repo(repo):
                    recorded[0].dvcfile.dump_stages(recorded, update_pipeline=False)


def _run_all(
    before: "dict[PipelineStage, set[PipelineStage]]",
    jobs: int,
    ended: "list[PipelineStage]",
) -> None:
    """Run each stage when those before it have ended; of those that may begin, the last of dvc.yaml goes first.

    Searches and baselines, which take long, stand there behind what they wait for.
    """
    order, turn = TopologicalSorter(before), Lock()
    order.prepare()
    ready: list[PipelineStage] = []
    running: dict[Future[None], PipelineStage] = {}
    with ThreadPoolExecutor(jobs) as pool:
        while order.is_active():
            ready = sorted([*ready, *order.get_ready()], key=[*before].index)
            while ready and len(running) < jobs:
                stage = ready.pop()
                running[pool.submit(_run_one, stage, turn, ended)] = stage
            for done in wait(running, return_when=FIRST_COMPLETED).done:
                stage = running.pop(done)
                if isinstance(error := done.exception(), DvcException):
                    raise UserError(
                        f"The stage {stage.addressing} failed, so none behind it ran: {error}."
                    ) from error
                done.result()
                order.done(stage)


def _run_one(stage: "PipelineStage", turn: Lock, ended: "list[PipelineStage]") -> None:
    """Run a stage, and add it to those that have ended; DVC's own part waits for its turn."""
    from dvc.repo import lock_repo
    from dvc.stage.run import cmd_run

    if not stage.frozen:
        with turn, lock_repo(stage.repo):
            stage.remove_outs()  # but for those that persist
        cmd_run(stage)
    with turn, lock_repo(stage.repo):
        stage.save(run_cache=False)
        stage.commit()
        ended.append(stage)


if __name__ == "__main__":
    run(main, ARGUMENTS)
