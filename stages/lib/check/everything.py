"""Makes the checks of all stages, and goes on after a problem with what does not depend on it."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from stages.lib.adopt import on_copies
from stages.lib.check.conflicts import find_conflicts, what_to_do
from stages.lib.check.dvc_files import broken_files
from stages.lib.check.dvc_keys import PIPELINE, missing_keys
from stages.lib.check.grouping import Problem
from stages.lib.check.last_batch import check_last_batch
from stages.lib.check.plan import Plan, make_plan
from stages.lib.check.trial import few_rows, rows_like, seconds_a_step
from stages.lib.common import UserError, place_of
from stages.lib.config import PARAMS_FILE, Params, Prepare, read_content, read_params
from stages.lib.data import Dataset, load_dataset
from stages.lib.data.alike import on_twins
from stages.lib.engine import TrainTest
from stages.lib.fetch import ensure_file, is_in_place
from stages.lib.model import (
    Candidates,
    build_estimator,
    check_candidates,
    check_hold_out,
    resolve_experiment,
    rows,
    target,
)
from stages.lib.scores.fresh import drawn_anew
from stages.lib.scores.scorer import RecordingScorer, make_scorer
from stages.lib.search import check_trial, checked_splits

T = TypeVar("T")

# The places that the table and the nets can't be checked without.
_OF_THE_TABLE = ("data", "cv")
_OF_THE_NETS = ("prepare", "model.class_weight", "model.optimizer__lr")


@dataclass
class Findings:
    """What a check has found.

    Parameters
    ----------
    problems : list of Problem
    notes : list of str
        What was left out, and why; what makes scores too high.
    plans : list of Plan
        What each search will take; of those that were built.
    n_rows : int or None
    """

    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)
    n_rows: int | None = None

    def of(self, function: Callable[..., T], *args: Any, experiment: str | None = None) -> T | None:
        """Return what a function returns; if it raises a `UserError`, keep its problems and return None."""
        try:
            return function(*args)
        except UserError as error:
            self.problems += [Problem(str(sentence), experiment) for sentence in error.args]
            return None


@dataclass(frozen=True)
class _Table:
    """The data, its splits, and what scores a net on them."""

    data: Dataset
    splits: list[TrainTest]
    scorer: RecordingScorer


def check() -> Findings:
    """Check params.yaml, the CSV, and the first net of each experiment, as the stages do."""
    found = Findings()
    in_conflict = find_conflicts()
    found.problems += map(Problem, (*what_to_do(in_conflict), *broken_files(in_conflict)))
    read = None if PARAMS_FILE in in_conflict else found.of(read_params)
    if read is None:
        return found
    params, problems = read
    found.problems += map(Problem, problems)
    if params is None:
        found.notes.append(f"the rest is checked once {PARAMS_FILE} is fixed")
        return found
    # What has a problem already gets no other one.
    places = list(map(place_of, problems))
    lacking = () if PIPELINE in in_conflict else missing_keys(read_content(), params)
    found.problems += [Problem(sentence) for key, sentence in lacking if key not in places]
    table = None if any(place.startswith(_OF_THE_TABLE) for place in places) else _check_table(params, found)
    for name in params.experiments:
        if not any(place.startswith(f"experiments.{name}.") for place in places):
            resolved = found.of(resolve_experiment, params, name, experiment=name)
            if resolved and not any(place.startswith(_OF_THE_NETS) for place in places):
                _check_nets(params, name, table, *resolved, found)
    return found


def _check_table(params: Params, found: Findings) -> _Table | None:
    spec, cv, classify = params.data, params.cv, params.model.classifies
    scorer = found.of(make_scorer, cv.scoring, cv.also_score)
    in_place = found.of(is_in_place, spec)
    if not in_place:
        if in_place is not None:
            found.notes.append(f"{spec.path} is not here yet; `dvc repro fetch` gets it. Training is tried then")
        return None
    if found.of(ensure_file, params) is None:
        return None
    data = found.of(load_dataset, spec, classify, params.seed, cv.groups, cv.order)
    if data is None:
        return None
    found.n_rows = len(data.y)
    found.notes += filter(None, [on_copies(data, spec.path), on_twins(data.classes)])
    splits = found.of(checked_splits, data, cv, params.seed, classify)
    anew = drawn_anew(params)
    if splits is None or scorer is None or found.of(checked_splits, data, anew.cv, anew.seed, classify) is None:
        return None
    return _Table(data, splits, scorer)


def _check_nets(
    params: Params, name: str, table: _Table | None, settings: dict[str, Any], candidates: Candidates, found: Findings
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the searches will tell
        if table is None:  # The nets can be built without the rows.
            unweighted = settings | {"class_weight": None}
            found.of(check_candidates, name, unweighted, candidates, rows_like(params), Prepare(), experiment=name)
            return
        plan = found.of(_try, params, name, table, settings, candidates, experiment=name)
    found.plans += [plan] if plan else []


def _try(params: Params, name: str, table: _Table, settings: dict[str, Any], candidates: Candidates) -> Plan:
    """Build the nets of an experiment and train one for an epoch, as its search does first, on some of the rows."""
    data, splits = table.data, table.splits
    check_candidates(name, settings, candidates, data, params.prepare)
    check_hold_out(params, name, settings, candidates, data, splits)
    estimator = build_estimator(settings, data, params.prepare, candidates[0])
    X, y = rows(data, estimator), target(data.y, settings["wrapper"], settings["criterion"])
    few = few_rows(splits[0], data)
    check_trial(estimator, X, y, few, table.scorer)
    check_last_batch(params, name, settings, candidates, data, splits)
    step = seconds_a_step(estimator, X, y, few[0])
    return make_plan(params, name, settings, candidates, data, splits, step)
