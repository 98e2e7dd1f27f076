"""Draws searches of nets beside a linear model, and says whether the evaluation advises a net, with known gains."""

from dataclasses import dataclass, replace

import numpy as np

from gridstage.evaluate.contest import Contest, choose
from gridstage.scores.reached import Reached
from packages.resampled.tests.simulation.drawing import Said, Table, every
from packages.resampled.tests.simulation.searches import (
    CALM,
    HARD,
    HARD_FOR_ONE,
    N_FOLDS,
    N_ROWS,
    NOISY,
    Search,
    draw_predictions,
)
from packages.resampled.tests.simulation.verdicts import N_ROUNDS
from resampled.candidates.best_set import best_set
from resampled.means.choice import whole_choice
from resampled.means.corrected import Corrected, corrected_score
from resampled.resampling import Resampling

BASE, ROPE, LINEAR = 0.72, 0.01, "logistic_regression"
# What fits of a linear model differ by: less than those of a net.
LINEAR_NOISE = 0.03


@dataclass(frozen=True)
class Rivals:
    """What competes with a linear model: searches of so many nets, all equally good; without any, two models of trees.

    `noise`, `own`, `hard` and `alike` are those of `draw_predictions`. With the `others`, the simplest net that may be
    the best of the winner's search, which is any of them, and the one that searches start from, compete as well.
    """

    searches: tuple[int, ...] = (30,)
    others: bool = False
    noise: float = CALM
    own: float = HARD_FOR_ONE
    hard: float = HARD
    alike: float = 0.0
    n_rows: int = N_ROWS
    n_folds: int = N_FOLDS
    n_repeats: int = 10

    @property
    def without_chance(self) -> "Rivals":
        """The same, but predictions differ by the row and the model alone."""
        return replace(self, noise=0.0, own=1 - self.hard - self.alike)

    @property
    def several(self) -> bool:
        """Whether there are several nets, of which the best one speaks."""
        return self.others or len(self.searches) > 1


_ALIKE, _SMALL, _SEVERAL = (
    Rivals(own=0.05, hard=0.85),
    Rivals(n_rows=300),
    Rivals((16,) * 8),
)
_ADOPTED = Rivals((16,), n_folds=5, n_repeats=2)
_THREE = Rivals(others=True)
_SMALL_THREE = replace(_THREE, n_rows=300)
_OVERLAP = replace(_THREE, hard=0.55, alike=0.25, own=0.05)
_THREE_ADOPTED = replace(_ADOPTED, others=True)
_TEN = replace(_SEVERAL, others=True)
RIVALS = {
    "calm": Rivals(),
    "noisy": Rivals(noise=NOISY),
    "no chance in training": Rivals().without_chance,
    "calm, much like the linear model": _ALIKE,
    "calm, 300 rows": _SMALL,
    "no chance in training, 300 rows": _SMALL.without_chance,
    "calm, 3,000 rows": Rivals(n_rows=3000),
    "calm, 16 nets, 5 folds, 2 repeats": _ADOPTED,
    "no chance in training, 16 nets, 5 folds, 2 repeats": _ADOPTED.without_chance,
    "calm, 16 nets, 3,000 rows, 3 folds, 1 repeat": Rivals(
        (16,), n_rows=3000, n_repeats=1
    ),
    "calm, 8 searches of 16": _SEVERAL,
    "noisy, 8 searches of 16": replace(_SEVERAL, noise=NOISY),
    "no chance in training, 8 searches of 16": _SEVERAL.without_chance,
    "forest and boosting, calm": Rivals(()),
    "forest and boosting, no chance in training": Rivals(()).without_chance,
    "three nets, calm": _THREE,
    "three nets, noisy": replace(_THREE, noise=NOISY),
    "three nets, no chance in training": _THREE.without_chance,
    "three nets, calm, 300 rows": _SMALL_THREE,
    "three nets, no chance in training, 300 rows": _SMALL_THREE.without_chance,
    "three nets that overlap, calm": _OVERLAP,
    "three nets that overlap, noisy": replace(_OVERLAP, noise=NOISY),
    "three nets that overlap, no chance in training": replace(
        _OVERLAP, hard=0.6, alike=0.3
    ).without_chance,
    "three nets, calm, 16 nets, 5 folds, 2 repeats": _THREE_ADOPTED,
    "three nets, no chance in training, 16 nets, 5 folds, 2 repeats": (
        _THREE_ADOPTED.without_chance
    ),
    "ten nets, calm, 8 searches of 16": _TEN,
    "ten nets, noisy, 8 searches of 16": replace(_TEN, noise=NOISY),
    "ten nets, no chance in training, 8 searches of 16": _TEN.without_chance,
}


