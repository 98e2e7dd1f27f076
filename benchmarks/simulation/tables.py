"""The tables of the package's simulations, by title."""

from benchmarks.simulation import fitted, gains, halving, wearing
from packages.resampled.tests.simulation import conformal, real_tables, verdicts
from packages.resampled.tests.simulation.candidates import keys
from packages.resampled.tests.simulation.drawing import Table, every
from packages.resampled.tests.simulation.means import labelled, perfect, winners
from packages.resampled.tests.simulation.pairs import changes, equal, few
from packages.resampled.tests.simulation.searches import CASES

# What is said of a pair; the rest is about stuck fits.
WORDS = ("better", "worse", "level", "better, scores alone", "worse, scores alone")
OF_PAIRS = ("fits", "true difference")
WORN = ("calm, 0.017", "noisy, 0.1", "no chance in training")
# Fits that are stuck now alone, and the true difference if the others are as good as before.
STUCK_NOW = {"0.65 in 1 of 10, now": -0.007, "0.35 in 1 of 10, now": -0.037}
SHAPED = {
    "calm, 0.017": 0.03,
    "noisy, 0.05": 0.03,
    "noisy, 0.1": 0.05,
    "0.35 in 1 of 10, now": -0.037,
}
SHAPES = ((3, 10), (3, 30), (3, 100), (5, 10), (10, 10))  # folds and repeats
OF_SEARCHES = ("case", "candidates", "repeats")
LARGE, SHORT = every(CASES, (30, 200), (10,)), every(CASES, (30,), (1,))
CORRECTED = ("winner's mean", "rows alone", "corrected", "covers", "width")
HELD = ("holds the best", "holds every best", "share in the set", "share tied in pairs")

