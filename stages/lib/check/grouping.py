"""Groups problems that are alike, so that each key has one line."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from stages.lib.common import first_of, place_of
from stages.lib.config import PARAMS_FILE
from stages.lib.data.csv_text import more_such

# What differs between sentences on several values of a key: numbers, quoted words, names of experiments and classes.
_DIFFERS = re.compile(r"experiments\.\w+|\[\d+\]|; did you mean.*|'[^']*'|-?\b[\w.+-]*\d[\w.+-]*|\b[A-Z]\w+", re.DOTALL)


class Problem(NamedTuple):
    """A sentence, and the experiment whose check it comes from, if it is one's."""

    sentence: str
    experiment: str | None = None


def grouped(problems: Iterable[Problem]) -> list[str]:
    """Return the sentences of problems, each once, and one for all values of a list that have the same problem.

    A sentence that names no place in params.yaml gets the experiments that it was found in.
    """
    homes: dict[str, list[str]] = {}
    for sentence, experiment in problems:
        homes.setdefault(sentence, []).extend(filter(None, [experiment]))
    alike: dict[str | tuple[str, str], list[str]] = {}
    for sentence, experiments in homes.items():
        if sentence.startswith(PARAMS_FILE):
            alike.setdefault((place_of(sentence), _DIFFERS.sub("", sentence)), []).append(sentence)
        else:
            alike[sentence] = [_of(experiments) + sentence]
    return [first + more_such(len(others), "value") for first, *others in alike.values()]


def _of(experiments: list[str]) -> str:
    return f"{PARAMS_FILE}: experiments.{first_of(experiments, 1)}: " if experiments else ""
