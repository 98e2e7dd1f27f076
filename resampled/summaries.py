"""The summary of a search: its candidates in a table, and what they say, in sentences and in numbers."""

import textwrap
from dataclasses import dataclass
from typing import Any

import numpy as np

from resampled.candidates.best_set import simplest
from resampled.face import best_set, corrected_score, effects, interval
from resampled.means.corrected import Corrected
from resampled.means.ttest import ALPHA
from resampled.pairs.equivalence import equivalence
from resampled.pairs.family import UNLESS
from resampled.searches import Search, as_search

# How many candidates are printed, the best first, and how many characters a line of a sentence has.
N_SHOWN, WIDTH = 20, 100
_LEFT = ("may be best", "settings")


@dataclass(frozen=True, repr=False)
class Summary:
    """What a search says; printed, a table and sentences. `pandas.DataFrame(summary.candidates)` has all numbers.

    `candidates` has, in the order of the search, the settings, the `mean`, the ends `low` and `high` of its 95 %
    interval, whether a candidate `may_be_best`, `n_stuck`, and the probabilities that a candidate is `worse` than the
    best by more than the rope, `equal` or `better`. `best` and `simplest` are the numbers of candidates, `corrected` is
    what the best is worth without the luck of the choice, and `effects` has the `importance` and the `p_value` of each
    `setting`. What is not known is NaN, None or empty.
    """

    data: Search
    candidates: dict[str, np.ndarray]
    best: int
    simplest: int | None
    corrected: Corrected | None
    effects: dict[str, np.ndarray]

    def __repr__(self) -> str:
        """Return the table and the sentences."""
        n_splits, n_folds, scorer = self.data.scores.shape[1], self.data.resampling.n_folds, self.data.scorer
        splits = f"{n_splits} splits"
        if n_folds is not None:
            splits = f"{n_splits // n_folds} × {n_folds} folds" if n_splits > n_folds else f"{n_folds} folds"
        title = f"{len(self.data.compared)} candidates on {splits}{scorer and f', scored by {scorer}'}"
        sentences = [textwrap.fill(each, WIDTH) for each in [*self._sentences(), *self.data.notes]]
        return "\n".join([title, "", *self._table(), "", *sentences])

    def _written(self, *scores: float) -> str:
        largest = float(np.nanmax(np.abs(self.candidates["mean"]))) or 1.0
        decimals = int(np.clip(3 - np.floor(np.log10(largest)), 0, 15))
        return " to ".join(f"{score:.{decimals}f}" for score in scores if np.isfinite(score))

    def _table(self) -> list[str]:
        of, compared = self.candidates, self.data.compared
        order = compared[np.argsort(-of["mean"][compared], kind="stable")][:N_SHOWN].tolist()
        columns = {
            "": [str(i) for i in order],
            "mean": [self._written(of["mean"][i]) for i in order],
            "95 %": [self._written(of["low"][i], of["high"][i]) for i in order],
            "stuck": [str(of["n_stuck"][i] or "") if "n_stuck" in of else "" for i in order],
            "may be best": ["yes" * int(of["may_be_best"][i]) + ", simplest" * (i == self.simplest) for i in order],
            "settings": [", ".join(map(_in_words, _settings(self.data, i).items())) for i in order],
        }
        lines = [""] * (1 + len(order))
        for heading, cells in columns.items():
            if any(cells):
                width, place = max(map(len, [heading, *cells])), str.ljust if heading in _LEFT else str.rjust
                lines = [f"{line}  {place(cell, width)}" for line, cell in zip(lines, [heading, *cells], strict=True)]
        hidden = len(compared) - len(order)
        return [line.rstrip() for line in lines] + [f"  … and {hidden} more"] * (hidden > 0)

    def _sentences(self) -> list[str]:
        n, worth, in_set = len(self.data.compared), self.corrected, self.candidates["may_be_best"]
        if worth is None:
            return ["No interval and no test: in the order of time, splits train on more and more rows."]
        sentence = f"{in_set.sum()} of {n} may be the best: with 95 %, the truly best one is among them, {UNLESS}."
        if in_set.sum() == n:
            sentence = f"Any of the {n} may be the best: none can be ruled out with 95 %."
        if in_set.sum() == 1:
            sentence = f"With 95 %, candidate {self.best} is the best of {n}, {UNLESS}."
        elif self.simplest == self.best:
            sentence += " The best is also the simplest of them."
        elif self.simplest is not None:
            mean, equal = self.candidates["mean"], 100 * self.candidates["equal"][self.simplest]
            sentence += (
                f" The simplest of them is candidate {self.simplest}. Its mean is lower by "
                f"{self._written(mean[self.best] - mean[self.simplest])}; that the two differ by less than "
                f"{self.data.rope:g} is {equal:.0f} % likely."
            )
        over = "rows and fits that had no say in it"
        if worth.over == "splits":
            over = "splits that had no say in it (though their rows had; row_scores= would tell rows apart)"
        ends = self._written(worth.low, worth.high)
        flattered = (
            f"The best mean is flattered by the choice among {n}. On {over}, the best is worth "
            f"{self._written(worth.score)}{ends and f' ({ends})'}."
        )
        settings: dict[bool, list[str]] = {True: [], False: []}
        for setting, importance, p in zip(*self.effects.values(), strict=True):
            if np.isfinite(importance + p):
                settings[bool(p < ALPHA)].append(f"{setting} (importance {importance:z.2f}, p = {p:.2g})")
        words = {"What mattered": settings[True], "Not shown to matter": settings[False]}
        mattered = " ".join(f"{begin}: {', '.join(each)}." for begin, each in words.items() if each)
        missing = (
            "No interval where scores are the same on every split, or most fits stuck: they say nothing about rows."
        )
        is_missing = np.isnan(self.candidates["low"][self.data.compared]).any()
        return [sentence, flattered] + [mattered] * bool(mattered) + [missing] * bool(is_missing)


