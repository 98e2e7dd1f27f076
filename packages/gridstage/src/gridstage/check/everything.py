"""Makes the checks of all stages, in their order: params.yaml, then the table and all names, then the nets."""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from gridstage.check.plan import ONE_BY_ONE, Planner, in_a_line, notes
from gridstage.common import PARAMS_FILE, Problem, UserError, in_params
from gridstage.config import Params, load_params
from gridstage.data.aside.copies import on_copies
from gridstage.data.aside.lost import on_lost
from gridstage.engine import missing_kernel
from gridstage.experiment import Folds, Opened, check_experiment
from gridstage.fetch import ensure_file, what_is_wrong
from gridstage.model import resolve_experiment
from gridstage.project.pins import differing_packages
from gridstage.repository.revisions import unmerged
from gridstage.repository.staleness import is_result
from gridstage.scores.scorer import make_scorer
from gridstage.scores.splits import read_table
from gridstage.scores.thresholds import check_costs
from gridstage.search import check_kernel

T = TypeVar("T")


@dataclass
class Findings:
    """What a check has found; notes say what was left out, and why, and what makes scores too high.

    `searches` has a line for each search whose nets were tried.
    """

    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    searches: list[str] = field(default_factory=list)
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
                    place, finding = f"experiments.{experiment}", f": {problem.finding}"
                    problem = in_params(place, finding, problem.remedy)
                if problem not in self.problems:
                    self.problems.append(problem)
        return None


def check() -> Findings:
    """Check params.yaml, the table, and the nets of each experiment, as the stages do."""
    findings = Findings([*_unmerged_results()], differing_packages())
    params = findings.of(load_params)
    if params is None:
        findings.notes.append(
            f"the table and the nets are checked once {PARAMS_FILE} is fixed"
        )
        return findings
    findings.of(check_kernel, params)
    table = _check_table(params, findings)
    if table is None and findings.problems:
        findings.notes.append("the nets are checked once the table is there and fine")
    _check_experiments(params, table, findings)
    return findings


def _check_table(params: Params, findings: Findings) -> Folds | None:
    spec, cv = params.data, params.cv
    scorer = findings.of(make_scorer, cv.scoring, cv.also_score)
    problem = findings.of(what_is_wrong, spec)
    if problem:
        findings.notes.append(
            f"{spec.path} {problem}; run `python -m stages.fetch`, then `gridstage check` again"
        )
    is_here = problem == "" and findings.of(ensure_file, params) is not None
    table = findings.of(read_table, params) if is_here else None
    if table is None:
        return None
    findings.n_rows = len(table.data.y)
    findings.of(check_costs, params, table.data)
    roles = {cv.groups, cv.order}
    told = on_copies(table.data, spec.path), on_lost(spec, roles)
    findings.notes += filter(None, told)
    drawn = findings.of(lambda: (table.splits, table.fresh.splits))
    return table if drawn and scorer else None


def _check_experiments(params: Params, table: Folds | None, findings: Findings) -> None:
    """Check the names of each experiment and, with a table, its nets; add a line for each search."""
    planner = None
    if params.engine == "one-by-one":
        findings.notes.append(ONE_BY_ONE)
    elif not missing_kernel():
        planner = Planner(params)
    for name in params.experiments:
        resolved = findings.of(resolve_experiment, params, name, experiment=name)
        if resolved and table:
            opened = Opened(params, name, *resolved, table)
            findings.of(_try, opened, planner, findings, experiment=name)


def _try(experiment: Opened, planner: Planner | None, findings: Findings) -> None:
    """Try the nets of an experiment, as its search does first, and add its line, and notes on its nets."""
    with warnings.catch_warnings(action="ignore"):  # the searches will tell
        check_experiment(experiment)
        planned = planner.of(experiment) if planner else None
    if planned:
        findings.notes += notes(experiment.name, planned)
    findings.searches.append(in_a_line(experiment, planned))


def _unmerged_results() -> Iterator[Problem]:
    """Yield a problem of results that both sides of a merge have changed; .gitattributes lets them have no markers."""
    if results := list(filter(is_result, unmerged())):
        finding = ": both sides of a merge changed it" + (
            f", and {len(results) - 1} more" if len(results) > 1 else ""
        )
        yield Problem(
            finding,
            "Take those of one side by `git checkout HEAD -- dvc.lock metrics models`, and run `dvc repro`.",
            results[0],
        )
