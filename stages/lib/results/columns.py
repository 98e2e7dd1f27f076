"""Every column of the tables under metrics/: its type, its unit, its digits, and how the report heads it."""

import re
from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple

# The name of the scorer that selects; further ones go by their own.
SCORE = "score"
# Of a number that depends on exponentials, logarithms or distributions. Their last bits are not the same on every
# processor: numpy's exp and log differ with AVX-512 off.
COMPUTED = 12
# Of a number that is only drawn. Losses are float32, and the C library's log1pf differs in their last bits.
DRAWN = 6


class Unit(Enum):
    """What a column counts or measures, by which it is shown."""

    TEXT = "text"
    PARAMS = "settings, as `format_params` writes them"
    COUNT = "a number of things"
    YES_NO = "true, false, or nan where that is not known"
    SCORE = "the unit of the score"
    HALF_WIDTH = "half the width of a 95 % interval, in the unit of the score"
    DIFFERENCE = "a difference of two scores"
    P_VALUE = "a p-value"
    SHARE = "a share or probability, from 0 to 1"
    NUMBER = "a number of another unit"


class Column(NamedTuple):
    """A column of tables. A cell `nan` of an int or a bool says that nothing is known.

    `heading` is how the report heads it, "" by its name. `digits` are the significant ones of a float, by default those
    that give the same float back. What is `tested` is left out of the report where there are no intervals.
    """

    type: type
    unit: Unit
    heading: str = ""
    digits: int | None = None
    tested: bool = False


_TEXT = Column(str, Unit.TEXT)
_SETTINGS = Column(str, Unit.PARAMS)
_COUNT = Column(int, Unit.COUNT)
_SCORE = Column(float, Unit.SCORE)
_SHARE = Column(float, Unit.SHARE, digits=COMPUTED)
_DRAWN = Column(float, Unit.NUMBER, digits=DRAWN)
_CORRECTED = Column(float, Unit.SCORE, digits=COMPUTED, tested=True)
_YES_NO = Column(bool, Unit.YES_NO)

# In the order in which the report shows them. `SETTING` stands for the keys of a grid, and `OTHER_SCORER` for the
# scorers of `cv.also_score`.
SETTING, OTHER_SCORER = "", "mean_test_"
COLUMNS: dict[str, Column] = {
    "setting": _TEXT,
    "experiment": _TEXT,
    "rank_test_score": _COUNT._replace(heading="rank"),
    "best_score_corrected": _CORRECTED._replace(heading="corrected"),
    "best_score_corrected_low": _CORRECTED._replace(heading="95 % interval"),
    "best_score_corrected_high": _CORRECTED,
    "mean_test_score": _SCORE._replace(heading="mean"),
    "best_score": _SCORE._replace(heading="mean"),
    **dict.fromkeys(("ci95", "best_ci95"), Column(float, Unit.HALF_WIDTH, "± 95 %", COMPUTED, tested=True)),
    OTHER_SCORER: _SCORE,
    "in_best_set": _YES_NO._replace(heading="may be the best", tested=True),
    "n_in_best_set": _COUNT._replace(heading="may be the best", tested=True),
    "n_candidates": _COUNT._replace(heading="candidates"),
    SETTING: _TEXT,
    "difference": Column(float, Unit.DIFFERENCE, "to the answer", COMPUTED),
    "difference_ci95": Column(float, Unit.HALF_WIDTH, "± 95 %", COMPUTED, tested=True),
    "chance": _SHARE._replace(heading="chance", tested=True),
    "tied_with_above": _YES_NO._replace(heading="tied with the one above", tested=True),
    "stage": _COUNT,
    "n_weights": _COUNT._replace(heading="weights"),
    "n_epochs": Column(float, Unit.COUNT, "epochs"),
    **dict.fromkeys(("n_stuck", "best_n_stuck"), _COUNT._replace(heading="stuck")),
    "n_fits": _COUNT._replace(heading="fits"),
    **dict.fromkeys(("std_test_score", "best_std"), _SCORE._replace(heading="std")),
    "params": _SETTINGS,
    "best_params": _SETTINGS._replace(heading="best params"),
    # What the report does not head: it draws these, or says them in another column.
    **dict.fromkeys(("p_value", "p_value_holm"), Column(float, Unit.P_VALUE, digits=COMPUTED)),
    "error": Column(float, Unit.HALF_WIDTH, digits=COMPUTED),
    **dict.fromkeys(("worse", "equal", "better"), _SHARE),
    **dict.fromkeys(("simplest", "kept", "answer", "is_net", "below_rope", "chosen"), _YES_NO),
    **dict.fromkeys(("stuck_splits", "by_unit", "digest", "also", "model", "role", "column", "key"), _TEXT),
    **dict.fromkeys(("selecting", "left_out"), Column(float, Unit.SCORE, digits=COMPUTED)),
    **dict.fromkeys(("importance", "importance_std"), Column(float, Unit.DIFFERENCE, digits=COMPUTED)),
    "epoch": _COUNT,
    **{f"{what}{end}": _DRAWN for what in ("train_loss", "valid_loss", "valid_score") for end in ("_low", "", "_high")},
    **dict.fromkeys(("panel", "series", "label"), _TEXT),
    **dict.fromkeys(("x", "y", "low", "high"), _DRAWN),
    **dict.fromkeys(("count", "split"), _COUNT),
    **{f"{whose}{kind}_positives": _TEXT for whose in ("", "others_") for kind in ("false", "true")},
    **dict.fromkeys(("predicted", "precision", "recall", "false_alarms"), _SHARE._replace(digits=DRAWN)),
    **dict.fromkeys(("threshold", "cost"), _DRAWN),
}
# Of single splits, and of further scorers.
_PATTERNS = {
    r"split\d+_test_.+": _SCORE,
    r"split\d+_stuck": _COUNT,
    r"(mean|std)_test_.+": _SCORE,
}


def column_of(name: str) -> Column:
    """Return what is known of a column; one that no table declares is a setting, as text."""
    if name in COLUMNS:
        return COLUMNS[name]
    return next((column for pattern, column in _PATTERNS.items() if re.fullmatch(pattern, name)), COLUMNS[SETTING])


def split_columns(names: Iterable[object], scorer: str = SCORE) -> list[str]:
    """Return the columns with a scorer's scores of single splits, in their order."""
    return [name for name in map(str, names) if re.fullmatch(rf"split\d+_test_{re.escape(scorer)}", name)]
