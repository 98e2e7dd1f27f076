"""Chooses the settings for a table: all blocks of params.yaml but `runtime`.

The figures are those of a search that takes about a minute on one core.
"""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from stages.lib.adopt.columns import Taken
from stages.lib.adopt.file_form import Form
from stages.lib.adopt.outcome import Outcome
from stages.lib.adopt.table import Table
from stages.lib.common import UserError
from stages.lib.config import Column

EXPERIMENT = "first"

# The rows of a batch, up to these numbers of rows, and above all of them.
_BATCHES, _LARGEST = {6_000: 64, 15_000: 128}, 256
# Rows that a net is shown in all its passes, and the fewest and the most passes.
_SHOWN = 80_000
_FEWEST_EPOCHS, _MOST_EPOCHS = 10, 80
_CANDIDATES = 16
# Above these numbers of rows, there is one repeat instead of two, there are three folds instead of five, and only so
# many of the rows are used.
_ONE_REPEAT, _THREE_FOLDS, _MOST_ROWS = 1_000, 2_000, 100_000
# Of more numbers, embeddings would take most of the time.
_MOST_EMBEDDED = 20
# A class of which a sample would leave fewer rows is not sampled.
_FEWEST_OF_A_CLASS = 10


@dataclass(frozen=True)
class Plan:
    """The blocks of params.yaml by name, and the reason for each choice that a user may want to change.

    Parameters
    ----------
    blocks : dict of dict
    why : list of (key, value, reason)
    """

    blocks: dict[str, dict[str, Any]]
    why: list[tuple[str, str, str]]


def make_plan(path: str, form: Form, table: Table, target: str, outcome: Outcome, columns: list[Taken]) -> Plan:
    """Choose the settings for a table.

    Raises
    ------
    UserError
        If no column is left to predict from.
    """
    features = [column for column in columns if column.is_feature]
    if not features:
        raise UserError(
            f"{path}: no column is left to predict {target!r} from: "
            + "; ".join(f"{column.name}: {column.why}" for column in columns)
            + ". Add columns with numbers or categories."
        )
    why: list[tuple[str, str, str]] = []
    blocks = {
        "data": _data(path, form, table, target, outcome, columns),
        "prepare": _prepare(features, outcome, why),
        "cv": _cv(outcome, why),
        "statistics": {"rope": None, "pick": "best"},
        "evaluate": {"keep": "winner", "use": "answer"},
        "model": _model(outcome, why),
        "experiments": {EXPERIMENT: _experiment(features, outcome, why)},
    }
    return Plan(blocks, why)


def _data(path: str, form: Form, table: Table, target: str, outcome: Outcome, columns: list[Taken]) -> dict[str, Any]:
    chosen = {column.name: column.column for column in columns}
    chosen[target] = Column(classes=outcome.labels) if outcome.labels else Column()
    # Without a header, all columns are listed; with one, those that are more than numbers.
    listed = [name for name in form.names if not form.header or name == target or chosen[name] != Column()]
    n_rows = len(table.frame)
    sample = min(1.0, float(f"{_MOST_ROWS / n_rows:.2g}"))
    if outcome.classifies and sample * min(outcome.counts) < _FEWEST_OF_A_CLASS:
        sample = 1.0
    return {
        "path": path,
        "url": None,
        "sha256": None,
        "header": form.header,
        "separator": form.separator,
        "na_values": list(table.na_values),
        "decimal": form.decimal,
        "encoding": form.encoding,
        "columns": {name: _entry(chosen[name]) for name in listed},
        "target": target,
        "sample": sample,
    }


def _entry(column: Column) -> dict[str, Any]:
    entry = column.model_dump(exclude_defaults=True)
    if column.classes:
        entry["classes"] = [int(label) if re.fullmatch("0|-?[1-9][0-9]*", label) else label for label in column.classes]
    return entry


def _prepare(features: list[Taken], outcome: Outcome, why: list[tuple[str, str, str]]) -> dict[str, Any]:
    numbers = [column for column in features if column.kind == "number"]
    lacking = sum(column.missing > 0 for column in numbers)
    if lacking:
        why.append(("prepare.impute", "median", f"columns of numbers that lack cells: {lacking}; indicator says where"))
    if not outcome.classifies:
        why.append(("prepare.target", "standard", "a net learns a target near 0 faster; scores stay in its own unit"))
    return {
        "impute": "median" if lacking else None,
        "indicator": bool(lacking),
        "scale": "standard" if numbers else None,
        "encode": "onehot",
        "target": None if outcome.classifies else "standard",
    }


