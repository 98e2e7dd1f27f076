"""What each unit, which is a row, a group or a bundle of rows, makes of the scores of candidates."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from resampled.means.exact import summable


@dataclass(frozen=True)
class ByUnit:
    """What units make of scores: all that the error of a mean or of a difference needs, beside the scores themselves.

    Attributes
    ----------
    values : array of shape (n_candidates, n_rounds, n_units)
        What a unit makes of a score in the split that tests it, such as whether its prediction is right. A round is a
        repeat of all folds, or one split if there are none; NaN for a unit that it does not test. All are NaN of a
        candidate of which nothing is known, and infinite if a unit decides a score alone.
    moves : array of shape (n_candidates, n_pairs)
        For each two splits of different rounds, in the order of the later one: by how much the units that both test
        move together from one to the other. They are scaled so that the mean of their squares is t, the covariance of
        two units that are tested together, plus `alone` times w / n_units, what the units' own moves make of it.
    alone : float
        About the square of the number of folds.
    """

    values: np.ndarray
    moves: np.ndarray
    alone: float

    @classmethod
    def of(cls, values: np.ndarray, tested: np.ndarray) -> "ByUnit":
        """Return it for values as above, and for which units each split tests, of shape (n_splits, n_units)."""
        n_candidates, n_rounds, n_units = values.shape
        n_splits = len(tested)
        of_round = np.arange(n_splits) * n_rounds // n_splits
        weights = tested.astype(float)
        finite = np.where(np.isfinite(values), values, 0.0)
        finite = summable(finite, axis=(1, 2))  # so that what does not move is 0
        # By split, over the units that another split tests, too.
        sums = np.empty((n_candidates, n_splits, n_splits))
        for number in range(n_rounds):
            splits = of_round == number
            of_splits = finite[:, number, None] * weights[splits]
            sums[:, splits] = of_splits @ weights.T
        later, earlier = np.tril_indices(n_splits, -1)
        apart = of_round[later] != of_round[earlier]
        later, earlier = later[apart], earlier[apart]
        moves = sums[:, later, earlier] - sums[:, earlier, later]
        shared = (weights @ weights.T)[later, earlier]
        n_pairs_of_units = (shared * (shared - 1)).sum()
        if not n_pairs_of_units:
            return cls(values, np.zeros_like(moves), 0.0)
        scale = np.sqrt(len(moves[0]) / (2 * n_pairs_of_units))
        alone = float(n_units * shared.sum() / n_pairs_of_units)
        return cls(values, moves * scale, alone)

    @classmethod
    def together(cls, each: Sequence["ByUnit"]) -> "ByUnit":
        """Return that of the candidates of several, which were tested on the same splits."""
        values = np.concatenate([one.values for one in each])
        moves = np.concatenate([one.moves for one in each])
        return cls(values, moves, each[0].alone)

    @property
    def n_rounds(self) -> int:
        """The number of rounds."""
        return self.values.shape[1]

    def take(self, candidates: Sequence[int] | np.ndarray) -> "ByUnit":
        """Return that of some candidates, by their numbers or a mask."""
        return replace(
            self, values=self.values[candidates], moves=self.moves[candidates]
        )

    def among(self, n_candidates: int, places: np.ndarray) -> "ByUnit":
        """Return that of more candidates, of which these have the places, and nothing is known of the others."""
        values = np.full((n_candidates, *self.values.shape[1:]), np.nan)
        moves = np.full((n_candidates, self.moves.shape[1]), np.nan)
        values[places], moves[places] = self.values, self.moves
        return replace(self, values=values, moves=moves)

    def first(self, n_rounds: int) -> "ByUnit":
        """Return that of the first rounds."""
        all_rounds = max(self.n_rounds, 2)
        n_all = all_rounds * (all_rounds - 1)
        n_pairs = self.moves.shape[1] * n_rounds * (n_rounds - 1) // n_all
        return replace(
            self, values=self.values[:, :n_rounds], moves=self.moves[:, :n_pairs]
        )

    def bundled(self, n_bundles: int, rng: np.random.Generator) -> "ByUnit":
        """Return that of means over bundles of units, drawn by chance, for rounds that test all units."""
        order = rng.permutation(self.values.shape[-1])
        parts = np.array_split(order, min(n_bundles, len(order)))
        means = [self.values[..., part].mean(axis=-1) for part in parts]
        return replace(self, values=np.stack(means, axis=-1))
