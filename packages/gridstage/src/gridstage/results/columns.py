"""Every column of the tables under metrics/: its type, its digits, and how the report heads it."""

import re
from collections.abc import Iterable
from typing import NamedTuple

# The name of the scorer that selects; further ones go by their own.
SCORE = "score"
# Of a number that depends on exponentials, logarithms or distributions. Their last bits are not the same on every
# processor: numpy's exp and log differ with AVX-512 off.
COMPUTED = 12
# Of a number that is only drawn. Losses are float32, and the C library's log1pf differs in their last bits.
DRAWN = 6


class Column(NamedTuple):
    """A column of tables. A cell `nan` of an int or a bool says that nothing is known.

    `heading` is how the report heads it, "" by its name. `digits` are the significant ones of a float, by default those
    that give the same float back. What is `tested` is left out of the report where there are no intervals.
    """

    type: type
    heading: str = ""
    digits: int | None = None
    tested: bool = False


_TEXT = Column(str)
_COUNT = Column(int)
_YES_NO = Column(bool)
_SCORE = Column(float)
_COMPUTED = Column(float, digits=COMPUTED)
_DRAWN = Column(float, digits=DRAWN)


def _each(names: str, column: Column) -> dict[str, Column]:
    return dict.fromkeys(names.split(), column)


# In the order in which the report shows them. `SETTING` stands for the keys of a grid, and `OTHER_SCORER` for the
# scorers of `cv.also_score`.
SETTING, OTHER_SCORER = "", "mean_test_"
COLUMNS: dict[str, Column] = {
    "setting": _TEXT,
    "rank_test_score": Column(int, "rank"),
    "mean_test_score": Column(float, "mean"),
    "ci95": Column(float, "± 95 %", COMPUTED, tested=True),
    OTHER_SCORER: _SCORE,
    "in_best_set": Column(bool, "may be the best", tested=True),
    SETTING: _TEXT,
    "difference": Column(float, "to the answer", COMPUTED),
    "difference_ci95": Column(float, "± 95 %", COMPUTED, tested=True),
    "chance": Column(float, "chance", COMPUTED, tested=True),
    "stage": _COUNT,
    "n_weights": Column(int, "weights"),
    "n_epochs": Column(float, "epochs"),
    "n_stuck": Column(int, "stuck"),
    "std_test_score": Column(float, "std"),
    "params": _TEXT,
    # What the report does not head: it draws these, or says them in another column.
    **_each("experiment best_params", _TEXT),
    **_each("best_score best_std score", _SCORE),
    **_each("best_ci95 best_score_corrected", _COMPUTED),
    **_each("best_score_corrected_low best_score_corrected_high", _COMPUTED),
    **_each(
        "n_candidates n_fits n_in_best_set best_n_stuck epoch count split candidate",
        _COUNT,
    ),
    **_each("p_value p_value_holm error degrees worse equal better", _COMPUTED),
    **_each("selecting left_out importance importance_std", _COMPUTED),
    **_each("simplest kept answer below_rope chosen tied_with_above", _YES_NO),
    **_each("stuck_splits by_unit digest also model role column key", _TEXT),
    **_each("train_loss_low train_loss train_loss_high", _DRAWN),
    **_each("valid_loss_low valid_loss valid_loss_high", _DRAWN),
    **_each("valid_score_low valid_score valid_score_high", _DRAWN),
    **_each("panel series label", _TEXT),
    **_each("x y low high place threshold cost", _DRAWN),
    **_each("false_positives true_positives", _TEXT),
    **_each("others_false_positives others_true_positives", _TEXT),
    **_each("predicted precision recall false_alarms", _DRAWN),
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
    for pattern, column in _PATTERNS.items():
        if re.fullmatch(pattern, name):
            return column
    return COLUMNS[SETTING]


def split_columns(names: Iterable[object], scorer: str = SCORE) -> list[str]:
    """Return the columns with a scorer's scores of single splits, in their order."""
    pattern = re.compile(rf"split\d+_test_{re.escape(scorer)}")
    return list(filter(pattern.fullmatch, map(str, names)))
