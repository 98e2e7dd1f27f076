"""Judges pairs as one family: better, worse, level, undecided, unchanged."""

import math
from collections.abc import Mapping
from html import escape
from typing import Any, NamedTuple

import numpy as np

from resampled.means.equivalence import holm
from resampled.means.ttest import ALPHA
from resampled.pairs.apart import Apart
from resampled.pairs.pair import Pair
from resampled.shown.plots import draw_difference
from resampled.shown.written import written

BETTER, WORSE, LEVEL = "better", "worse", "level"
UNDECIDED, UNCHANGED, UNTESTED = "undecided", "unchanged", "not tested"
# Of two runs apart, which are never called better or level.
NO_CHANCE, CHANCE = "more than chance", "could be chance"
# The words that claim something, which is wrong in at most 5 % of families without any true difference.
CLAIMS = (BETTER, WORSE, NO_CHANCE)
RARE = "a failure rarer than 3 in {} fits may not have shown"


class Verdict(NamedTuple):
    """A word on a difference, as `Scores.verdict` and `verdicts` return it; printed, a sentence.

    Attributes
    ----------
    word : str
        "better", "worse", "level", "undecided", "unchanged" or "not tested".
    p : float
        The p-value that the word rests on, by Holm for the family; NaN where there is no test.
    of : Pair
        The scores of both, with their `difference`, new less old, and its `half_width(level)`.

    Examples
    --------
    >>> import numpy as np
    >>> from resampled import Scores
    >>> accuracies = np.random.default_rng(0).binomial(100, [[0.6], [0.8]], size=(2, 30)) / 100
    >>> verdict = Scores(accuracies, n_folds=3, n_rows=300, metric="accuracy").verdict()
    >>> verdict.word, verdict.p < 0.05
    ('better', True)
    >>> print(f"{verdict.of.difference:.2f} ± {verdict.of.half_width(0.95):.2f}")
    0.21 ± 0.11
    """

    word: str
    p: float
    of: Pair | Apart

    @property
    def claims(self) -> bool:
        """Whether it says that there is a difference.

        Examples
        --------
        >>> import numpy as np
        >>> from resampled import Scores
        >>> accuracies = np.random.default_rng(0).binomial(100, 0.8, size=(2, 30)) / 100
        >>> Scores(accuracies, n_folds=3, n_rows=300, metric="accuracy").verdict().claims
        False
        """
        return self.word in CLAIMS

    def __repr__(self) -> str:
        """Return the verdict in a sentence, with the conditions under which it holds."""
        if self.word == UNCHANGED:
            return f"{self.word}: both have the same score on every split"
        difference = self.of.difference
        if self.word == UNTESTED:
            why = isinstance(self.of, Pair) and self.of.why_untested
            return f"{self.word}: {why or 'nothing tells the error'}; new less old is {difference:+.4g}"
        half = self.of.half_width()
        level = 95
        condition = ""
        if isinstance(self.of, Pair):
            condition = _condition(self.word, self.p, self.of)
            if self.word == LEVEL:  # which rests on the interval of 90 %
                half = self.of.half_width(1 - 2 * ALPHA)
                level = 90
        decimals = 1 - math.floor(math.log10(max(half, abs(difference) / 1000)))
        ends = [difference - half, difference, difference + half]
        low, middle, high = written(ends, decimals, "+z")
        return f"{self.word}: new less old is {middle} ({level} % from {low} to {high}), p = {self.p:.2g}{condition}"

    def _repr_html_(self) -> str:
        word, _, rest = repr(self).partition(":")
        return f"<p><b>{escape(word)}</b>:{escape(rest)}</p>"

    def plot(self, ax: Any = None) -> Any:
        """Draw the difference, its intervals of 90 and 95 %, and the rope with matplotlib.

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
        >>> from resampled import Scores
        >>> accuracies = np.random.default_rng(0).binomial(100, [[0.6], [0.8]], size=(2, 30)) / 100
        >>> ax = Scores(accuracies, n_folds=3, n_rows=300, metric="accuracy").verdict().plot()
        >>> ax.get_title(), ax.get_xlabel()
        ('better', 'new less old')
        """
        halves = {95: self.of.half_width()}
        rope = 0.0
        if isinstance(self.of, Pair):
            halves[90] = self.of.half_width(1 - 2 * ALPHA)
            rope = self.of.rope
        return draw_difference(ax, self.of.difference, halves, rope, self.word)


def judge(pairs: Mapping[str, Pair | Apart]) -> dict[str, Verdict]:
    """Return the verdict on each pair of a family, all of what is claimed at once.

    *Better* and *worse*: the p-value, by Holm for the number of pairs that differ, is below 0.05, and the difference is
    more likely than not larger than the rope. *Level*: the 90 % interval lies inside the rope, and so does the exact
    bound where few rows differ (see `Pair.is_level`). *Unchanged*: the scores are the same on every split. *Undecided*
    is the rest, and *not tested* what has no error. Of runs apart, only whether the difference could be chance is said.
    """
    adjusted = holm(np.array([pair.p_value for pair in pairs.values()]))
    verdicts = {}
    for (name, pair), p in zip(pairs.items(), adjusted.tolist(), strict=True):
        verdicts[name] = Verdict(_word(pair, p), p, pair)
    return verdicts


def _condition(word: str, p: float, pair: Pair) -> str:
    """Return under which condition a word holds, after a semicolon; "" if under none."""
    if word in (BETTER, WORSE):
        return pair.hint
    if word == LEVEL:
        return f"; {RARE.format(pair.n_splits)}"
    if word == UNDECIDED and p < ALPHA:
        return f"; it is not shown to be larger than the rope of {pair.rope:g}"
    return ""


def _word(pair: Pair | Apart, p: float) -> str:
    if isinstance(pair, Pair) and pair.is_same:
        return UNCHANGED
    if math.isnan(p):
        return UNTESTED
    if isinstance(pair, Apart):
        return NO_CHANCE if p < ALPHA else CHANCE
    if p < ALPHA and pair.share_beyond > 1 / 2:
        return BETTER if pair.difference > 0 else WORSE
    return LEVEL if pair.is_level else UNDECIDED
