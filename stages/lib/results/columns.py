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
    **dict.fromkeys(("experiment", "best_params"), _TEXT),
    **dict.fromkeys(("best_score", "best_std", "score"), _SCORE),
    **{
        f"best_{what}": _COMPUTED
        for what in (
            "ci95",
            *(f"score_corrected{end}" for end in ("", "_low", "_high")),
        )
    },
    **dict.fromkeys(
        (
            "n_candidates",
            "n_fits",
            "n_in_best_set",
            "best_n_stuck",
            "epoch",
            "count",
            "split",
            "candidate",
        ),
        _COUNT,
    ),
    **dict.fromkeys(
        ("p_value", "p_value_holm", "error", "degrees", "worse", "equal", "better"),
        _COMPUTED,
    ),
    **dict.fromkeys(
        ("selecting", "left_out", "importance", "importance_std"), _COMPUTED
    ),
    **dict.fromkeys(
        (
            "simplest",
            "kept",
            "answer",
            "is_net",
            "below_rope",
            "chosen",
            "tied_with_above",
        ),
        _YES_NO,
    ),
    **dict.fromkeys(
        ("stuck_splits", "by_unit", "digest", "also", "model", "role", "column", "key"),
        _TEXT,
    ),
    **{
        f"{what}{end}": _DRAWN
        for what in ("train_loss", "valid_loss", "valid_score")
        for end in ("_low", "", "_high")
    },
    **dict.fromkeys(("panel", "series", "label"), _TEXT),
    **dict.fromkeys(("x", "y", "low", "high", "place", "threshold", "cost"), _DRAWN),
    **{
        f"{whose}{kind}_positives": _TEXT
        for whose in ("", "others_")
        for kind in ("false", "true")
    },
    **dict.fromkeys(("predicted", "precision", "recall", "false_alarms"), _DRAWN),
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
    return next(
        (
            column
            for pattern, column in _PATTERNS.items()
            if re.fullmatch(pattern, name)
        ),
        COLUMNS[SETTING],
    )


def split_columns(names: Iterable[object], scorer: str = SCORE) -> list[str]:
    """Return the columns with a scorer's scores of single splits, in their order."""
    return [
        name
        for name in map(str, names)
        if re.fullmatch(rf"split\d+_test_{re.escape(scorer)}", name)
    ]
