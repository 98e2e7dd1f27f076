"""Makes the checks of all stages, in their order: params.yaml, then the table and all names, then the nets."""

import math
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from stages.lib.check.memory import in_mib, too_little
from stages.lib.check.plan import START, Plan, few_rows, make_plan, seconds_a_step
from stages.lib.check.planner import ONE_BY_ONE, Planner, notes
from stages.lib.check.rest import baselines_seconds, evaluation_seconds
from stages.lib.common import PARAMS_FILE, Problem, UserError, in_params
from stages.lib.config import Params, load_params
from stages.lib.data.copies import on_copies
from stages.lib.engine import missing_kernel
from stages.lib.experiment import Folds, Opened, check_experiment
from stages.lib.fetch import ensure_file, what_is_wrong
from stages.lib.model import resolve_experiment
from stages.lib.repository.revisions import unmerged
from stages.lib.repository.staleness import is_result
from stages.lib.scores.scorer import make_scorer
from stages.lib.scores.splits import read_table
from stages.lib.scores.thresholds import check_costs
from stages.lib.search import check_kernel

T = TypeVar("T")


@dataclass
class Findings:
    """What a check has found; notes say what was left out, and why, and what makes scores too high.

    `rest` has the seconds of the stages that follow the searches, by their names.
    """

    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)
    rest: dict[str, float] = field(default_factory=dict)
    n_rows: int | None = None

    def of(
        self, function: Callable[..., T], *args: Any, experiment: str = ""
    ) -> T | None:
        """Return what a function returns; if it raises a `UserError`, keep the problems and return None."""
        try:
            return function(*args)
        except UserError as error:
            for problem in error.problems:
                if experiment and not problem.file:
                    problem = in_params(
                        f"experiments.{experiment}",
                        f": {problem.finding}",
                        problem.remedy,
                    )
                self.problems += [problem] if problem not in self.problems else []
        return None


def check() -> Findings:
    """Check params.yaml, the table, and the nets of each experiment on some of the rows, as the stages do."""
    findings = Findings([*_unmerged_results()])
    params = findings.of(load_params)
    if params is None:
        findings.notes.append(
            f"the table and the nets are checked once {PARAMS_FILE} is fixed"
        )
        return findings
    findings.of(check_kernel, params)
    start = time.process_time()
    table = _check_table(params, findings)
    reading = time.process_time() - start
    if table is None and findings.problems:
        findings.notes.append("the nets are checked once the table is there and fine")
    steps: dict[str, float] = {}
    stacked = params.engine == "lockstep"
    planner = Planner(params) if stacked and not missing_kernel() else None
    findings.notes += [] if stacked else [ONE_BY_ONE]
    for name in params.experiments:
        resolved = findings.of(resolve_experiment, params, name, experiment=name)
        if resolved and table:
            with warnings.catch_warnings(action="ignore"):  # the searches will tell
                opened = Opened(params, name, *resolved, table)
                tried = findings.of(
                    _try, opened, steps, reading, planner, experiment=name
                )
            if tried:
                findings.plans.append(tried[0])
                findings.notes += tried[1]
    _check_memory(params, findings)
    if table and findings.plans and not findings.problems:
        of_split = baselines_seconds(table)
        findings.rest["baselines"] = (
            START + reading + sum(of_split.values()) * len(table.fresh.splits)
        )
        findings.rest["evaluate"] = evaluation_seconds(
            table, findings.plans, of_split, reading
        )
    return findings


def _check_memory(params: Params, findings: Findings) -> None:
    """Note a search that takes more memory than it is meant to, and refuse one for which this machine has too little.

    The limit of params.yaml is what stacks of nets are cut to; it can't make the rows fewer.
    """
    plan, limit = (
        max(findings.plans, key=lambda plan: plan.n_bytes, default=None),
        params.runtime.max_memory_mb,
    )
    if plan is None or params.runtime.backend == "dask":
        return
    if problem := too_little(plan.n_bytes, plan.name):
        findings.problems.append(problem)
    elif limit and plan.n_bytes > limit * 2**20:
        findings.notes.append(
            f"{plan.name} takes about {in_mib(plan.n_bytes)} of memory. runtime.max_memory_mb limits what nets take "
            "beside the rows; to take less in all, lower data.sample or cv.n_splits."
        )


def _check_table(params: Params, findings: Findings) -> Folds | None:
    spec, cv = params.data, params.cv
    scorer = findings.of(make_scorer, cv.scoring, cv.also_score)
    problem = findings.of(what_is_wrong, spec)
    if problem:
        findings.notes.append(
            f"{spec.path} {problem}; run `python -m stages.fetch`, then `make check` again"
        )
    is_here = problem == "" and findings.of(ensure_file, params) is not None
    table = findings.of(read_table, params) if is_here else None
    if table is None:
        return None
    findings.n_rows = len(table.data.y)
    findings.of(check_costs, params, table.data)
    findings.notes += filter(None, [on_copies(table.data, spec.path)])
    drawn = findings.of(lambda: (table.splits, table.fresh.splits))
    return table if drawn and scorer else None


def _try(
    experiment: Opened, steps: dict[str, float], reading: float, planner: Planner | None
) -> tuple[Plan, list[str]]:
    """Try the nets of an experiment, as its search does first, estimate what it will take, and return notes on it.

    The trial of an epoch, and the measurement of a step, which nets need that skorch fits, are made once for all
    experiments whose settings differ in fractions alone, such as rates. `steps` has the seconds of a step by the other
    settings, and `reading` is what the table took to be read.
    """
    settings = experiment.params.settings(experiment.name).items()
    kind = repr(
        [
            {key: value for key, value in settings if not isinstance(value, float)},
            [*experiment.candidates[0]],
        ]
    )
    few = few_rows(experiment.splits[0], experiment.data)
    check_experiment(experiment, few, with_trial=kind not in steps)
    planned = planner.of(experiment) if planner else None
    by_skorch = (
        bool(planned.alone) if planned else experiment.params.engine == "one-by-one"
    )
    if math.isnan(steps.setdefault(kind, math.nan)) and by_skorch:
        steps[kind] = seconds_a_step(
            experiment.estimator, experiment.X, experiment.y, few[0]
        )
    plan = make_plan(experiment, planned, steps[kind], reading)
    return plan, notes(experiment.name, planned) if planned else []


def _unmerged_results() -> Iterator[Problem]:
    """Yield a problem of results that both sides of a merge have changed; .gitattributes lets them have no markers."""
    if results := list(filter(is_result, unmerged())):
        finding = ": both sides of a merge changed it" + (
            f", and {len(results) - 1} more" if len(results) > 1 else ""
        )
        yield Problem(
            finding, "Run `make merge`; docs/pull-requests.md says more.", results[0]
        )
