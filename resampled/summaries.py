"""The summary of a search: its candidates in a table, and what they say, in sentences and in numbers."""

import math
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, replace
from html import escape
from itertools import compress
from numbers import Real
from typing import Any

import numpy as np

from resampled.by_row import Scorer
from resampled.candidates.best_set import simplest
from resampled.face import best_set, corrected_score, interval
from resampled.means.corrected import Corrected
from resampled.means.differences import errors_of_pairs
from resampled.pairs.equivalence import equivalence
from resampled.pairs.pair import hint
from resampled.plots import draw_means
from resampled.predicted import Predicted, cross_predict
from resampled.resampling import Bounds
from resampled.searches import Search, as_search
from resampled.written import written

# How many candidates are printed, the best first, and how many characters a line of a sentence has.
N_SHOWN, WIDTH = 20, 100


@dataclass(frozen=True, repr=False, eq=False)
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
            side, width = (
                "<" if heading in ("may be best", "settings") else ">",
                max(map(len, [heading, *cells])),
            )
            columns.append([f"  {cell:{side}{width}}" for cell in (heading, *cells)])
        title, *said = [textwrap.fill(each, WIDTH) for each in self._sentences()]
        return "\n".join(
            [
                title,
                "",
                *("".join(row).rstrip() for row in zip(*columns, strict=True)),
                "",
                *said,
            ]
        )

    def _repr_html_(self) -> str:
        headings, *rows = self._rows()
        table = [_html_row("th", headings), *(_html_row("td", row) for row in rows)]
        title, *said = [f"<p>{escape(each)}</p>" for each in self._sentences()]
        return "".join([title, "<table>", *table, "</table>", *said])

    def __eq__(self, other: object) -> bool:
        """Return whether another summary says the same of the same scores."""
        if not isinstance(other, Summary):
            return NotImplemented
        own, others = (
            {name: column.tolist() for name, column in each.candidates.items()}
            for each in (self, other)
        )
        return repr((own, self.corrected)) == repr((others, other.corrected)) and repr(
            self
        ) == repr(other)

    def to_frame(self) -> Any:
        """Return `candidates` as a data frame of pandas."""
        from pandas import DataFrame  # nothing else needs it

        return DataFrame(self.candidates).rename_axis("candidate")

    def plot(self, ax: Any = None) -> Any:
        """Draw means, intervals, the set and the corrected score with matplotlib; return the axes, by default new."""
        shown, worth = self._shown, self.corrected
        labels = [textwrap.shorten(f"{i}  {self._settings(i)}", 60) for i in shown]
        own = {
            name: self.candidates[name][shown]
            for name in ("mean", "low", "high", "may_be_best")
        }
        return draw_means(
            ax, labels, own, [worth.score, worth.low, worth.high] if worth else None
        )

    @property
    def _shown(self) -> np.ndarray:
        compared = self.data.compared
        return compared[np.argsort(-self.candidates["mean"][compared], kind="stable")][
            :N_SHOWN
        ]

    def _written(self, *scores: float) -> str:
        largest = float(np.nanmax(np.abs(self.candidates["mean"]))) or 1.0
        decimals = 3 - math.floor(math.log10(largest))
        known = [score for score in scores if np.isfinite(score)]
        return " to ".join(written(known, decimals, largest=largest))

    def _settings(self, i: int) -> str:
        return ", ".join(
            f"{key.rpartition('__')[2]}={f'{value:g}' if isinstance(value, float) else value}"
            for key, value in _settings(self.data, i).items()
        )

    def _rows(self) -> list[tuple[str, ...]]:
        """Return the cells of the table, headings first, without columns that say nothing."""
        of, rows = (
            self.candidates,
            [("", "mean", "95 %", "stuck", "may be best", "settings")],
        )
        for i in self._shown:
            mean, ends = (
                self._written(of["mean"][i]),
                self._written(of["low"][i], of["high"][i]),
            )
            stuck = str(of["n_stuck"][i] or "") if "n_stuck" in of else ""
            chosen = (
                ("yes, simplest" if i == self.simplest else "yes")
                if of["may_be_best"][i]
                else ""
            )
            rows.append((str(i), mean, ends, stuck, chosen, self._settings(i)))
        if (hidden := len(self.data.compared) - len(rows) + 1) > 0:
            rows.append(("", "", "", "", "", f"… and {hidden} more"))
        kept = [any(cells) for _, *cells in zip(*rows, strict=True)]
        return [tuple(compress(row, kept)) for row in rows]

    def _sentences(self) -> list[str]:
        n, worth, of, n_folds = (
            len(self.data.compared),
            self.corrected,
            self.candidates,
            self.data.resampling.n_folds,
        )
        n_splits, scorer = (
            self.data.scores.shape[1],
            self.data.scorer and f", scored by {self.data.scorer}",
        )
        splits = (
            f"{n_splits // n_folds} × {n_folds} folds"
            if n_folds
            else f"{n_splits} splits"
        )
        remedy = self.data.remedy
        title = f"{n} candidate{'s' * (n > 1)} on {splits}{scorer}"
        if worth is None:
            time = "No interval and no test: in the order of time, splits train on more and more rows."
            return [title, time, *self.data.notes]
        n_in = of["may_be_best"].sum()
        sentences = [
            f"{n_in} of {n} may be the best: with 95 %, the truly best one is among them{self.hint}."
        ]
        if n_in == 1:
            sentences = [
                f"With 95 %, candidate {self.best} is the best of {n}{self.hint}."
            ]
        if self.simplest is not None and self.simplest != self.best:
            sentences[0] += (
                f" The simplest of them is candidate {self.simplest}. Its mean is lower by "
                f"{self._written(of['mean'][self.best] - of['mean'][self.simplest])}"
            )
            equal = of["equal"][self.simplest]
            likely = f"; that the two differ by less than {self.data.rope:g} is {100 * equal:.0f} % likely"
            sentences[0] += "." if np.isnan(equal) else f"{likely}."
        ends = self._written(worth.low, worth.high)
        worth_it = (
            f"the best is worth {self._written(worth.score)}{ends and f' ({ends})'}"
        )
        flattered = f"The best mean is flattered by the choice among {n}."
        if n == 1:
            sentences = [
                "There is one candidate, so nothing was chosen, and the choice does not flatter its mean."
            ]
        elif worth.over == "splits":
            remains = f"but most of that luck remains in it, because their rows had{remedy and f': {remedy}'}."
            sentences.append(
                f"{flattered} On splits that had no say in it, {worth_it}, {remains}"
            )
        else:
            sentences.append(
                f"{flattered} On rows and fits that had no say in it, {worth_it}."
            )
        in_part = self.data.resampling.n_effective is None or np.isfinite(
            self.data.resampling.n_effective
        )
        if in_part and np.isnan(of["low"][self.data.compared]).any():
            sentences.append(
                "No interval where scores are the same on every split, or most fits stuck."
            )
        return [title, *sentences, *self.data.notes]


