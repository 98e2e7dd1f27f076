"""Draws learners that are equally good by construction, and says what is claimed of them.

A table has two halves of inputs that are drawn alike and say the same of the target. One learner sees the first half,
the other one the second, so they are equally good, whatever they do.
"""

from collections.abc import Iterable

import numpy as np

from packages.resampled.tests.simulation.drawing import Said
from packages.resampled.tests.simulation.fits import LEARNERS
from packages.resampled.tests.simulation.other_fits import OTHERS
from packages.resampled.tests.simulation.pairs.before import (
    claimed_before,
    claimed_by_nadeau_and_bengio,
)
from packages.resampled.tests.simulation.pairs.changes import claims, word_of
from packages.resampled.tests.simulation.pairs.halves import Equal, Noise, judged_pair
from resampled.candidates.best_set import best_set
from resampled.pairs.pair import Pair


def by_name(cases: Iterable[Equal]) -> dict[str, Equal]:
    """Return cases by what they are in words."""
    return {str(case): case for case in cases}


# How a learner that selects inputs, prunes or cuts at a threshold is called: there, claims are a hint.
HINTS = ("lasso that selects", "hard threshold", "one of the inputs")
_RIDGE = (
    (60, 30, 3),
    (100, 10, 2),
    (100, 10, 3),
    (100, 3, 10),
    (300, 5, 2),
    (300, 10, 3),
    (1000, 10, 3),
    (40, 10, 3),
)
_USUAL, _SMALL, _NET = (300, 10, 3), (100, 10, 3), (768, 10, 3)
USUAL = by_name(
    (
        *(
            Equal("ridge", 4, shape)
            for shape in (*_RIDGE, (5000, 2, 3), (100, 1, 3), (1000, 1, 10))
        ),
        *(
            Equal("ridge", 10, shape, "r2")
            for shape in ((60, 10, 3), _USUAL, (300, 1, 5))
        ),
        *(Equal("ridge", 20, shape) for shape in (_USUAL, (300, 10, 10))),
        *(
            Equal("ridge", 10, shape, signal=0)
            for shape in ((300, 10, 10), (300, 4, 10), _NET)
        ),
        Equal("ridge", 10, _SMALL, "r2", 0),
        *(
            Equal("ridge", 4, (200, *shape), n_groups=20)
            for shape in ((4, 5), (10, 4), (1, 5))
        ),
        *(
            Equal("ridge", 4, shape, n_groups=n)
            for shape, n in (((400, 5, 5), 60), ((600, 10, 3), 40))
        ),
        Equal("ridge", 4, (200, 10, 5), "r2", n_groups=20),
        Equal("tree of depth 3", 4, (200, 5, 5), n_groups=20),
        *(
            Equal("ridge", 4, _USUAL, name, positives=0.05)
            for name in ("roc_auc", "balanced_accuracy", "neg_log_loss")
        ),
        *(
            Equal("ridge", 4, _USUAL, name, positives=0.1)
            for name in ("roc_auc", "balanced_accuracy")
        ),
        *(
            Equal("ridge", 4, (300, 1, 5), name, positives=0.1)
            for name in ("roc_auc", "balanced_accuracy")
        ),
        Equal("ridge", 4, (60, 10, 3), "balanced_accuracy", positives=0.1),
        Equal("ridge", 4, (1000, 10, 3), "roc_auc", positives=0.03),
        Equal("ridge", 10, _USUAL, "roc_auc", 0),
        Equal("5 nearest rows", 4, _USUAL, "balanced_accuracy", positives=0.2),
        Equal("ridge", 4, _USUAL, "f1", positives=0.2),
        Equal("ridge", 20, _SMALL, "neg_log_loss"),
        Equal("ridge", 4, _SMALL, "neg_mean_absolute_error"),
        *(
            Equal("5 nearest rows", 4, shape)
            for shape in ((100, 4, 10), _USUAL, (300, 1, 5))
        ),
        Equal("5 nearest rows", 4, _USUAL, signal=0),
        Equal("nearest row", 4, _USUAL),
        Equal("net of 6", 4, _SMALL),
        *(Equal("net of 12", 8, shape) for shape in (_USUAL, (2000, 5, 5))),
        *(Equal("net of 24", 8, shape) for shape in (_NET, (300, 30, 3), (768, 1, 3))),
        Equal("net of 12", 8, _SMALL, "r2"),
        Equal("net of 12", 8, _USUAL, signal=0),
        Equal("net of 24 without chance", 8, _USUAL),
        *(
            Equal("tree of depth 3", 4, shape)
            for shape in ((100, 4, 3), _USUAL, (1000, 2, 5), (300, 1, 5))
        ),
        Equal("tree of depth 3", 4, _USUAL, "r2"),
        *(Equal("boosted stumps", 4, _USUAL, scorer) for scorer in ("accuracy", "r2")),
        *(Equal("boosted trees", 4, shape) for shape in (_USUAL, (1000, 2, 5))),
        Equal("boosted trees", 6, (100, 5, 5), "neg_log_loss"),
        *(Equal("lasso", p, shape) for p, shape in ((10, _USUAL), (20, (100, 30, 3)))),
        *(Equal("lasso", p, shape, "r2") for p, shape in ((10, _USUAL), (20, _SMALL))),
        Equal("lasso that selects", 10, _USUAL, "r2"),
        *(Equal("hard threshold", 4, (n, 10, 3), "r2", 0.4) for n in (300, 1000)),
        *(Equal("one of the inputs", 4, (n, 10, 3), "r2", 0.3) for n in (300, 1000)),
    )
)

