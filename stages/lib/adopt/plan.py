"""Chooses the settings for a table: all blocks of params.yaml but `runtime`, from `recipe.yaml` and the table.

The figures are those of a search that takes about a minute on one core.
"""

from typing import Any

import numpy as np

from stages.lib.adopt.blocks_text import RECIPE
from stages.lib.adopt.columns import Taken
from stages.lib.adopt.outcome import Outcome
from stages.lib.adopt.table import Table
from stages.lib.config import yaml12
from stages.lib.data.texts import WHOLE_NUMBER

# The rows of a batch, up to these numbers of rows, and above all of them.
_BATCHES, _LARGEST = {6_000: 64, 15_000: 128}, 256
# Rows that a net sees in all its passes, and the fewest and the most passes. Tables of 6,000 rows and more would still
# gain: on 6,259 prices of computers, r2 is 0.892 with 12 passes, 0.896 with 19, and 0.908 with 60.
_SEEN = 120_000
_FEWEST_EPOCHS, _MOST_EPOCHS = 12, 120
# Above these numbers of rows, there is one repeat instead of two, there are three folds instead of five, and only so
# many of the rows are used.
_ONE_REPEAT, _THREE_FOLDS, _MOST_ROWS = 1_000, 2_000, 100_000
# Of more numbers, embeddings would take most of the time.
_MOST_EMBEDDED = 20


def make_plan(table: Table, target: str, outcome: Outcome, columns: list[Taken]) -> dict[str, dict[str, Any]]:
    """Return the blocks of params.yaml for a table; raises `UserError` if no column is left to predict from."""
    features = [column for column in columns if column.is_feature]
    if not features:
        unfit = "; ".join(f"{column.name}: {column.why}" for column in columns)
        table.csv.refuse(f"no column is left to predict {target!r} from: {unfit}. Add columns.")
    numbers = [column for column in features if column.kind == "number"]
    blocks: dict[str, dict[str, Any]] = yaml12.load(RECIPE)
    blocks["data"] |= _data(table, target, outcome, columns)
    for place, value in _settings(outcome, numbers).items():
        block, key = place.split(".")
        blocks[block][key] = value
    (experiment,) = blocks["experiments"].values()
    if not numbers:
        del experiment["grid"]["prepare__scale"]
    if not 0 < len(numbers) <= _MOST_EMBEDDED:
        del experiment["grid"]["module__embedding"]
    return blocks


def _data(table: Table, target: str, outcome: Outcome, columns: list[Taken]) -> dict[str, Any]:
    csv = table.csv
    classes = [int(label) if WHOLE_NUMBER.fullmatch(label) else label for label in outcome.labels]
    entries = {column.name: column.entry for column in columns} | {target: {"classes": classes} if classes else {}}
    # Without a header, all columns are listed; with one, those that are more than numbers.
    names = [name for name in map(str, table.frame) if not csv.header or name == target or entries[name]]
    form = {key: getattr(csv, key) for key in ("header", "separator", "decimal", "encoding")}
    return form | {
        "path": csv.name,
        "na_values": list(csv.na_values),
        "columns": {name: entries[name] for name in names},
        "target": target,
        "sample": min(1.0, float(f"{_MOST_ROWS / len(table.frame):.2g}")),
    }


def _settings(outcome: Outcome, numbers: list[Taken]) -> dict[str, Any]:
    """Return what follows from the table, by its place."""
    classes, n_rows, n_used = outcome.classifies, len(outcome.y), min(len(outcome.y), _MOST_ROWS)
    lacks = any(column.missing for column in numbers)
    fewest = min(outcome.counts) if classes else n_rows // 2
    epochs = int(np.clip(_SEEN // n_used, _FEWEST_EPOCHS, _MOST_EPOCHS))
    is_weighted = classes and not outcome.balanced and len(outcome.labels) > 2
    # A class counts as much as another one that is much larger.
    of_classes = "accuracy" if not classes or outcome.balanced else "balanced_accuracy" if is_weighted else "roc_auc"
    return {
        "prepare.impute": "median" if lacks else None,
        "prepare.indicator": lacks,
        "prepare.scale": "standard" if numbers else None,
        # A net learns a target near 0 faster; scores stay in its own unit.
        "prepare.target": None if classes else "standard",
        "cv.scoring": of_classes if classes else "r2",
        "cv.splitter": "stratified" if classes else "kfold",
        "cv.n_splits": max(2, min(3 if n_rows > _THREE_FOLDS else 5, fewest)),
        "cv.n_repeats": 1 if n_rows > _ONE_REPEAT else 2,
        "model.wrapper": "NeuralNetClassifier" if classes else "NeuralNetRegressor",
        "model.criterion": "CrossEntropyLoss" if classes else "MSELoss",
        "model.max_epochs": epochs,
        "model.batch_size": next((batch for most, batch in _BATCHES.items() if n_used <= most), _LARGEST),
        "model.callbacks": {"LRScheduler": {"policy": "CosineAnnealingLR", "T_max": epochs}},
        "model.class_weight": "balanced" if is_weighted else None,
    }