def _html_row(kind: str, cells: tuple[str, ...]) -> str:
    return f"<tr>{''.join(f'<{kind}>{escape(cell)}</{kind}>' for cell in cells)}</tr>"


def _settings(data: Search, candidate: int) -> dict[str, Any]:
    """Return the settings of a candidate, without those that it does not have."""
    own = {key: values[candidate] for key, values in data.settings.items()}
    return {
        key: value
        for key, value in own.items()
        if not (isinstance(value, float) and np.isnan(value))
    }


def _complexity(complexity: Any, data: Search) -> np.ndarray:
    """Return a number for each candidate; raises `ValueError` for what is none."""
    n_candidates = len(data.scores)
    if callable(complexity):
        if not data.settings:
            raise ValueError(
                "The settings are not known, so complexity can't be a function of them; give its numbers."
            )
        complexity = [complexity(_settings(data, i)) for i in range(n_candidates)]
    if np.shape(complexity)[:1] != (n_candidates,):
        given = len(complexity) if np.ndim(complexity) else 1
        raise ValueError(
            f"complexity has {given} values, but there are {n_candidates} candidates."
        )
    values = np.asarray(complexity, dtype=object)
    for i in data.compared:
        if not isinstance(values[i], Real) or math.isnan(values[i]):
            raise ValueError(
                f"complexity is {values[i]!r} for candidate {i}; give numbers, less for a simpler one."
            )
    return values


