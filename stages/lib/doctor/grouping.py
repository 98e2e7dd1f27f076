"""Groups problems that are alike, so that each key has one line."""

import re
from collections.abc import Iterable
from dataclasses import replace

from stages.lib.common import PARAMS_FILE, Problem, first_of
from stages.lib.data.csv_text import more_such


def grouped(problems: Iterable[tuple[Problem, str]]) -> list[Problem]:
    """Return problems, each once, and one for all values of a key of params.yaml that have the same remedy.

    Each comes with the experiment whose check has found it, or "". A problem without a place gets its experiments.
    """
    homes: dict[Problem, list[str]] = {}
    for problem, experiment in problems:
        homes.setdefault(problem, []).extend(filter(None, [experiment]))
    alike: dict[object, list[Problem]] = {}
    for problem, experiments in homes.items():
        if experiments and not problem.file:
            key = f"experiments.{first_of(experiments, 1)}"
            problem = replace(problem, finding=f": {problem.finding}", file=PARAMS_FILE, key=key)
        is_value = problem.file == PARAMS_FILE and problem.key
        group = (re.sub(r"\[\d+\]", "", problem.key), problem.remedy) if is_value else problem
        alike.setdefault(group, []).append(problem)
    return [
        replace(first, alike=more_such(len(others), "value")) if others else first for first, *others in alike.values()
    ]
