"""Makes the checks of all stages, and goes on after a problem with what does not depend on it."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from stages.lib.adopt import on_copies
from stages.lib.common import PARAMS_FILE, Problem, UserError
from stages.lib.config import Params, Prepare, params_and_problems, read_content
from stages.lib.doctor import before_dvc
from stages.lib.doctor.plan import Plan, make_plan
from stages.lib.doctor.trial import few_rows, rows_like, seconds_a_step
from stages.lib.experiment import Opened, Table, check_experiment
from stages.lib.experiment.candidates import check_candidates
from stages.lib.fetch import ensure_file, what_is_wrong
from stages.lib.model import Candidates, resolve_experiment
from stages.lib.scores.scorer import make_scorer
from stages.lib.scores.splits import read_table

T = TypeVar("T")

# The places that the table and the nets can't be checked without.
_OF_THE_TABLE = ("data", "cv")
_OF_THE_NETS = ("prepare", "model.class_weight", "model.optimizer__lr")


@dataclass
class Findings:
    """What a check has found.

    Problems come with the experiment whose check has found them, or "". Notes say what was left out, and why, and what
    makes scores too high. Plans are of the searches that were built.
    """

    problems: list[tuple[Problem, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)
    n_rows: int | None = None

    def of(self, function: Callable[..., T], *args: Any, experiment: str = "") -> T | None:
        """Return what a function returns; if it raises a `UserError`, keep its problems and return None."""
        try:
            return function(*args)
        except UserError as error:
            self.problems += [(problem, experiment) for problem in error.problems]
        except OSError as error:
            self.problems.append((Problem(f"can't be used: {error.strerror}", "", str(error.filename)), experiment))
        return None


def check() -> Findings:
    """Check params.yaml, the CSV, and the first net of each experiment, as the stages do."""
    problems = [*before_dvc.no_repository(), *before_dvc.broken_files()]
    findings = Findings([(problem, "") for problem in problems], [*before_dvc.git_says_nothing()])
    content = findings.of(read_content)
    if content is None:
        return findings
    params, problems = params_and_problems(content)
    findings.problems += [(problem, "") for problem in problems]
    if params is None:
        findings.notes.append(f"the rest is checked once {PARAMS_FILE} is fixed")
        return findings
    # What has a problem already gets no other one.
    places = [problem.key for problem in problems]
    lacking = before_dvc.missing_keys(content, params)
    findings.problems += [(problem, "") for problem in lacking if problem.key not in places]

    def is_fine(*beginnings: str) -> bool:
        return not any(place.startswith(beginnings) for place in places)

    table = _check_table(params, findings) if is_fine(*_OF_THE_TABLE) else None
    for name in filter(lambda name: is_fine(f"experiments.{name}."), params.experiments):
        resolved = findings.of(resolve_experiment, params, name, experiment=name)
        if resolved and is_fine(*_OF_THE_NETS):
            _check_nets(params, name, table, *resolved, findings)
    return findings


def _check_table(params: Params, findings: Findings) -> Table | None:
    spec, cv = params.data, params.cv
    scorer = findings.of(make_scorer, cv.scoring, cv.also_score)
    problem = findings.of(what_is_wrong, spec)
    if problem:
        gets = "replaces it by" if Path(spec.path).exists() else "gets"
        findings.notes.append(
            f"{spec.path} {problem}; `dvc repro fetch` {gets} the file at data.url. Run `make check` again after that, "
            "because it tries the training then"
        )
    is_here = problem == "" and findings.of(ensure_file, params) is not None
    table = findings.of(read_table, params) if is_here else None
    if table is None:
        return None
    findings.n_rows = len(table.data.y)
    findings.notes += filter(None, [on_copies(table.data, spec.path)])
    drawn = findings.of(lambda: (table.splits, table.fresh.splits))
    return table if drawn and scorer else None


def _check_nets(
    params: Params, name: str, table: Table | None, settings: dict[str, Any], candidates: Candidates, findings: Findings
) -> None:
    with warnings.catch_warnings(action="ignore"):  # the searches will tell
        if table is None:  # The nets can be built without the rows.
            unprepared = params.model_copy(update={"prepare": Prepare()})
            stand_in = Table(unprepared, rows_like(params))
            opened = Opened(unprepared, name, settings | {"class_weight": None}, candidates, stand_in)
            findings.of(check_candidates, opened, experiment=name)
        elif plan := findings.of(_try, Opened(params, name, settings, candidates, table), experiment=name):
            findings.plans.append(plan)


def _try(experiment: Opened) -> Plan:
    """Try the nets of an experiment, as its search does first, on some of the rows, and estimate what it will take."""
    few = few_rows(experiment.splits[0], experiment.data)
    check_experiment(experiment, few)
    step = seconds_a_step(experiment.estimator, experiment.X, experiment.y, few[0])
    return make_plan(experiment, step)
