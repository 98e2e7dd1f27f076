"""Runs every stage of dvc.yaml from scratch, several at once, and writes dvc.lock once: `make repro`.

`dvc repro` runs one stage at a time, and reads and writes all of dvc.lock after each. Here, too, a stage is recorded by
what its files are when it ends; where another one fails, or after Ctrl-C, those that have ended are recorded.
"""

import os
from argparse import Namespace
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter
from pathlib import Path
from threading import Lock

from dvc.exceptions import DvcException
from dvc.repo import Repo, lock_repo
from dvc.repo.reproduce import get_active_graph, plan_repro
from dvc.stage import PipelineStage
from dvc.stage.run import cmd_run

from stages.lib.common import Arguments, UserError, run
from stages.lib.repository import PIPELINE
from stages.lib.results import files

ARGUMENTS = Arguments("stages.rerun", __doc__)
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
    Path(files.DRAWN.path).unlink(
        missing_ok=True
    )  # so that no chart is taken for drawn
    try:
        _rerun(arguments.jobs)
    except DvcException as error:
        raise UserError(
            f"DVC can't run the stages of {PIPELINE}: {error}. `dvc status` says more."
        ) from None


def _rerun(jobs: int) -> None:
    with Repo(_wait_for_lock=True) as repo:
        graph, stages = get_active_graph(repo.index.graph), repo.stage.collect(PIPELINE)
        ended: list[PipelineStage] = []
        try:
            _run_all(
                {stage: {*graph.successors(stage)} & {*stages} for stage in stages},
                jobs,
                ended,
            )
        finally:
            if ended:
                with lock_repo(repo):
                    recorded = sorted(
                        ended, key=plan_repro(graph).index
                    )  # the order of `dvc repro`
                    recorded[0].dvcfile.dump_stages(recorded, update_pipeline=False)


def _run_all(
    before: dict[PipelineStage, set[PipelineStage]],
    jobs: int,
    ended: list[PipelineStage],
) -> None:
    """Run each stage when those before it have ended; of those that may begin, the last of dvc.yaml goes first.

    Searches and baselines, which take long, stand there behind what they wait for.
    """
    order, turn = TopologicalSorter(before), Lock()
    order.prepare()
    ready, running = list[PipelineStage](), dict[Future[None], PipelineStage]()

    def run_one(stage: PipelineStage) -> None:
        if not stage.frozen:
            with turn, lock_repo(stage.repo):
                stage.remove_outs()  # but for those that persist
            cmd_run(stage)
        with turn, lock_repo(stage.repo):
            stage.save(run_cache=False)
            stage.commit()
            ended.append(stage)

    with ThreadPoolExecutor(jobs) as pool:
        while order.is_active():
            ready = sorted([*ready, *order.get_ready()], key=[*before].index)
            while ready and len(running) < jobs:
                stage = ready.pop()
                running[pool.submit(run_one, stage)] = stage
            for done in wait(running, return_when=FIRST_COMPLETED).done:
                stage = running.pop(done)
                if isinstance(error := done.exception(), DvcException):
                    raise UserError(
                        f"The stage {stage.addressing} failed, so none behind it ran: {error}."
                    ) from error
                done.result()
                order.done(stage)


if __name__ == "__main__":
    run(main, ARGUMENTS)
