"""Draws all results of two commits, with known true scores, and asks whether what is claimed of them is wrong."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from gridstage.diff.comparison import Comparison, compare
from gridstage.diff.side import Scored, Side
from gridstage.repository import FolderTree
from gridstage.repository.snapshot import Snapshot
from gridstage.results.evaluation import Evaluation
from packages.resampled.tests.simulation.drawing import Said
from packages.resampled.tests.simulation.pairs.changes import (
    BEFORE,
    FITS,
    ROPE,
    Fits,
    batches,
    draw_fits,
)
from packages.resampled.tests.simulation.searches import N_FOLDS, N_ROWS, by_row
from resampled.means.by_unit import ByUnit
from resampled.means.ttest import half_width
from resampled.pairs.family import Verdict
from resampled.resampling import Resampling

N_CANDIDATES = 3
# In some, what a row adds is the same for all nets before, and for all nets now, as if their inputs had changed.
KINDS: dict[str, Fits] = {
    **{
        name: FITS[name]
        for name in ("calm, 0.017", "noisy, 0.1", "no chance in training")
    },
    "0.35 in 1 of 10, before and now": FITS["0.35 in 1 of 10, before and now"],
    "calm, rows by side": replace(FITS["calm, 0.017"], by_side=0.1),
    "no chance, rows by side": Fits(0.0, 0.1, by_side=0.35),
}
# What searches gain, in turn.
GAINS = {
    "none": (0.0,),
    "cancel": (0.03, -0.03),
    **{f"{gain:+g}": (gain,) for gain in (0.02, 0.03, 0.05)},
}
# All candidates but the first are hopeless, and gain this much; the first one gains nothing.
HOPELESS = (0.58, 0.05)
# The candidates of the first search are best, so their net is kept, and lose what all others gain.
KEPT = (0.78, 0.03)
# How the splits of both commits are related.
IN_PAIRS, SAME_ROWS, OTHER_ROWS = "in pairs", "the same rows", "other rows"
PARAMS = {
    **{"cv.splitter": "stratified", "cv.scoring": "accuracy", "cv.n_splits": N_FOLDS},
    **{"data.target": "y", "statistics.rope": ROPE},
}


def judge_headlines(
    kind: str, gains: str, n_searches: int, n_repeats: int, splits: str, n_draws: int
) -> list[Said]:
    """Draw commits that change so many searches, all on the same rows, and judge what is said of them."""
    rng = np.random.default_rng((list(KINDS).index(kind), n_searches, n_repeats, 43))
    truth = true_scores(gains, n_searches)
    drawn = draw_commits(KINDS[kind], truth, n_repeats, n_draws, splits, rng)
    return [judged(compare(*sides), truth) for sides in drawn]


def true_scores(gains: str, n_searches: int) -> np.ndarray:
    """Return the true scores before and now, shape (2, n_searches, N_CANDIDATES)."""
    truth = np.full((2, n_searches, N_CANDIDATES), BEFORE)
    if gains == "of the hopeless":
        truth[:, :, 1:] = HOPELESS[0] + np.array([0, HOPELESS[1]])[:, None, None]
    elif gains == "the kept loses":
        truth[1] += KEPT[1]
        truth[:, 0] = KEPT[0] - np.array([0, KEPT[1]])[:, None]
    else:
        truth[1] += np.resize(GAINS[gains], n_searches)[:, None]
    return truth


def judged(changes: Comparison, truth: np.ndarray) -> Said:
    """Compare what is claimed with the truth.

    `wrong` is whether anything is, of a pick, of the kept net, or of all searches together; `useless`, whether a gain
    of all searches is claimed that their picks do not have. The others are what is called better.
    """

    def gain(before: tuple[str | None, str], now: tuple[str | None, str]) -> float:
        (one, one_pick), (two, two_pick) = before, now
        return float(
            truth[1, int(str(two)), int(two_pick)]
            - truth[0, int(str(one)), int(one_pick)]
        )

    old, new = changes.sides.old, changes.sides.new
    by_pick = [
        (
            search.verdict,
            gain((search.name, search.old.params), (search.name, search.new.params)),
        )
        for search in changes.changed
        if search.old and search.new
    ]
    of_kept = gain(
        (old.kept, old.fresh[str(old.kept)].params),
        (new.kept, new.fresh[str(new.kept)].params),
    )
    of_all, of_picks = (
        float((truth[1] - truth[0]).mean()),
        float(np.mean([true for _, true in by_pick])),
    )
    # A gain that costs the kept net is no gain.
    claims = [
        (changes.together_verdict, of_all if of_all * of_kept >= 0 else 0.0),
        (changes.of_kept, of_kept),
        *by_pick,
    ]
    said = {
        "wrong": any(is_wrong(*claim) for claim in claims),
        "useless": is_wrong(changes.together_verdict, of_picks),
        "all together": says_better(changes.together_verdict),
        "the kept net": says_better(changes.of_kept),
        "any pick": any(says_better(verdict) for verdict, _ in by_pick),
    }
    return said | {
        "anything": said["all together"] or said["the kept net"] or said["any pick"]
    }


def is_wrong(verdict: Verdict | None, truth: float) -> bool:
    """Return whether a verdict claims a difference that there is not, or that has the other sign."""
    return verdict is not None and verdict.claims and verdict.of.difference * truth <= 0


def says_better(verdict: Verdict | None) -> bool:
    """Return whether a verdict claims a gain: better, or higher by more than chance."""
    return verdict is not None and verdict.claims and verdict.of.difference > 0


def draw_commits(
    fits: Fits,
    truth: np.ndarray,
    n_repeats: int,
    n_draws: int,
    splits: str,
    rng: np.random.Generator,
) -> Iterator[tuple[Side, Side]]:
    """Yield the results of two commits: candidates on the splits of the searches, and their picks on fresh ones."""
    more = replace(fits, n_repeats=(4 if splits == SAME_ROWS else 2) * n_repeats)

    def draw(size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        hits, folds, scores, _ = draw_fits(
            truth.ravel(), more, fits.stuck[0], size, rng
        )
        scores, hits = (
            each.reshape(size, *truth.shape, *each.shape[2:]) for each in (scores, hits)
        )
        return scores, hits, folds

    for size in batches(n_draws, 10):
        befores = draw(size)
        nows = draw(size) if splits == OTHER_ROWS else befores
        for i in range(size):
            (before, hits), (now, hits_now) = (
                [each[i, side] for each in of[:2]]
                for side, of in enumerate((befores, nows))
            )
            folds, folds_now = befores[2], nows[2]
            first, last = (
                slice(2 * n_repeats * N_FOLDS),
                slice(-2 * n_repeats * N_FOLDS, None),
            )
            fresh = slice(n_repeats, 2 * n_repeats), slice(-n_repeats, None)
            yield (
                results_of(
                    "before",
                    before[..., first],
                    hits[:, :, fresh[0]],
                    folds[fresh[0]],
                    7,
                ),
                results_of(
                    "now",
                    now[..., last],
                    hits_now[:, :, fresh[1]],
                    folds_now[fresh[1]],
                    7 if splits == IN_PAIRS else 8,
                ),
            )


def results_of(
    name: str, scores: np.ndarray, hits: np.ndarray, folds: np.ndarray, seed: int
) -> Side:
    """Return the results of a commit, from scores of shape (n_searches, n_candidates, 2 * n_splits).

    `hits`, of shape (n_searches, n_candidates, n_repeats, n_rows), are those on the fresh splits, the second half, and
    so are the `folds`, of shape (n_repeats, n_rows).
    """
    n_splits = scores.shape[2] // 2
    snapshot = Snapshot(name, name)
    vars(snapshot)["tree"] = FolderTree()  # a commit without files
    none, resampling = (
        np.zeros(n_splits, dtype=bool),
        Resampling.of_folds(N_FOLDS, N_ROWS, (0, 1)),
    )
    searched, fresh = scores[..., :n_splits], scores[..., n_splits:]
    picks = searched.mean(axis=2).argmax(axis=1)

    def scored(
        params: int,
        each: np.ndarray,
        half: float = np.nan,
        by_unit: ByUnit | None = None,
    ) -> Scored:
        return Scored(str(params), each, none, half, by_unit=by_unit)

    picked = fresh[np.arange(len(picks)), picks]
    halves = half_width(picked, resampling)
    kept = int(searched.mean(axis=2).max(axis=1).argmax())
    results = Side(snapshot)
    vars(results).update(
        searches={
            str(s): {str(c): scored(c, each) for c, each in enumerate(of)}
            for s, of in enumerate(searched)
        },
        fresh={
            str(s): scored(pick, picked[s], halves[s], by_row(hits[s, [pick]], folds))
            for s, pick in enumerate(picks)
        },
        answer=Evaluation(n_rows=0, classes={}, kept=str(kept), use=str(kept)),
        evaluated=PARAMS | {"seed": seed},
        stages={},
        resampling=lambda _scoring: resampling,
    )
    return results
