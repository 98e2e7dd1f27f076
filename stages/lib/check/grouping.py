"""Groups problems that are alike, so that each key has one line."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from stages.lib.config import PARAMS_FILE

# A key in params.yaml, one of its values, and what differs between sentences on several values: numbers, quoted words,
# the names of classes and experiments.
_VALUE = re.compile(rf"({PARAMS_FILE}: [\w.-]+\w)((?:\[\d+\])?\W.*)", re.DOTALL)
_DIFFERS = re.compile(r"experiments\.\w+|\[\d+\]|; did you mean.*|'[^']*'|-?\b[\w.+-]*\d[\w.+-]*|\b[A-Z]\w+")


class Problem(NamedTuple):
    """A sentence, and the experiment whose check it comes from, if it is one's."""

    sentence: str
    experiment: str | None = None


def grouped(problems: Iterable[Problem]) -> list[str]:
    """Return the sentences of problems, each once, and one for all values of a list that have the same problem.

    A sentence that names no place in params.yaml gets the experiments that it was found in.
    """
    found: dict[str, list[str]] = {}
    for sentence, experiment in problems:
        found.setdefault(sentence, [])
        if experiment and not sentence.startswith(PARAMS_FILE):
            found[sentence].append(experiment)
    alike: dict[tuple[str, ...], list[str]] = {}
    for sentence, experiments in found.items():
        told = _of(experiments) + sentence
        value = _VALUE.fullmatch(told)
        key = (value[1], _DIFFERS.sub("", value[2])) if value else (told,)
        alike.setdefault(key, []).append(told)
    return [first + _more(len(others)) for first, *others in alike.values()]


def _of(experiments: list[str]) -> str:
    if not experiments:
        return ""
    first, *others = experiments
    return f"{PARAMS_FILE}: experiments.{first}" + (f" and {len(others)} more" if others else "") + ": "


def _more(n: int) -> str:
    return f" ({n} more such value{'s' * (n > 1)})" if n else ""