TABLES = {
    "Equal learners": Table(
        equal.judge_equal, ("learner",), every(equal.USUAL), part=2
    ),
    "Equal learners that few rows sway": Table(
        equal.judge_equal, ("learner",), every(equal.SWAYED), part=2
    ),
    "Equal learners, one repeat": Table(
        equal.judge_equal, ("learner",), every(equal.ONE_REPEAT), part=2
    ),
    "Equal learners, unseen": Table(
        equal.judge_equal, ("learner",), every(equal.UNSEEN), part=2
    ),
    "Equal learners, few positives in a fold": Table(
        equal.judge_equal, ("learner",), every(equal.FEW_POSITIVES), part=2
    ),
    "Equal learners, scorers by leaving out rows": Table(
        equal.judge_equal, ("learner",), every(equal.LEFT_OUT), part=2
    ),
    "Equal learners, a fixed random_state": Table(
        equal.judge_equal, ("learner",), every(equal.FIXED_STATE), part=2
    ),
    "Constants on stratified folds": Table(
        few.judge_constants,
        ("rows", "folds", "repeats"),
        every((150, 301), (3, 5), (1, 10)),
    ),
    "Learners that gain": Table(
        gains.judge_gain, ("learners",), every(gains.GAINS), part=2
    ),
    "What is found": Table(
        gains.judge_power, ("learners",), every(gains.POWERS), part=2
    ),
    "What changed: the level": Table(
        changes.judge_changes,
        OF_PAIRS,
        every(changes.FITS, (0.0, changes.ROPE)),
        at_once=True,
        columns=WORDS,
    ),
    "What changed: the power": Table(
        changes.judge_changes,
        OF_PAIRS,
        every(changes.FITS, (0.02, 0.03, 0.05)),
        at_once=True,
        columns=WORDS,
    ),
    "Without the stuck splits": Table(
        changes.judge_changes,
        OF_PAIRS,
        [(name, true) for name, lower in STUCK_NOW.items() for true in (0.0, lower)],
        at_once=True,
    ),
    "More repeats, or more folds": Table(
        changes.judge_shape,
        ("fits", "folds", "repeats", "true difference"),
        [
            (name, *shape, true)
            for name in SHAPED
            for shape in SHAPES
            for true in (0.0, SHAPED[name])
        ],
        part=2,
        at_once=True,
        columns=WORDS,
    ),
    "Eight searches that changed": Table(
        changes.judge_families,
        ("fits",),
        every((*WORN, "0.35 in 1 of 10, before and now")),
        at_once=True,
    ),
    "Fresh splits that wear out": Table(
        wearing.wear_out,
        ("fits", "tried"),
        every(WORN, (1, 5, 20)),
        part=2,
        at_once=True,
    ),
    "Picks of searches": Table(
        wearing.judge_picks,
        ("fits", "candidates before", "now"),
        every(WORN, (8, 1), (30,)),
        part=2,
        at_once=True,
    ),
    "Level by few rows": Table(few.judge_few, ("pair",), every(few.PAIRS)),
    "Nearly perfect scores": Table(
        perfect.judge_perfect,
        ("training", "rows", "accuracy"),
        every(perfect.TRAININGS, (300, 768), (0.99, 0.995, 0.998, 0.9995)),
        part=2,
    ),
    "Rare classes": Table(
        labelled.judge_rare,
        ("scorer", "rows"),
        every(labelled.RARE, (99, 300, 600)),
        part=2,
    ),
    "One best: the corrected score": Table(
        winners.judge_lead, ("search",), every(winners.LEADS)
    ),
    "One best of 50, R²: the corrected score": Table(
        winners.judge_numbers, ("search",), every(winners.NUMBERS)
    ),
    "Intervals on other tables": Table(
        labelled.judge_table, ("table",), every(labelled.TABLES), part=2
    ),
    "Intervals of learners' means": Table(
        fitted.judge_fitted, ("learner",), every(fitted.FITTED), part=2, at_once=True
    ),
    "Equal learners on fresh splits": Table(
        winners.judge_fresh, ("training",), every(winners.TRAININGS), part=2
    ),
    "Corners": Table(few.judge_one_repeat, (), [()], part=2),
    "The choice among all searches": Table(
        winners.judge_whole, ("case",), every(CASES), part=2
    ),
    "The corrected score": Table(
        verdicts.judge,
        OF_SEARCHES,
        [*LARGE, ("real learners", 24, 10)],
        columns=CORRECTED,
    ),
    "The corrected score of one repeat": Table(
        verdicts.judge, OF_SEARCHES, SHORT, columns=CORRECTED
    ),
    "The set that holds the best": Table(
        verdicts.judge, OF_SEARCHES, LARGE + SHORT, columns=HELD
    ),
    "Halving": Table(
        halving.halve,
        ("halved candidates", "a fit's noise"),
        every((27, 81), (0.02, 0.1)),
    ),
    "The keys that mattered": Table(
        keys.judge_keys,
        OF_SEARCHES,
        (
            *every(keys.KEY_CASES, (16, 30, 50), (10,)),
            *every(keys.KEY_CASES, (30,), (1,)),
        ),
    ),
    "Intervals of predictions": Table(
        conformal.judge_intervals,
        ("table", "rows"),
        every(conformal.KINDS, (60, 200, 800)),
        part=2,
    ),
    "Intervals of predictions: groups": Table(
        conformal.judge_groups,
        ("table", "groups"),
        every(conformal.GROUPED, (10, 20, 40, 80)),
        part=2,
    ),
    "Sets of classes": Table(
        conformal.judge_sets,
        ("rows", "level"),
        every((60, 200, 800), (0.5, 0.8, 0.9, 0.95)),
        part=2,
    ),
    "Real tables: intervals": Table(
        real_tables.judge_table,
        ("table", "learner"),
        every(real_tables.NUMBERS, real_tables.LEARNERS),
        part=20,
    ),
    "Real tables: sets": Table(
        real_tables.judge_table,
        ("table", "learner"),
        every(real_tables.CLASSES, real_tables.LEARNERS),
        part=20,
    ),
}
