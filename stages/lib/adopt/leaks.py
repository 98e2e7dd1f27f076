"""What makes scores too high: a column that gives the target away, and rows that are there twice."""

import numpy as np
import pandas as pd
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_score
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from stages.lib.adopt.outcome import Outcome
from stages.lib.adopt.table import Table
from stages.lib.data import Dataset

# The score of a tree on one column from which the column alone predicts the target, and the most rows for the tree.
_ALONE, _MOST_ROWS = 0.98, 10_000
# Fewer copies than this share of the rows hardly change a score. Rows of a few classes are equal by chance: they are
# copies if they are this many times as many as with the cells of each column in any order.
_FEWEST, _TIMES = 0.02, 5


def predictors_alone(table: Table, features: list[str], outcome: Outcome) -> dict[str, float]:
    """Return the columns that predict the target alone, with the score of a decision tree on that column.

    The score is the balanced accuracy or R² over three shuffled folds. Such a column may be the target under another
    name, or be known only after it.
    """
    rows = np.random.default_rng(0).permutation(len(outcome.y))[:_MOST_ROWS]
    y = outcome.y.iloc[rows]
    fewest = int(y.value_counts().min()) if outcome.classifies else len(rows)
    if fewest < (2 if outcome.classifies else 10):
        return {}
    tree, folds, scoring = DecisionTreeRegressor(random_state=0), KFold(3), "r2"
    if outcome.classifies:
        folds, scoring = StratifiedKFold(min(3, fewest)), "balanced_accuracy"
        tree = DecisionTreeClassifier(random_state=0)
    scores = {}
    for name in features:
        cells = table.frame[name].iloc[rows]
        numbers = cells if pd.api.types.is_numeric_dtype(cells) else pd.factorize(cells, sort=True)[0]
        one_column = np.asarray(numbers, dtype=float).reshape(-1, 1)
        scores[name] = float(cross_val_score(tree, one_column, y.to_numpy(), cv=folds, scoring=scoring).mean())
    return {name: score for name, score in scores.items() if score >= _ALONE}


def on_copies(data: Dataset, name: str) -> str:
    """Return a sentence on rows of the file `name` that equal another one in all features and the target.

    It is empty if they are few, or are as many by chance, as in a table with three categories.
    """
    table, rng = pd.concat([data.X, pd.Series(data.y)], axis=1), np.random.default_rng(0)
    cells = [column.iloc[rng.permutation(len(table))].reset_index(drop=True) for _, column in table.items()]
    count, by_chance = (int(each.duplicated(keep=False).sum()) for each in (table, pd.concat(cells, axis=1)))
    if count < max(_FEWEST * len(table), _TIMES * by_chance):
        return ""
    return (
        f"{name}: {count:,} of {len(table):,} rows equal another one in all columns that are used. A net is tested on "
        "rows that it was trained on, so scores are too high. Remove the copies; if they are rows of one subject, name "
        "the column with its id in cv.groups."
    )
