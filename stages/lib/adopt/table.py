"""Reads a CSV of any kind: numbers where all cells are numbers, text elsewhere."""

from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from stages.lib.adopt.file_form import look_at
from stages.lib.common import UserError, did_you_mean
from stages.lib.data.csv_file import column_names
from stages.lib.data.csv_text import CsvText
from stages.lib.data.texts import MISSING, MISSING_AMONG_NUMBERS, Reading, as_category, numbers, read


@dataclass(frozen=True)
class Table:
    """The cells of a CSV, and how it is written; the `na_values` of `csv` are the cells that mean "missing".

    Columns of `frame` are of float64 or of stripped text, with NaN where a cell is missing. `labels` are the cells of
    the target as they are written, of which `1.00` is the number 1.
    """

    csv: CsvText
    frame: pd.DataFrame
    labels: pd.Series | None = None

    def line(self, rows: Any) -> int:
        """Return the line of the first row where a mask is true."""
        row = int(np.argmax(rows))
        return self.csv.rows([row])[row][0]


def read_table(path: str | Path, target: str | None = None) -> Table:
    """Find how a CSV is written, and read it.

    Labels of the target are not missing cells, even if they look like one, such as `-` beside `+`. Raises `UserError`
    if the lines have different numbers of cells, there are no rows, or there is no such target.
    """
    csv = look_at(path, target)
    _, first = next(csv.records())
    names = column_names(csv, [f"column_{i}" for i in range(1, len(first) + 1)])
    if target is not None and target not in names:
        hint = did_you_mean(target, names) or "."
        header = "" if csv.header else " Line 1 looks like a row; if it is a header, write names in it, not numbers."
        raise UserError(f"{path} has no column {target!r}{hint} It has: {', '.join(names)}.{header}")
    frame = csv.table(names, [] if target is None else [target])
    texts = {name: as_category(frame[name]) for name in names if isinstance(frame[name].dtype, pd.CategoricalDtype)}
    tokens = set(MISSING).intersection(chain(*(cells.cat.categories for cells in texts.values())))
    labels = set(texts[target].cat.categories if target else ())
    as_numbers = partial(numbers, decimal=csv.decimal)
    for name, cells in texts.items():
        if name != target and not (among := _among_numbers(read(cells, MISSING, as_numbers))) & labels:
            tokens |= among
    for name, cells in texts.items():
        reading = read(cells, tokens, as_numbers)
        all_numbers = reading.n_read == len(reading.cells.cat.categories) > 0
        frame[name] = reading.values if all_numbers else reading.cells.astype("str")
    na_values = tuple(cell for cell in (*MISSING, *MISSING_AMONG_NUMBERS) if cell in tokens)
    return Table(replace(csv, na_values=na_values), frame, texts[target] if target else None)


def _among_numbers(reading: Reading) -> set[str]:
    """Return the cells of a column of text that only mean that a number is missing."""
    tokens = {*reading.words}
    share = reading.cells.dropna().isin(tokens).mean()
    return tokens if share < 0.5 and tokens <= set(MISSING_AMONG_NUMBERS) else set()