_MSE, _MAE = "neg_mean_squared_error", "neg_mean_absolute_error"
_COMPONENTS = "3 of its components"
_FAR_OFF: Noise = "one target far off"
# Where the luck of the training rows is many times that of the tested ones. The weights of the rule were chosen on
# these and some of the usual ones.
SWAYED = by_name(
    (
        *(Equal("ridge", 60, (100, *shape), _MSE) for shape in ((5, 5), (10, 10))),
        *(Equal("ridge", 60, (n, 10, 3), "r2") for n in (100, 120)),
        Equal("ridge", 60, (100, 5, 5)),
        *(Equal("least squares", p, (100, 5, 5), _MSE) for p in (60, 75)),
        *(
            Equal(_COMPONENTS, 10, (300, *shape))
            for shape in ((10, 3), (10, 2), (10, 5), (2, 5))
        ),
        *(
            Equal(_COMPONENTS, 10, (300, *shape), "r2")
            for shape in ((10, 3), (10, 2), (2, 5))
        ),
        *(Equal(_COMPONENTS, 10, (100, 5, 5), scorer) for scorer in ("accuracy", "r2")),
        *(
            Equal("ridge", 4, (100, 10, n_folds), _MAE, noise=_FAR_OFF)
            for n_folds in (3, 10)
        ),
        Equal("ridge", 4, (100, 10, 3), _MAE, noise="t with 1.5 df"),
        *(
            Equal(f"lasso of {penalty}", 10, (300, 10, 3), "r2")
            for penalty in (0.3, 0.5)
        ),
    )
)
ONE_REPEAT = by_name(
    (
        *(Equal("ridge", 4, (n, 1, 5)) for n in (100, 300)),
        Equal("ridge", 60, (100, 1, 5)),
        Equal("ridge", 60, (100, 1, 5), _MSE),
        *(Equal(_COMPONENTS, 10, (300, 1, 5), scorer) for scorer in ("accuracy", "r2")),
        Equal("nearest row", 4, (300, 1, 5)),
        Equal("net of 12", 8, (300, 1, 5)),
        Equal("net of 12", 8, (300, 1, 5), "r2"),
        Equal("boosted trees", 4, (300, 1, 5)),
    )
)
# Cases on which nothing was chosen: other learners, numbers of rows, folds and repeats, scorers and classes.
UNSEEN = by_name(
    (
        Equal("support vectors", 4, (200, 10, 3)),
        Equal("support vectors", 6, (300, 5, 5), "balanced_accuracy", positives=0.2),
        Equal(
            "support vectors for numbers", 5, (150, 10, 3), _MAE, noise="t with 1.5 df"
        ),
        Equal("full tree", 6, (200, 10, 3)),
        Equal("full tree for numbers", 4, (300, 5, 2), _MAE),
        Equal("15 nearest rows", 4, (150, 4, 5), "r2"),
        Equal("5 nearest rows", 8, (80, 10, 5), "balanced_accuracy", positives=0.3),
        Equal("net of 6", 4, (150, 5, 5)),
        Equal("net of 12", 6, (200, 10, 5), "r2"),
        Equal("ridge", 8, (150, 20, 2), _MAE),
        Equal("ridge", 30, (200, 5, 5), "r2"),
        Equal("ridge", 6, (500, 10, 3), "f1", positives=0.1),
        Equal("ridge", 40, (60, 10, 3), "roc_auc"),
        Equal("boosted stumps", 4, (400, 3, 3), "neg_log_loss"),
        Equal("forest of 10", 6, (200, 5, 4)),
        Equal("tree of depth 3", 4, (240, 6, 4), n_groups=30),
        Equal("logistic regression", 12, (150, 10, 3)),
        Equal("kernel ridge", 4, (120, 5, 5), _MSE),
        Equal("lasso of 0.1", 15, (120, 10, 3), "r2"),
        *(
            Equal("2 of its components", 8, (200, 10, 4), scorer)
            for scorer in ("accuracy", "r2")
        ),
        Equal("support vectors", 4, (200, 1, 10)),
        Equal("full tree for numbers", 4, (300, 1, 5), _MAE),
        Equal("forest of 10", 6, (200, 1, 4)),
        Equal("net of 12", 6, (200, 1, 5), "r2"),
    )
)
# By scores alone, ROC AUC of few positives in a fold.
FEW_POSITIVES = by_name(
    Equal("ridge", 4, shape, "roc_auc", positives=share)
    for shape, share in (
        ((1000, 10, 3), 0.02),
        ((400, 5, 5), 0.03),
        ((400, 10, 10), 0.05),
        ((300, 1, 5), 0.05),
    )
)
# Scorers that are no sums over rows, by leaving out each row.
LEFT_OUT = by_name(
    (
        *(
            Equal("ridge", 4, _USUAL, name, positives=0.1)
            for name in ("matthews_corrcoef", "f1_macro")
        ),
        Equal("5 nearest rows", 4, _USUAL, "matthews_corrcoef", positives=0.2),
        Equal("tree of depth 3", 4, _USUAL, "f1_macro", positives=0.2),
    )
)
# An estimator whose random_state is a number: all its fits have the same luck, which no split shows.
FIXED_STATE = by_name(
    (
        *(
            Equal("net of 12 without chance", 8, (n, 10, 3), "r2", same_inputs=True)
            for n in (300, 1000)
        ),
        Equal("net of 24 without chance", 8, (1000, 10, 3), "r2", same_inputs=True),
        *(
            Equal("net of 12 without chance", 8, shape, scorer, 3.0, same_inputs=True)
            for shape, scorer in (((1000, 10, 3), _MAE), ((2000, 5, 5), "accuracy"))
        ),
    )
)
CASES = USUAL | SWAYED | ONE_REPEAT | UNSEEN | FEW_POSITIVES | LEFT_OUT | FIXED_STATE


def judge_equal(name: str, draw: int) -> Said:
    """Draw a table: is a difference claimed, and is the first learner, fixed in advance, not in the set of the best?"""
    case, rng = CASES[name], np.random.default_rng((draw, list(CASES).index(name), 57))
    X, y, groups = case.table(rng)
    fit, half = (LEARNERS | OTHERS)[case.learner], case.n_inputs
    first = X[:, :half]
    second = first if case.same_inputs else X[:, half:]
    pair = judged_pair([(fit, first), (fit, second)], y, groups, case, rng)
    scores, alone = (
        np.stack([pair.old, pair.new]),
        Pair(pair.old, pair.new, pair.resampling, 0.0),
    )
    return {
        "claimed": claims(word_of(pair)),
        "excluded": not best_set(scores, pair.resampling, draw, pair.by_unit)[0],
        "claimed, scores alone": claims(word_of(alone)),
        "excluded, scores alone": not best_set(scores, pair.resampling, draw)[0],
        "claimed before": claimed_before(pair),
        "claimed by Nadeau and Bengio": claimed_by_nadeau_and_bengio(pair),
    }
