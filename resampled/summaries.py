"""The summary of a search: its candidates in a table, and what they say, in sentences and in numbers."""

import textwrap
from dataclasses import dataclass, replace
from html import escape
from itertools import compress
from typing import Any

import numpy as np

from resampled.candidates.best_set import simplest
from resampled.face import best_set, corrected_score, interval
from resampled.means.corrected import Corrected
from resampled.means.differences import errors_of_pairs
from resampled.pairs.equivalence import equivalence
from resampled.pairs.pair import hint
from resampled.plots import draw_means
from resampled.resampling import Bounds
from resampled.searches import Search, as_search

# How many candidates are printed, the best first, and how many characters a line of a sentence has.
N_SHOWN, WIDTH = 20, 100


@dataclass(frozen=True, repr=False)
class Summary:
    """What a search says; printed, a table and sentences, and so in a notebook.

    `candidates` has, in the order of the search, the settings, the `mean`, the ends `low` and `high` of its 95 %
    interval, whether a candidate `may_be_best`, `n_stuck`, and the probabilities that a candidate is `worse` than the
    best by more than the rope, `equal` or `better`. `best` and `simplest` are the numbers of candidates, and
    `corrected` is what `corrected_score` returns, and `hint` says why the set may be no more than one. What is not
    known is NaN or None.
    """

    data: Search
    candidates: dict[str, np.ndarray]
    best: int
    simplest: int | None
    corrected: Corrected | None
    hint: str

    def __repr__(self) -> str:
        """Return the table and the sentences."""
        columns = []
        for heading, *cells in zip(*self._rows(), strict=True):
            side, width = "<" if heading in ("may be best", "settings") else ">", max(map(len, [heading, *cells]))
            columns.append([f"  {cell:{side}{width}}" for cell in (heading, *cells)])
        title, *said = [textwrap.fill(each, WIDTH) for each in self._sentences()]
        return "\n".join([title, "", *("".join(row).rstrip() for row in zip(*columns, strict=True)), "", *said])

    def _repr_html_(self) -> str:
        rows = ["".join(f"<td>{escape(cell)}</td>" for cell in row) for row in self._rows()]
        title, *said = [f"<p>{escape(each)}</p>" for each in self._sentences()]
        return "".join([title, "<table>", *(f"<tr>{row}</tr>" for row in rows), "</table>", *said])

    def to_frame(self) -> Any:
        """Return `candidates` as a data frame of pandas."""
        from pandas import DataFrame  # nothing else needs it

        return DataFrame(self.candidates).rename_axis("candidate")

    def plot(self, ax: Any = None) -> Any:
        """Draw means, intervals, the set and the corrected score with matplotlib; return the axes, by default new."""
        shown, worth = self._shown, self.corrected
        labels = [textwrap.shorten(f"{i}  {self._settings(i)}", 60) for i in shown]
        own = {name: self.candidates[name][shown] for name in ("mean", "low", "high", "may_be_best")}
        return draw_means(ax, labels, own, [worth.score, worth.low, worth.high] if worth else None)

    @property
    def _shown(self) -> np.ndarray:
        compared = self.data.compared
        return compared[np.argsort(-self.candidates["mean"][compared], kind="stable")][:N_SHOWN]

    def _written(self, *scores: float) -> str:
        largest = float(np.nanmax(np.abs(self.candidates["mean"]))) or 1.0
        decimals = int(np.clip(3 - np.floor(np.log10(largest)), 0, 15))
        return " to ".join(f"{score:.{decimals}f}" for score in scores if np.isfinite(score))

    def _settings(self, i: int) -> str:
        return ", ".join(
            f"{key.rpartition('__')[2]}={f'{value:g}' if isinstance(value, float) else value}"
            for key, value in _settings(self.data, i).items()
        )

    def _rows(self) -> list[tuple[str, ...]]:
        """Return the cells of the table, headings first, without columns that say nothing."""
        of, rows = self.candidates, [("", "mean", "95 %", "stuck", "may be best", "settings")]
        for i in self._shown:
            mean, ends = self._written(of["mean"][i]), self._written(of["low"][i], of["high"][i])
            stuck = str(of["n_stuck"][i] or "") if "n_stuck" in of else ""
            chosen = ("yes, simplest" if i == self.simplest else "yes") if of["may_be_best"][i] else ""
            rows.append((str(i), mean, ends, stuck, chosen, self._settings(i)))
        if (hidden := len(self.data.compared) - len(rows) + 1) > 0:
            rows.append(("", "", "", "", "", f"… and {hidden} more"))
        kept = [any(cells) for _, *cells in zip(*rows, strict=True)]
        return [tuple(compress(row, kept)) for row in rows]

    def _sentences(self) -> list[str]:
        n, worth, of, n_folds = len(self.data.compared), self.corrected, self.candidates, self.data.resampling.n_folds
        n_splits, scorer = self.data.scores.shape[1], self.data.scorer and f", scored by {self.data.scorer}"
        splits = f"{n_splits // n_folds} × {n_folds} folds" if n_folds else f"{n_splits} splits"
        title = f"{n} candidate{'s' * (n > 1)} on {splits}{scorer}"
        if worth is None:
            time = "No interval and no test: in the order of time, splits train on more and more rows."
            return [title, time, *self.data.notes]
        n_in = of["may_be_best"].sum()
        sentences = [f"{n_in} of {n} may be the best: with 95 %, the truly best one is among them{self.hint}."]
        if n_in == 1:
            sentences = [f"With 95 %, candidate {self.best} is the best of {n}{self.hint}."]
        if self.simplest is not None and self.simplest != self.best:
            sentences[0] += (
                f" The simplest of them is candidate {self.simplest}. Its mean is lower by "
                f"{self._written(of['mean'][self.best] - of['mean'][self.simplest])}; that the two differ by less than "
                f"{self.data.rope:g} is {100 * of['equal'][self.simplest]:.0f} % likely."
            )
        ends = self._written(worth.low, worth.high)
        worth_it = f"the best is worth {self._written(worth.score)}{ends and f' ({ends})'}"
        flattered = f"The best mean is flattered by the choice among {n}."
        if n == 1:
            sentences = ["There is one candidate, so nothing was chosen, and the choice does not flatter its mean."]
        elif worth.over == "splits":
            remains = "but most of that luck remains in it, because their rows had: give predictions= and y=."
            sentences.append(f"{flattered} On splits that had no say in it, {worth_it}, {remains}")
        else:
            sentences.append(f"{flattered} On rows and fits that had no say in it, {worth_it}.")
        in_part = self.data.resampling.n_effective is None or np.isfinite(self.data.resampling.n_effective)
        if in_part and np.isnan(of["low"][self.data.compared]).any():
            sentences.append("No interval where scores are the same on every split, or most fits stuck.")
        return [title, *sentences, *self.data.notes]


