"""Draws random searches whose keys are known to have an effect or none, and says which are said to have one."""

import numpy as np

from packages.resampled.tests.simulation.drawing import Said
from packages.resampled.tests.simulation.learners import (
    Learner,
    cross_validate,
    draw_table,
)
from packages.resampled.tests.simulation.searches import (
    CALM,
    N_ROWS,
    Search,
    draw_predictions,
)
from resampled.candidates.effects import effect_p_values
from resampled.means.ttest import ALPHA

# The standard deviation of the candidates' true scores, and the part of their variance that the learning rate makes.
SPREAD = 0.03
KEY_CASES = {"all equal": 0.0, "random labels": 0.0, "half from lr": 0.5}


def judge_keys(case: str, n_candidates: int, n_repeats: int, draw: int) -> Said:
    """Draw a random search over six keys, and test them.

    `all equal`: candidates with equal true scores, each with rows that are hard for it alone. `random labels`: real
    learners that predict classes drawn by chance; three of the keys are theirs, so candidates with a value in common
    are right on the same rows. `half from lr`: the logarithm of `lr` makes half of the variance of the true scores, and
    chance the other half.
    """
    rng = np.random.default_rng(
        (draw, list(KEY_CASES).index(case), n_candidates, n_repeats)
    )
    drawn = {
        "n_hidden": rng.choice([3, 6, 12, 24], n_candidates),
        "penalty": 10 ** rng.uniform(-1, 1.5, n_candidates),
        "scale": rng.uniform(0.5, 1.5, n_candidates),
        "lr": 10 ** rng.uniform(-4, -1, n_candidates),
        "optimizer": rng.choice(["SGD", "Adam", "AdamW"], n_candidates),
        "batch_size": rng.choice([16, 64], n_candidates),
    }
    if case == "random labels":
        learners = [
            Learner(*row)
            for row in zip(
                drawn["n_hidden"], drawn["penalty"], drawn["scale"], strict=True
            )
        ]
        X, _ = draw_table(N_ROWS // 2, rng)
        search = Search(
            np.full(n_candidates, 0.5),
            *cross_validate(learners, X, rng.random(len(X)) < 0.5, rng, n_repeats),
        )
    else:
        part = KEY_CASES[case]
        by_lr = 12**0.5 * (np.log10(drawn["lr"]) + 2.5) / 3  # of variance 1
        other = rng.standard_normal(n_candidates)
        truth = 0.72 + (part > 0) * SPREAD * (
            part**0.5 * by_lr + (1 - part) ** 0.5 * other
        )
        search = draw_predictions(truth, CALM, rng, n_repeats)
    p = effect_p_values(drawn, search.scores, search.resampling, draw)
    said = dict(zip(drawn, (p < ALPHA).tolist(), strict=True))
    found = said.pop("lr")
    return {
        "a key is claimed wrongly": any(said.values())
        or (found and not KEY_CASES[case]),
        "lr is claimed": found,
    }
