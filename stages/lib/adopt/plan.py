"""Chooses the settings for a table: all blocks of params.yaml but `runtime`, from `recipe.yaml` and the table.

The figures are those of a search that takes about a minute on one core.
"""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from stages.lib.adopt.blocks_text import RECIPE
from stages.lib.adopt.outcome import Outcome
from stages.lib.adopt.table import Table
from stages.lib.adopt.taken import Taken
from stages.lib.config import Column, yaml12

# The rows of a batch, up to these numbers of rows, and above all of them.
_BATCHES, _LARGEST = {6_000: 64, 15_000: 128}, 256
# Rows that a net sees in all its passes, and the fewest and the most passes.
_SEEN = 80_000
_FEWEST_EPOCHS, _MOST_EPOCHS = 10, 80
# Above these numbers of rows, there is one repeat instead of two, there are three folds instead of five, and only so
# many of the rows are used.
_ONE_REPEAT, _THREE_FOLDS, _MOST_ROWS = 1_000, 2_000, 100_000
# Of more numbers, embeddings would take most of the time.
_MOST_EMBEDDED = 20
# A class of which a sample would leave fewer rows is not sampled.
_FEWEST_OF_A_CLASS = 10


@dataclass(frozen=True)
class Plan:
    """The blocks of params.yaml by name, and key, value and reason of each choice that a user may want to change."""

    blocks: dict[str, dict[str, Any]]
    why: list[tuple[str, str, str]]


def make_plan(table: Table, target: str, outcome: Outcome, columns: list[Taken]) -> Plan:
    """Choose the settings for a table.

    Raises
    ------
    UserError
        If no column is left to predict from.
    """
    features = [column for column in columns if column.is_feature]
    if not features:
        unfit = "; ".join(f"{column.name}: {column.why}" for column in columns)
        table.csv.refuse(
            f"no column is left to predict {target!r} from: {unfit}. Add columns with numbers or categories."
        )
    numbers = [column for column in features if column.kind == "number"]
    lacking = sum(column.missing > 0 for column in numbers)
    classes, n_classes = outcome.classifies, len(outcome.labels)
    scoring, reason = _scoring(outcome)
    blocks = yaml12.load(RECIPE)
    blocks["data"] |= _data(table, target, outcome, columns)
    blocks["prepare"] |= {
        "impute": "median" if lacking else None,
        "indicator": bool(lacking),
        "scale": "standard" if numbers else None,
        "target": None if classes else "standard",
    }
    blocks["cv"] |= {"scoring": scoring, **_cv(outcome)}
    blocks["model"] |= _model(outcome)
    ((name, experiment),) = blocks["experiments"].items()
    if not numbers:
        del experiment["grid"]["prepare__scale"]
    if not 0 < len(numbers) <= _MOST_EMBEDDED:
        del experiment["grid"]["module__embedding"]
    reasons = {
        "prepare.impute": f"columns of numbers that lack cells: {lacking}; indicator says where",
        "prepare.target": "a net learns a target near 0 faster; scores stay in its own unit",
        "cv.scoring": reason,
        "cv.splitter": "each fold has the shares of the classes" if classes else "equal parts",
        "model.wrapper": f"{n_classes} classes" if classes else "a number",
        "model.criterion": "for classes" if classes else "for numbers",
        "model.class_weight": "each class counts alike in training too",
    }
    why = []
    for place, reason in reasons.items():
        block, key = place.split(".")
        if (value := blocks[block][key]) is not None:
            why.append((place, value, reason))
    why.append((f"experiments.{name}", " × ".join(experiment["grid"]), "what matters most for a net on a table"))
    return Plan(blocks, why)


def _data(table: Table, target: str, outcome: Outcome, columns: list[Taken]) -> dict[str, Any]:
    csv, n_rows = table.csv, len(table.frame)
    contents = {column.name: column.column for column in columns}
    contents[target] = Column(classes=outcome.labels) if outcome.labels else Column()
    # Without a header, all columns are listed; with one, those that are more than numbers.
    names = [name for name in map(str, table.frame) if not csv.header or name == target or contents[name] != Column()]
    sample = min(1.0, float(f"{_MOST_ROWS / n_rows:.2g}"))
    if outcome.classifies and sample * min(outcome.counts) < _FEWEST_OF_A_CLASS:
        sample = 1.0
    return {
        "path": csv.name,
        "header": csv.header,
        "separator": csv.separator,
        "na_values": list(csv.na_values),
        "decimal": csv.decimal,
        "encoding": csv.encoding,
        "columns": {name: _entry(contents[name]) for name in names},
        "target": target,
        "sample": sample,
    }


def _entry(column: Column) -> dict[str, Any]:
    entry = column.model_dump(exclude_defaults=True)
    if column.classes:
        entry["classes"] = [int(label) if re.fullmatch("0|-?[1-9][0-9]*", label) else label for label in column.classes]
    return entry


def _scoring(outcome: Outcome) -> tuple[str, str]:
    if not outcome.classifies:
        return "r2", "the target is a number; 0 is a net that always predicts the mean"
    if outcome.balanced:
        return "accuracy", "the classes are about equally large"
    if len(outcome.labels) == 2:
        return "roc_auc", "one class is much larger; 0.5 is a net that guesses"
    return "balanced_accuracy", "some classes are much larger; each counts alike"


def _cv(outcome: Outcome) -> dict[str, Any]:
    n_rows = len(outcome.y)
    fewest = min(outcome.counts) if outcome.classifies else n_rows // 2
    return {
        "splitter": "stratified" if outcome.classifies else "kfold",
        "n_splits": max(2, min(3 if n_rows > _THREE_FOLDS else 5, fewest)),
        "n_repeats": 1 if n_rows > _ONE_REPEAT else 2,
    }


def _model(outcome: Outcome) -> dict[str, Any]:
    n_rows = min(len(outcome.y), _MOST_ROWS)
    epochs = int(np.clip(_SEEN // n_rows, _FEWEST_EPOCHS, _MOST_EPOCHS))
    is_weighted = outcome.classifies and not outcome.balanced and len(outcome.labels) > 2
    return {
        "wrapper": "NeuralNetClassifier" if outcome.classifies else "NeuralNetRegressor",
        "criterion": "CrossEntropyLoss" if outcome.classifies else "MSELoss",
        "max_epochs": epochs,
        "batch_size": next((batch for most, batch in _BATCHES.items() if n_rows <= most), _LARGEST),
        "callbacks": {"LRScheduler": {"policy": "CosineAnnealingLR", "T_max": epochs}},
        "class_weight": "balanced" if is_weighted else None,
    }