def judge_answer(name: str, gain: float, draw: int) -> Said:
    """Draw a search, or several, in the first half of the repeats, and the evaluation in the other half.

    Says whether the more complex model is advised: by the means, if its mean is higher by more than the rope; if the
    chance that it is better is at least 0.5, 0.7, 0.8 or 0.9; and by the pipeline's answer. Of several nets, the one
    that is worth most is judged; then it also says whether the winner of the searches is advised if it is named, and by
    how much the score that is told of the best net is too high.
    """
    rivals = RIVALS[name]
    rng = np.random.default_rng((draw, list(RIVALS).index(name), 43))
    n = sum(rivals.searches) or 2
    truth = np.append(np.full(n, BASE + gain), BASE)
    noise = np.append(np.full(n, rivals.noise), min(rivals.noise, LINEAR_NOISE))
    drawn = draw_predictions(
        truth,
        noise,
        rng,
        2 * rivals.n_repeats,
        rivals.n_rows,
        rivals.own,
        rivals.hard,
        rivals.n_folds,
        rivals.alike,
    )
    rest = slice(rivals.n_repeats, None)
    fresh = Search(truth, drawn.right[:, rest], drawn.folds[rest])
    scores, by_unit = fresh.scores, fresh.by_unit
    names = {"random_forest": 0, "hist_gradient_boosting": 1}
    winner = "random_forest"
    corrected: dict[str, tuple[float, ...]] = {}
    if rivals.searches:
        names, winner, corrected = _searched(drawn, rivals, draw)
    nowhere = np.zeros(scores.shape[1], dtype=bool)
    reached = {
        name: Reached(
            {"score": scores[row]},
            np.nan,
            str(row),
            nowhere if rivals.searches else None,
            by_unit.take([row]),
        )
        for name, row in names.items()
    }
    reached[LINEAR] = Reached({"score": scores[n]}, np.nan, by_unit=by_unit.take([n]))
    contest = Contest(
        reached,
        None if rivals.several else winner,
        Resampling.of_folds(rivals.n_folds, rivals.n_rows, (0, 1)),
        ROPE,
        corrected,
    )
    speaker = (
        contest.best(list(names)) if rivals.several or not rivals.searches else winner
    )
    assert speaker
    chance = contest.chance(speaker, LINEAR)
    by_means = contest.mean(speaker) - contest.mean(LINEAR) > ROPE
    said = {"by the means": by_means} | {
        f"at {least}": chance >= least for least in (0.5, 0.7, 0.8, 0.9)
    }
    said |= {"by the rule": choose(contest).use != LINEAR}
    if rivals.several:
        named = replace(contest, named=winner)
        said |= {
            "if the winner is named": choose(named).use != LINEAR,
            "score, too high by": contest.worth(speaker) - truth[names[speaker]],
        }
    return said


def _searched(
    drawn: Search, rivals: Rivals, seed: int
) -> tuple[dict[str, int], str, dict[str, tuple[float, ...]]]:
    """Return the nets by name, the winner, and what the picks are worth without luck."""
    splits = slice(rivals.n_repeats)
    found: dict[str, Corrected] = {}
    picks = {}
    searches: dict[str, tuple[np.ndarray, Search]] = {}
    for mine in np.split(
        np.arange(sum(rivals.searches)), np.cumsum(rivals.searches)[:-1]
    ):
        search = Search(
            drawn.truth[mine], drawn.right[mine][:, splits], drawn.folds[splits]
        )
        name, scores = f"net_{len(found)}", search.scores
        corrected = corrected_score(
            scores, search.resampling, seed=seed, rows=search.rows, n_rounds=N_ROUNDS
        )
        assert corrected is not None
        found[name], picks[name] = corrected, int(mine[scores.mean(axis=1).argmax()])
        searches[name] = mine, search
    winner, whole = (
        max(found, key=lambda name: found[name].score),
        whole_choice(found, (0, 1)),
    )
    assert whole is not None
    worth: dict[str, tuple[float, ...]] = {}
    worth |= {
        name: (each.score, each.low, each.high)
        for name, each in (found | {winner: whole}).items()
    }
    if rivals.others:
        # Candidates are equally good: the first of the set is the simplest by chance, and the start is one of them.
        mine, search = searches[winner]
        may_be_best = mine[best_set(search.scores, search.resampling, seed)]
        picks |= {"simplest": int(may_be_best[0]), "starting_point": 1}
        # As the pipeline does: with the settings of a pick, a net is worth as much.
        for name in ("simplest", "starting_point"):
            for pick in found:
                if picks[name] == picks[pick]:
                    worth[name] = worth[pick]
    return picks, winner, worth


def _tables(what: str, several: bool, n_searches: int) -> dict[str, Table]:
    """Return the tables of rivals with one search at the most, or with several, by gain."""
    names = []
    for name, rivals in RIVALS.items():
        if rivals.several == several and (len(rivals.searches) > 1) == (n_searches > 1):
            names.append(name)
    tables = {}
    for gain in (0.0, 0.03):
        title = f"Is {what} advised, with a true gain of {gain:g}?"
        cases = every(names, (gain,))
        tables[title] = Table(judge_answer, ("rivals", "gain"), cases, part=5)
    return tables


TABLES = (
    _tables("a net", several=False, n_searches=1)
    | _tables("the best net of a search", several=True, n_searches=1)
    | _tables("the best net of eight searches", several=True, n_searches=8)
)