def _in_words(setting: tuple[str, Any]) -> str:
    key, value = setting
    return f"{key.rpartition('__')[2]}={value:g}" if isinstance(value, float) else f"{key.rpartition('__')[2]}={value}"


def _settings(data: Search, candidate: int) -> dict[str, Any]:
    """Return the settings of a candidate, without those that it does not have."""
    own = {key: values[candidate] for key, values in data.settings.items()}
    return {key: value for key, value in own.items() if not (isinstance(value, float) and np.isnan(value))}


def summary(search: Any, *, complexity: Any = None, stuck: Any = None, seed: int = 0, **how: Any) -> Summary:
    """Say which candidates of a search may be the best, what the best is worth, and which settings mattered.

    Raises `ValueError` for what can't be judged: what was found, where, and what to do.

    Parameters
    ----------
    search : fitted search, dict, data frame or array
        A search of scikit-learn; its `cv_results_`, also as read from a CSV; or scores of shape
        (n_candidates, n_splits), with the splits in the order of repeats and folds. More is better.
    n_folds, test_share : int, float, optional
        Needed where the search does not tell: how many folds a repeat has, or, if the splits are no whole repeats, the
        test rows per training row, as of ShuffleSplit. It is NaN for splits in the order of time.
    n_rows : int, optional
        The rows of the table. If it is not given, the scores tell how many there are at least.
    metric, bounds : str, (float, float), optional
        Which of several metrics, by default that of `refit`; of an array, scikit-learn's name of the scorer. The bounds
        of a scorer that is not scikit-learn's.
    row_scores : array of shape (n_candidates, n_splits, n_rows), optional
        The scores of rows, if a split's score is their mean; NaN for rows that a split does not test. With these, the
        corrected score and the intervals allow for the luck of the rows.
    predictions, y, groups : arrays, optional
        The same for other scorers: what `predict` gives, in the shape of `row_scores`, or `predict_proba`, with a last
        axis for the classes; the target, of shape (n_rows,), which also says how rare a class is; and which rows belong
        together, of shape (n_rows,).
    complexity : array of shape (n_candidates,), or callable, optional
        How complex a candidate is, or what tells that from the dict of its settings. Less is simpler.
    stuck : array of bool, shape (n_candidates, n_splits), optional
        Which fits are stuck, as `stuck_fits` returns it.
    rope, seed : float, int
        The largest difference of scores that does not matter, and the seed of the draws.
    """
    data = as_search(search, **how)
    stuck = None if stuck is None else np.asarray(stuck, dtype=bool)
    if stuck is not None and stuck.shape != data.scores.shape:
        raise ValueError(f"stuck has the shape {stuck.shape}, but the scores have {data.scores.shape}.")
    means, in_set = data.scores.mean(axis=1), best_set(data, seed=seed)
    best, (low, high) = int(np.nanargmax(means)), interval(data, stuck=stuck, seed=seed)
    candidates = {key: np.array(values, dtype=object) for key, values in data.settings.items()}
    candidates |= {"mean": means, "low": low, "high": high, "may_be_best": in_set}
    candidates |= {} if stuck is None else {"n_stuck": stuck.sum(axis=1)}
    differences = data.scores - data.scores[best]
    candidates |= equivalence(differences, data.resampling, data.rope)._asdict()
    return Summary(
        data,
        candidates,
        best,
        simplest(in_set, _sizes(complexity, data), means) if complexity is not None and in_set.any() else None,
        corrected_score(data, seed=seed) if data.resampling.is_tested else None,
        effects(data, seed=seed) if data.settings else {},
    )


def _sizes(complexity: Any, data: Search) -> list[np.ndarray]:
    """Return the complexity of the candidates in one array or more, the first of which counts most."""
    if callable(complexity):
        complexity = [complexity(_settings(data, i)) for i in range(len(data.scores))]
    sizes = np.asarray(complexity, dtype=float)
    if len(sizes) != len(data.scores):
        raise ValueError(f"complexity has the shape {sizes.shape}, but there are {len(data.scores)} candidates.")
    return list(sizes.reshape(len(sizes), -1).T)
