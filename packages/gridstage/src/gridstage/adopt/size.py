"""Chooses the settings that follow from the size of a table, and says why.

The figures are those of a search that takes about a minute on one core.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from gridstage.adopt.columns import Taken
from gridstage.adopt.target import Target
from gridstage.told.tables import TextTable

# The rows of a batch, up to these numbers of rows, and above all of them.
_BATCHES, _LARGEST = {6_000: 64, 15_000: 128}, 256
# Rows that a net sees in all its passes, and the fewest and the most passes. Tables of 6,000 rows and more would still
# gain, for as much more time: on 6,259 prices of computers, r2 is 0.896 with 19 passes, 0.904 with 38, which are made,
# 0.908 with 60, and 0.911 with 100.
_SEEN = 240_000
_FEWEST_EPOCHS, _MOST_EPOCHS = 12, 120
# Above these numbers of rows, there is one repeat instead of two, there are three folds instead of five, and only so
# many of the rows are used.
_ONE_REPEAT, _THREE_FOLDS, _MOST_ROWS = 1_000, 2_000, 100_000
# Of more numbers, embeddings would take most of the time.
_MOST_EMBEDDED = 20


@dataclass(frozen=True)
class Sized:
    """The value of a setting, by its place in params.yaml, and why the size of the table asks for it."""

    place: str
    value: Any
    why: str


def sized(found: Target, columns: list[Taken]) -> list[Sized]:
    """Return the settings that follow from the numbers of rows and of columns, all that are chosen by them."""
    n_rows = len(found.y)
    n_numbers = sum(column.kind == "number" for column in columns)
    sample = min(1.0, float(f"{_MOST_ROWS / n_rows:.2g}"))
    n_used = min(n_rows, _MOST_ROWS)
    of_sample = f"all {n_rows:,} rows"
    if sample < 1:
        n_compared = round(sample * n_rows)
        of_sample = f"nets are compared on about {n_compared:,} of {n_rows:,} rows; what is saved is fitted on all"

    if found.classifies:
        fewest = min(found.counts)
        of_class = f"the smallest class has {fewest} rows"
    else:
        fewest = n_rows // 2
        of_class = f"there are {n_rows} rows"
    folds = 3 if n_rows > _THREE_FOLDS else 5
    n_splits = max(2, min(folds, fewest))
    of_folds = _beside(n_rows, _THREE_FOLDS) if n_splits == folds else of_class
    repeats = 1 if n_rows > _ONE_REPEAT else 2

    epochs = int(np.clip(_SEEN // n_used, _FEWEST_EPOCHS, _MOST_EPOCHS))
    passes = f"a net sees about {_SEEN:,} rows in all its passes"
    if epochs in (_FEWEST_EPOCHS, _MOST_EPOCHS):
        bound = "least" if epochs == _FEWEST_EPOCHS else "most"
        passes += f", and at {bound} {epochs} passes are made"
    fitting = (batch for most, batch in _BATCHES.items() if n_used <= most)
    of_batch = f"{n_used:,} rows are used: the more rows, the larger a batch"
    settings = [
        Sized("data.sample", sample, of_sample),
        Sized("cv.n_splits", n_splits, of_folds),
        Sized("cv.n_repeats", repeats, _beside(n_rows, _ONE_REPEAT)),
        Sized("model.max_epochs", epochs, passes),
        Sized("model.batch_size", next(fitting, _LARGEST), of_batch),
    ]
    if n_numbers > _MOST_EMBEDDED:
        why = f"{n_numbers} columns of numbers: to embed more than {_MOST_EMBEDDED} would take most of the time"
        settings.append(Sized("module__embedding", "none", why))
    return settings


def _beside(n_rows: int, limit: int) -> str:
    return f"{'more than' if n_rows > limit else 'at most'} {limit:,} rows"


def print_sized(settings: list[Sized]) -> None:
    """Print one row per setting: its value, and why."""
    rows = [(each.place, str(each.value), each.why) for each in settings]
    headings = ["set by size", "to", "why"]
    TextTable(headings, rows).show(left=headings)
