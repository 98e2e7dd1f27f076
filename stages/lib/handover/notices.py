"""What is to be told of rows that differ from those that a model was fitted on, over all pieces of a file."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pandas as pd

from stages.lib.data.dataset import never_seen
from stages.lib.data.rows import Rows
from stages.lib.handover.card import Card


@dataclass
class Notices:
    """By column, the categories that were never seen, and the numbers far outside: how many, and where the first is.

    `unseen` is what `Columns.as_array` fills.
    """

    card: Card
    unseen: dict[str, dict[str, None]] = field(default_factory=dict)
    far: dict[str, tuple[int, str]] = field(default_factory=dict)

    def look_at(self, rows: Rows, X: pd.DataFrame) -> None:
        """Take note of the numbers far outside of those in training, in a piece of a file and its rows."""
        found = self.card.far_outside(X)
        first = rows.rows({int(places[0]) for name, places in found.items() if name not in self.far})
        for name, places in found.items():
            count, where = self.far.get(name) or (0, f"{rows.unit} {first[int(places[0])][0]}")
            self.far[name] = count + len(places), where

    def sentences(self) -> Iterator[str]:
        """Yield a sentence on each column: first on categories, then on numbers."""
        for name, labels in self.unseen.items():
            yield never_seen(name, labels)
        for each in self.card.inputs:
            if each.range is not None and each.name in self.far:
                count, where = self.far[each.name]
                rows = f"{count:,} rows are" if count > 1 else "1 row is"
                trained = "what the model was trained on ({:g} to {:g})".format(*each.range)
                yield f"column {each.name}: {rows} far outside of {trained}: first in {where}"
