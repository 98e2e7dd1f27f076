"""Chooses the settings for a table: all blocks of params.yaml but `runtime`, from `recipe.yaml` and the table."""

from pathlib import Path
from typing import Any

from gridstage.adopt.columns import Taken
from gridstage.adopt.size import sized
from gridstage.adopt.table import Table
from gridstage.adopt.target import Target
from gridstage.config import yaml12
from gridstage.data.texts import WHOLE_NUMBER

_RECIPE = Path(__file__).with_name("recipe.yaml").read_text(encoding="utf-8")


def make_blocks(
    table: Table, target: str, found: Target, columns: list[Taken]
) -> dict[str, dict[str, Any]]:
    """Return the blocks of params.yaml for a table; raises `UserError` if no column is left to predict from."""
    of_use = {"number", "category", "boolean"}
    features = [column for column in columns if column.kind in of_use]
    if not features:
        unfit = "; ".join(f"{column.name}: {column.why}" for column in columns)
        table.rows.refuse(
            f"no column is left to predict {target!r} from: {unfit}. Add columns."
        )
    numbers = [column for column in features if column.kind == "number"]
    blocks: dict[str, dict[str, Any]] = yaml12.load(_RECIPE)
    blocks["data"] |= _data(table, target, found, columns)
    by_size = {each.place: each.value for each in sized(found, columns)}
    embedded = bool(numbers) and by_size.pop("module__embedding", None) is None
    by_content = _settings(found, numbers, by_size["model.max_epochs"])
    for place, value in (by_size | by_content).items():
        block, key = place.split(".")
        blocks[block][key] = value
    (experiment,) = blocks["experiments"].values()
    if not numbers:
        del experiment["grid"]["prepare__scale"]
    if not embedded:
        del experiment["grid"]["module__embedding"]
    return blocks


def _data(
    table: Table, target: str, found: Target, columns: list[Taken]
) -> dict[str, Any]:
    rows = table.rows
    entries = {column.name: column.entry for column in columns}
    entries[target] = {}
    if found.labels:
        entries[target]["classes"] = [*map(_label, found.labels)]
    elif target in table.written:
        entries[target]["written"] = table.written[target]
    if table.n_left_out:
        entries[target]["missing"] = "left_out"
    # Without a header, all columns are listed; with one, those that are more than numbers.
    listed = {}
    for name in map(str, table.frame):
        if not rows.header or name == target or entries[name]:
            listed[name] = entries[name]
    return {
        "header": rows.header,
        "separator": rows.separator,
        "decimal": rows.decimal,
        "encoding": rows.encoding,
        "path": rows.name,
        "na_values": list(rows.na_values),
        "columns": listed,
        "target": target,
    }


def _label(text: str) -> int | str:
    return int(text) if WHOLE_NUMBER.fullmatch(text) else text


def _settings(found: Target, numbers: list[Taken], epochs: int) -> dict[str, Any]:
    """Return what follows from the contents of the table, by its place."""
    classes, lacks = found.classifies, any(column.missing for column in numbers)
    is_weighted = classes and not found.balanced and len(found.labels) > 2
    # A class counts as much as another one that is much larger.
    if not classes:
        scoring = "r2"
    elif found.balanced:
        scoring = "accuracy"
    else:
        scoring = "balanced_accuracy" if is_weighted else "roc_auc"
    decay = {"policy": "CosineAnnealingLR", "T_max": epochs}
    return {
        "prepare.impute": "median" if lacks else None,
        "prepare.indicator": lacks,
        "prepare.scale": "standard" if numbers else None,
        # A net learns a target near 0 faster; scores stay in its own unit.
        "prepare.target": None if classes else "standard",
        "cv.scoring": scoring,
        "cv.splitter": "stratified" if classes else "kfold",
        "model.wrapper": "NeuralNetClassifier" if classes else "NeuralNetRegressor",
        "model.criterion": "CrossEntropyLoss" if classes else "MSELoss",
        "model.callbacks": {"LRScheduler": decay},
        "model.class_weight": "balanced" if is_weighted else None,
    }
