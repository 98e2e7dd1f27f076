"""Chooses the settings for a table: all blocks of params.yaml but `runtime`, from `recipe.yaml` and the table.

The figures are those of a search that takes about a minute on one core.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from stages.lib.adopt.blocks_text import RECIPE
from stages.lib.adopt.outcome import Outcome
from stages.lib.adopt.table import Table
from stages.lib.adopt.taken import Taken
from stages.lib.config import yaml12
from stages.lib.data.texts import WHOLE_NUMBER

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
    """Choose the settings for a table; raises `UserError` if no column is left to predict from."""
    features = [column for column in columns if column.is_feature]
    if not features:
        unfit = "; ".join(f"{column.name}: {column.why}" for column in columns)
        table.csv.refuse(
            f"no column is left to predict {target!r} from: {unfit}. Add columns with numbers or categories."
        )
    numbers = [column for column in features if column.kind == "number"]
    blocks = yaml12.load(RECIPE)
    blocks["data"] |= _data(table, target, outcome, columns)
    why = []
    for place, (value, reason) in _settings(outcome, numbers).items():
        block, key = place.split(".")
        blocks[block][key] = value
        if reason and value is not None:
            why.append((place, value, reason))
    ((name, experiment),) = blocks["experiments"].items()
    if not numbers:
        del experiment["grid"]["prepare__scale"]
    if not 0 < len(numbers) <= _MOST_EMBEDDED:
        del experiment["grid"]["module__embedding"]
    why.append((f"experiments.{name}", " × ".join(experiment["grid"]), "what matters most for a net on a table"))
    return Plan(blocks, why)


def _data(table: Table, target: str, outcome: Outcome, columns: list[Taken]) -> dict[str, Any]:
    csv, n_rows = table.csv, len(table.frame)
    classes = [int(label) if WHOLE_NUMBER.fullmatch(label) else label for label in outcome.labels]
    entries = {column.name: column.entry for column in columns} | {target: {"classes": classes} if classes else {}}
    # Without a header, all columns are listed; with one, those that are more than numbers.
    names = [name for name in map(str, table.frame) if not csv.header or name == target or entries[name]]
    sample = min(1.0, float(f"{_MOST_ROWS / n_rows:.2g}"))
    if outcome.classifies and sample * min(outcome.counts) < _FEWEST_OF_A_CLASS:
        sample = 1.0
    form = {key: getattr(csv, key) for key in ("header", "separator", "decimal", "encoding")}
    return form | {
        "path": csv.name,
        "na_values": list(csv.na_values),
        "columns": {name: entries[name] for name in names},
        "target": target,
        "sample": sample,
    }


def _settings(outcome: Outcome, numbers: list[Taken]) -> dict[str, tuple[Any, str]]:
    """Return what follows from the table: by its place a value, with the reason if a user may want to change it."""
    classes, n_rows, n_used = outcome.classifies, len(outcome.y), min(len(outcome.y), _MOST_ROWS)
    n_lacking = sum(column.missing > 0 for column in numbers)
    fewest = min(outcome.counts) if classes else n_rows // 2
    epochs = int(np.clip(_SEEN // n_used, _FEWEST_EPOCHS, _MOST_EPOCHS))
    is_weighted = classes and not outcome.balanced and len(outcome.labels) > 2
    return {
        "prepare.impute": (
            "median" if n_lacking else None,
            f"columns of numbers that lack cells: {n_lacking}; indicator says where",
        ),
        "prepare.indicator": (n_lacking > 0, ""),
        "prepare.scale": ("standard" if numbers else None, ""),
        "prepare.target": (
            None if classes else "standard",
            "a net learns a target near 0 faster; scores stay in its own unit",
        ),
        "cv.scoring": _scoring(outcome),
        "cv.splitter": ("stratified", "each fold has the shares of the classes")
        if classes
        else ("kfold", "equal parts"),
        "cv.n_splits": (max(2, min(3 if n_rows > _THREE_FOLDS else 5, fewest)), ""),
        "cv.n_repeats": (1 if n_rows > _ONE_REPEAT else 2, ""),
        "model.wrapper": (
            ("NeuralNetClassifier", f"{len(outcome.labels)} classes") if classes else ("NeuralNetRegressor", "a number")
        ),
        "model.criterion": ("CrossEntropyLoss", "for classes") if classes else ("MSELoss", "for numbers"),
        "model.max_epochs": (epochs, ""),
        "model.batch_size": (next((batch for most, batch in _BATCHES.items() if n_used <= most), _LARGEST), ""),
        "model.callbacks": ({"LRScheduler": {"policy": "CosineAnnealingLR", "T_max": epochs}}, ""),
        "model.class_weight": ("balanced" if is_weighted else None, "each class counts alike in training too"),
    }


def _scoring(outcome: Outcome) -> tuple[str, str]:
    if not outcome.classifies:
        return "r2", "the target is a number; 0 is a net that always predicts the mean"
    if outcome.balanced:
        return "accuracy", "the classes are about equally large"
    if len(outcome.labels) == 2:
        return "roc_auc", "one class is much larger; 0.5 is a net that guesses"
    return "balanced_accuracy", "some classes are much larger; each counts alike"
