"""Draws searches by successive halving: candidates learn at different speeds, and their scores are noisy."""

import numpy as np

from packages.resampled.tests.simulation.drawing import Said

EPOCHS, FACTOR = (10, 30, 90), 3


def halve(n_candidates: int, fit_noise: float, draw: int) -> Said:
    """Draw a search in three stages, of which each keeps the best third; what is given away are true scores.

    After e epochs, a candidate's true score is f - (f - 0.6)·2^(-e/h), with f normal around 0.72 (standard deviation
    0.015) and a half-life h between 2 and 30 epochs, uniform on a log scale. The mean that is observed adds two normal
    parts: one of the rows, the same at each stage (standard deviation 0.008), and one of the 30 fits, new at each stage
    (standard deviation `fit_noise` / √30).
    """
    rng = np.random.default_rng((draw, n_candidates, round(1000 * fit_noise)))
    final = 0.72 + 0.015 * rng.standard_normal(n_candidates)
    half_life = np.exp(rng.uniform(np.log(2), np.log(30), n_candidates))
    rows = 0.008 * rng.standard_normal(n_candidates)
    truth = [final - (final - 0.6) * 2 ** (-epochs / half_life) for epochs in EPOCHS]
    fits = fit_noise / 30**0.5 * rng.standard_normal((len(EPOCHS), n_candidates))
    observed = np.stack(truth) + rows + fits
    best, left = int(truth[-1].argmax()), np.arange(n_candidates)
    for stage in range(len(EPOCHS) - 1):
        left = left[
            (-observed[stage, left]).argsort(kind="stable")[: -(-len(left) // FACTOR)]
        ]
    winner, full_winner = left[observed[-1, left].argmax()], observed[-1].argmax()
    return {
        "best thrown out": best not in left,
        "given away": truth[-1][best] - truth[-1][winner],
        "given away by training all": truth[-1][best] - truth[-1][full_winner],
    }