def _settings(data: Search, candidate: int) -> dict[str, Any]:
    """Return the settings of a candidate, without those that it does not have."""
    own = {key: values[candidate] for key, values in data.settings.items()}
    return {key: value for key, value in own.items() if not (isinstance(value, float) and np.isnan(value))}


def summary(search: Any, *, n_folds: int | None = None, test_share: float | None = None, n_rows: int | None = None,
        metric: str | None = None, bounds: Bounds | None = None, row_scores: Any = None, predictions: Any = None,
        y: Any = None, groups: Any = None, complexity: Any = None, stuck: Any = None, rope: float = 0.01,
        seed: int = 0) -> Summary:  # fmt: skip
    """Say which candidates of a search may be the best, which is the simplest of them, and what the best is worth.

    Raises `ValueError` for what can't be judged: what was found, where, and what to do.

    Parameters
    ----------
    search : fitted search, dict, data frame or array
        A search of scikit-learn; its `cv_results_`, also as read from a CSV; or scores, of which more is better, of
        shape (n_candidates, n_splits), with the splits in the order of repeats and folds.
    n_folds, test_share, n_rows : int, float, int, optional
        What the search does not tell: how many folds a repeat has, or, if the splits are no whole repeats, the test
        rows per training row (NaN in the order of time); and the rows of the table, by default as few as scores tell.
    metric, bounds : str, (float, float), optional
        Which of several metrics, or scikit-learn's name of the scorer of an array; the bounds of another scorer.
    row_scores, predictions : array of shape (n_candidates, n_splits, n_rows), optional
        What is known of rows, NaN for those that a split does not test, so that their luck is allowed for: their
        scores, if a split's score is the mean; or `predict`, or `predict_proba` with a last axis for the classes.
    y, groups : array of shape (n_rows,), optional
        The target, which predictions need, and which tells how rare a class is; which rows belong together.
    complexity : array of shape (n_candidates,), or callable, optional
        How complex a candidate is, or what tells that from the dict of its settings. Less is simpler.
    stuck : array of bool, shape (n_candidates, n_splits), optional
        Which fits are stuck, as `stuck_fits` returns it.
    rope, seed : float, int
        The largest difference of scores that does not matter, and the seed of the draws.
    """
    data = as_search(search, row_scores, predictions, n_folds, test_share, n_rows, metric, bounds, y, groups, rope)
    told = replace(data, notes=[])  # which are printed
    means, in_set = data.scores.mean(axis=1), best_set(told, seed=seed)
    best, (low, high) = int(np.nanargmax(means)), interval(told, stuck=stuck)
    candidates = {key: np.array(values, dtype=object) for key, values in data.settings.items()}
    candidates |= {"mean": means, "low": low, "high": high, "may_be_best": in_set}
    candidates |= {} if stuck is None else {"n_stuck": np.sum(stuck, axis=1)}
    errors = errors_of_pairs(data.scores, data.resampling, data.by_unit)
    known = () if data.by_unit is None else (errors.error[best], errors.degrees[best])
    others = data.compared[data.compared != best]
    of_training = float(np.median(errors.of_training[best, others])) if len(others) else 0.0
    is_one_repeat = data.resampling.is_one_repeat(data.scores.shape[1])
    is_hint = data.many_inputs or hint(data.by_unit, is_one_repeat, of_training)
    candidates |= equivalence(data.scores - data.scores[best], data.resampling, data.rope, *known)._asdict()
    if callable(complexity):
        if not data.settings:
            raise ValueError("The settings are not known, so complexity can't be a function of them; give its numbers.")
        complexity = [complexity(_settings(data, i)) for i in range(len(means))]
    if complexity is not None and len(complexity) != len(means):
        raise ValueError(f"complexity has {len(complexity)} values, but there are {len(means)} candidates.")
    simple = simplest(in_set, [complexity], means) if complexity is not None and in_set.any() else None
    corrected = corrected_score(told, seed=seed) if data.resampling.is_tested else None
    return Summary(data, candidates, best, simple, corrected, is_hint)
