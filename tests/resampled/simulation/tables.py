"""The tables of the package's simulations, by title."""

from collections.abc import Callable

from tests.resampled.simulation import unstable, verdicts
from tests.resampled.simulation.candidates import halving, keys, thresholds
from tests.resampled.simulation.drawing import Drawing, Rows
from tests.resampled.simulation.means import fresh, labelled, one_best, perfect, whole
from tests.resampled.simulation.pairs import change_tables, corners, few

Table = Callable[[Drawing], Rows]

TABLES: dict[str, Table] = {
    "What changed: the level": change_tables.level_rows,
    "What changed: the power": change_tables.power_rows,
    "Without the stuck splits": change_tables.stuck_rows,
    "More repeats, or more folds": change_tables.shape_rows,
    "Eight searches that changed": change_tables.family_rows,
    "Pairs of learners: unstable": change_tables.unstable_rows,
    "Pairs of learners: real": change_tables.learner_rows,
    "Fresh splits that wear out": change_tables.worn_rows,
    "Picks of searches": change_tables.pick_rows,
    "Level by few rows": few.rows,
    "The set that holds the best: thresholds": thresholds.rows,
    "Nearly perfect scores": perfect.rows,
    "Rare classes": labelled.rare_rows,
    "One best: the corrected score": one_best.rows,
    "The set that holds the best: unstable pairs": unstable.rows,
    "Intervals on other tables": labelled.rows,
    "Equal learners on fresh splits": fresh.rows,
    "Corners": corners.rows,
    "The choice among all searches": whole.rows,
    "The corrected score": verdicts.corrected_rows,
    "The corrected score of one repeat": verdicts.one_repeat_rows,
    "The set that holds the best": verdicts.set_rows,
    "Halving": halving.rows,
    "The keys that mattered": keys.rows,
}
