"""What a summary looks like: a table of the candidates, and sentences on what they say."""

import math
import textwrap
from dataclasses import dataclass
from html import escape
from itertools import compress
from typing import Any

import numpy as np

from resampled.face.scores import Scores
from resampled.means.corrected import Corrected
from resampled.shown.plots import draw_means
from resampled.shown.written import written

# How many candidates are printed, the best first, and how many characters a line of a sentence has.
N_SHOWN, WIDTH = 20, 100
# The cells of a row.
_Row = tuple[str, ...]


@dataclass(frozen=True, repr=False, eq=False)
class Summary:
    """What a search says, as `summary` returns it; printed, a table and sentences, and so in a notebook.

    What is not known is NaN or None.

    Attributes
    ----------
    data : Scores
        The scores, with what is known of them.
    candidates : dict of arrays, each of shape (n_candidates,)
        In the order of the search: the settings, the `mean`, the ends `low` and `high` of its 95 % interval, whether a
        candidate `may_be_best`, `n_stuck`, and the probabilities that a candidate is `worse` than the best by more than
        the rope, `equal` or `better`.
    best, simplest : int
        The numbers of the best candidate, and of the simplest that may be the best.
    corrected : Corrected
        What `Scores.corrected` returns.
    hint : str
        Why the set may be no more than a hint, or "".

    Examples
    --------
    >>> import numpy as np
    >>> from resampled import summary
    >>> accuracies = np.random.default_rng(0).binomial(100, [[0.7], [0.8]], size=(2, 30)) / 100
    >>> said = summary(accuracies, n_folds=3, n_rows=300, metric="accuracy")
    >>> said.best, said.simplest
    (1, None)
    >>> said.candidates["may_be_best"]
    array([False,  True])
    """

    data: Scores
    candidates: dict[str, np.ndarray]
    best: int
    simplest: int | None
    corrected: Corrected | None
    hint: str

    def __repr__(self) -> str:
        """Return the table and the sentences."""
        columns = []
        for cells in zip(*self._rows(), strict=True):
            side = "<" if cells[0] in ("may be best", "settings") else ">"
            width = max(map(len, cells))
            columns.append([f"  {cell:{side}{width}}" for cell in cells])
        table = ["".join(row).rstrip() for row in zip(*columns, strict=True)]
        title, *said = [textwrap.fill(each, WIDTH) for each in self._sentences()]
        return "\n".join([title, "", *table, "", *said])

    def _repr_html_(self) -> str:
        headings, *rows = self._rows()
        table = [_html_row("th", headings)]
        table += [_html_row("td", row) for row in rows]
        title, *said = [f"<p>{escape(each)}</p>" for each in self._sentences()]
        return "".join([title, "<table>", *table, "</table>", *said])

    def __eq__(self, other: object) -> bool:
        """Return whether another summary says the same of the same scores."""
        if not isinstance(other, Summary):
            return NotImplemented
        return self._said() == other._said()

    def to_frame(self) -> Any:
        """Return `candidates` as a data frame of pandas.

        Returns
        -------
        DataFrame
            A row for each candidate, in the order of the search.

        Examples
        --------
        >>> import numpy as np
        >>> from resampled import summary
        >>> accuracies = np.random.default_rng(0).binomial(100, [[0.7], [0.8]], size=(2, 30)) / 100
        >>> said = summary(accuracies, n_folds=3, n_rows=300, metric="accuracy")
        >>> said.to_frame().query("may_be_best").index.tolist()
        [1]
        """
        from pandas import DataFrame  # nothing else needs it

        return DataFrame(self.candidates).rename_axis("candidate")

    def plot(self, ax: Any = None) -> Any:
        """Draw means, their intervals of 95 %, the set and the corrected score with matplotlib.

        Parameters
        ----------
        ax : matplotlib's Axes, optional
            Where to draw, by default in a new figure.

        Returns
        -------
        Axes
            What was drawn on.

        Raises
        ------
        ImportError
            If matplotlib is not installed.

        Examples
        --------
        >>> import numpy as np
        >>> from resampled import summary
        >>> accuracies = np.random.default_rng(0).binomial(100, [[0.7], [0.8]], size=(2, 30)) / 100
        >>> said = summary(accuracies, n_folds=3, n_rows=300, metric="accuracy")
        >>> ax = said.plot()
        >>> [label.get_text() for label in ax.get_yticklabels()]
        ['1', '0', 'the best, corrected']
        """
        shown = self._shown
        labels = [textwrap.shorten(f"{i}  {self._settings(i)}", 60) for i in shown]
        drawn = "mean", "low", "high", "may_be_best"
        own = {name: self.candidates[name][shown] for name in drawn}
        worth = self.corrected
        ends = [worth.score, worth.low, worth.high] if worth else None
        return draw_means(ax, labels, own, ends)

    def _said(self) -> str:
        columns = {name: each.tolist() for name, each in self.candidates.items()}
        return repr((self, columns, self.corrected))

    @property
    def _shown(self) -> np.ndarray:
        compared = self.data.compared
        order = np.argsort(-self.candidates["mean"][compared], kind="stable")
        return compared[order][:N_SHOWN]

    def _written(self, *scores: float) -> str:
        largest = float(np.nanmax(np.abs(self.candidates["mean"]))) or 1.0
        decimals = 3 - math.floor(math.log10(largest))
        known = [score for score in scores if np.isfinite(score)]
        return " to ".join(written(known, decimals, largest=largest))

    def _settings(self, i: int) -> str:
        parts = []
        for key, value in settings_of(self.data, i).items():
            shown = f"{value:g}" if isinstance(value, float) else value
            parts.append(f"{key.rpartition('__')[2]}={shown}")
        return ", ".join(parts)

    def _rows(self) -> list[_Row]:
        """Return the cells of the table, headings first, without columns that say nothing."""
        of = self.candidates
        n_stuck = of.get("n_stuck", np.zeros(len(of["mean"]), dtype=int))
        rows: list[_Row] = [("", "mean", "95 %", "stuck", "may be best", "settings")]
        for i in self._shown:
            chosen = "yes" if of["may_be_best"][i] else ""
            if i == self.simplest:
                chosen = "yes, simplest"
            mean = self._written(of["mean"][i])
            ends = self._written(of["low"][i], of["high"][i])
            stuck = str(n_stuck[i] or "")
            rows.append((str(i), mean, ends, stuck, chosen, self._settings(i)))
        n_hidden = len(self.data.compared) - len(self._shown)
        if n_hidden:
            rows.append(("", "", "", "", "", f"… and {n_hidden} more"))
        kept = [any(cells) for _, *cells in zip(*rows, strict=True)]
        return [tuple(compress(row, kept)) for row in rows]

    def _sentences(self) -> list[str]:
        n = len(self.data.compared)
        n_splits = self.data.scores.shape[1]
        splits = f"{n_splits} splits"
        if n_folds := self.data.resampling.n_folds:
            splits = f"{n_splits // n_folds} × {n_folds} folds"
        title = f"{n} candidate{'s' * (n > 1)} on {splits}"
        if self.data.scorer:
            title += f", scored by {self.data.scorer}"
        if self.corrected is None:
            said = [
                "No interval and no test: in the order of time, splits train on more and more rows."
            ]
        elif n == 1:
            said = [
                "There is one candidate, so nothing was chosen, and the choice does not flatter its mean."
            ]
        else:
            said = [self._set(n), self._worth(n, self.corrected)]
        lacks_interval = np.isnan(self.candidates["low"][self.data.compared])
        # That all have none, a note says.
        has_some = self.corrected and not math.isnan(self.data.resampling.n_wrong)
        if has_some and lacks_interval.any():
            said.append(
                "No interval where scores are the same on every split, or most fits stuck."
            )
        return [title, *said, *self.data.notes]

    def _set(self, n: int) -> str:
        """Say who may be the best, and who is the simplest of them."""
        of = self.candidates
        n_in = of["may_be_best"].sum()
        sentence = f"{n_in} of {n} may be the best: with 95 %, the truly best one is among them{self.hint}."
        if n_in == 1:
            sentence = (
                f"With 95 %, candidate {self.best} is the best of {n}{self.hint}."
            )
        if self.simplest in (None, self.best):
            return sentence
        lower = of["mean"][self.best] - of["mean"][self.simplest]
        sentence += f" The simplest of them is candidate {self.simplest}. Its mean is lower by {self._written(lower)}"
        equal = of["equal"][self.simplest]
        if np.isfinite(equal):
            sentence += f"; that the two differ by less than {self.data.rope:g} is {100 * equal:.0f} % likely"
        return f"{sentence}."

    def _worth(self, n: int, worth: Corrected) -> str:
        """Say what the best is worth without the luck of the choice."""
        flattered = f"The best mean is flattered by the choice among {n}."
        score = self._written(worth.score)
        if ends := self._written(worth.low, worth.high):
            score += f" ({ends})"
        if worth.over != "splits":
            return f"{flattered} On rows and fits that had no say in it, the best is worth {score}."
        remedy = self.data.remedy and f": {self.data.remedy}"
        return (
            f"{flattered} On splits that had no say in it, the best is worth {score}, but most of that luck remains in "
            f"it, because their rows had{remedy}."
        )


def settings_of(data: Scores, candidate: int) -> dict[str, Any]:
    """Return the settings of a candidate, without those that it does not have."""
    settings = {}
    for key, values in data.settings.items():
        value = values[candidate]
        if not isinstance(value, float) or not math.isnan(value):
            settings[key] = value
    return settings


def _html_row(kind: str, cells: _Row) -> str:
    marked = [f"<{kind}>{escape(cell)}</{kind}>" for cell in cells]
    return f"<tr>{''.join(marked)}</tr>"