def _fitted_again(
    search: Any, X: Any, y: Any, groups: Any, metric: Scorer | None
) -> Predicted:
    from sklearn.metrics import make_scorer  # takes a second to import

    if y is None:
        raise ValueError("X is given without y, the target of its rows.")
    several = getattr(search, "scoring", None)
    scoring: Any = make_scorer(metric) if callable(metric) else metric
    if isinstance(several, Mapping):
        scoring = several.get(metric, scoring)
    return cross_predict(search, X, y, groups=groups, scoring=scoring)


def summary(search: Any, X: Any = None, y: Any = None, *, n_folds: int | None = None, test_share: float | None = None,
        n_rows: int | None = None, metric: Scorer | None = None, bounds: Bounds | None = None, row_scores: Any = None,
        predictions: Any = None, groups: Any = None, complexity: Any = None, stuck: Any = None, rope: float = 0.01,
        seed: int = 0) -> Summary:  # fmt: skip
    """Say which candidates of a search may be the best, which is the simplest of them, and what the best is worth.

    Raises `ValueError` for what can't be judged: what was found, where, and what to do.

    Parameters
    ----------
    search : fitted search, dict, data frame or array
        A search of scikit-learn; its `cv_results_`, also as read from a CSV; what `cross_predict` returns; or scores,
        of which more is better, of shape (n_candidates, n_splits), with the splits in the order of repeats and folds.
    X, y, groups : array-like, optional
        The table: with X, the candidates are fitted again, by `cross_predict`, so that rows count. Without it, `y` of
        shape (n_rows,) is what predictions need, and tells how rare a class is. Groups say which rows belong together.
    n_folds, test_share, n_rows : int, float, int, optional
        What the search does not tell: how many folds a repeat has, or, if the splits are no whole repeats, the test
        rows per training row (NaN in the order of time); and the rows of the table, by default as few as scores tell.
    metric, bounds : str or callable, (float, float), optional
        Which of several metrics, or scikit-learn's name of the scorer of an array, or, with predictions, a function of
        (y, predictions) that has given the scores; the bounds of another scorer.
    row_scores, predictions : array of shape (n_candidates, n_splits, n_rows), optional
        What is known of rows, NaN for those that a split does not test, so that their luck is allowed for: their
        scores, if a split's score is the mean; or `predict`, or `predict_proba` with a last axis for the classes.
    complexity : array of shape (n_candidates,), or callable, optional
        How complex a candidate is, or what tells that from the dict of its settings. Less is simpler.
    stuck : array of bool, shape (n_candidates, n_splits), optional
        Which fits are stuck, as `stuck_fits` returns it.
    rope, seed : float, int
        The largest difference of scores that does not matter, and the seed of the draws.
    """
    if X is not None:
        search = _fitted_again(search, X, y, groups, metric)
        y = groups = metric = None
    data = as_search(
        search,
        row_scores,
        predictions,
        n_folds,
        test_share,
        n_rows,
        metric,
        bounds,
        y,
        groups,
        rope,
    )
    told = replace(data, notes=[])  # which are printed
    means, in_set = data.scores.mean(axis=1), best_set(told, seed=seed)
    best, (low, high) = int(np.nanargmax(means)), interval(told, stuck=stuck)
    candidates = {
        key: np.array(values, dtype=object) for key, values in data.settings.items()
    }
    candidates |= {"mean": means, "low": low, "high": high, "may_be_best": in_set}
    candidates |= {} if stuck is None else {"n_stuck": np.sum(stuck, axis=1)}
    errors = errors_of_pairs(data.scores, data.resampling, data.by_unit)
    known: tuple[Any, ...] = (
        () if data.by_unit is None else (errors.error[best], errors.degrees[best])
    )
    if data.by_unit is None and data.resampling.untested:
        known = (np.nan, 1)
    others = data.compared[data.compared != best]
    of_training = (
        float(np.median(errors.of_training[best, others])) if len(others) else 0.0
    )
    is_one_repeat = data.resampling.is_one_repeat(data.scores.shape[1])
    is_hint = data.many_inputs or hint(data.by_unit, is_one_repeat, of_training)
    candidates |= equivalence(
        data.scores - data.scores[best], data.resampling, data.rope, *known
    )._asdict()
    numbers = None if complexity is None else _complexity(complexity, data)
    simple = (
        simplest(in_set, [numbers], means)
        if numbers is not None and in_set.any()
        else None
    )
    corrected = corrected_score(told, seed=seed) if data.resampling.is_tested else None
    return Summary(data, candidates, best, simple, corrected, is_hint)