def _cv(outcome: Outcome, why: list[tuple[str, str, str]]) -> dict[str, Any]:
    n_rows = len(outcome.y)
    fewest = min(outcome.counts) if outcome.classifies else n_rows // 2
    n_splits = max(2, min(3 if n_rows > _THREE_FOLDS else 5, fewest))
    if not outcome.classifies:
        splitter, scoring, reason = "kfold", "r2", "the target is a number; 0 is a net that always predicts the mean"
    elif outcome.balanced:
        splitter, scoring, reason = "stratified", "accuracy", "the classes are about equally large"
    elif len(outcome.labels) == 2:
        splitter, scoring, reason = "stratified", "roc_auc", "one class is much larger; 0.5 is a net that guesses"
    else:
        splitter, scoring = "stratified", "balanced_accuracy"
        reason = "some classes are much larger; each counts alike"
    why.append(("cv.scoring", scoring, reason))
    why.append(
        ("cv.splitter", splitter, "each fold has the shares of the classes" if outcome.classifies else "equal parts")
    )
    return {
        "splitter": splitter,
        "groups": None,
        "order": None,
        "scoring": scoring,
        "also_score": [],
        "n_splits": n_splits,
        "n_repeats": 1 if n_rows > _ONE_REPEAT else 2,
        "shuffle": True,
    }


def _model(outcome: Outcome, why: list[tuple[str, str, str]]) -> dict[str, Any]:
    wrapper = "NeuralNetClassifier" if outcome.classifies else "NeuralNetRegressor"
    criterion = "CrossEntropyLoss" if outcome.classifies else "MSELoss"
    why.append(("model.wrapper", wrapper, f"{len(outcome.labels)} classes" if outcome.classifies else "a number"))
    why.append(("model.criterion", criterion, "for classes" if outcome.classifies else "for numbers"))
    weighted = outcome.classifies and not outcome.balanced and len(outcome.labels) > 2
    if weighted:
        why.append(("model.class_weight", "balanced", "each class counts alike in training too"))
    n_rows = min(len(outcome.y), _MOST_ROWS)
    epochs = int(np.clip(_SHOWN // n_rows, _FEWEST_EPOCHS, _MOST_EPOCHS))
    return {
        "wrapper": wrapper,
        "module": "stages.lib.table_net.TableNet",
        "source": "stages/lib/table_net.py",
        "criterion": criterion,
        "optimizer": "AdamW",
        "lr": 0.005,
        "max_epochs": epochs,
        "batch_size": next((batch for most, batch in _BATCHES.items() if n_rows <= most), _LARGEST),
        "optimizer__weight_decay": 0.01,
        "iterator_train__shuffle": True,
        "train_split": None,
        "callbacks": {"LRScheduler": {"policy": "CosineAnnealingLR", "T_max": epochs}},
        "class_weight": "balanced" if weighted else None,
        "device": "cpu",
    }


def _experiment(features: list[Taken], outcome: Outcome, why: list[tuple[str, str, str]]) -> dict[str, Any]:
    grid: dict[str, Any] = {}
    n_numbers = sum(column.kind == "number" for column in features)
    if n_numbers:
        grid["prepare__scale"] = ["standard", "robust_clipped", "quantile"]
    if 0 < n_numbers <= _MOST_EMBEDDED:
        grid["module__embedding"] = ["none", "periodic", "piecewise"]
    grid["module__n_neurons"] = [16, 64]
    grid |= {
        "lr": {"loguniform": [0.002, 0.02]},
        "module__dropout_rate": {"uniform": [0.0, 0.5]},
        "optimizer__weight_decay": {"loguniform": [0.01, 1.0]},
    }
    why.append((f"experiments.{EXPERIMENT}", " × ".join(grid), "what matters most for a net on a table"))
    return {"search": "random", "n_candidates": _CANDIDATES, "grid": grid, "fixed": {}}
