"""Models of tables that are drawn at random, as ONNX files. Oracle: the estimators that they were made of."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from stages.lib.config import Prepare
from stages.lib.data import Columns, Dataset
from tests.handover.fits import fit
from tests.handover.test_exported import check


def drawn(seed: int, n_rows: int, n_classes: int) -> tuple[Dataset, Dataset, Prepare]:
    """Return a table with columns of all types, new rows for it with other categories, and a preparation."""
    rng = np.random.default_rng(seed)
    types = {f"{kind} {i}": kind for i, kind in enumerate(rng.choice(["number", "boolean", "category"], 5))}
    labels = {name: tuple(f"{name} {i}" for i in range(rng.integers(1, 30))) for name in types if "cat" in name}
    lacking = tuple(name for name in types if rng.random() < 0.5)
    zeros = tuple(name for name, kind in types.items() if kind == "number" and rng.random() < 0.5)

    def rows(n: int, others: int) -> pd.DataFrame:
        columns: dict[str, Any] = {}
        for name, kind in types.items():
            if kind == "category":
                cells = np.array([*labels[name], *["never seen"] * others], dtype=object)
                columns[name] = pd.Series(rng.choice(cells, n))
            elif kind == "boolean":
                columns[name] = pd.Series(rng.integers(0, 2, n).astype(float))
            else:
                columns[name] = pd.Series((rng.normal(size=n) * 10.0 ** rng.integers(-5, 6)).round(rng.integers(0, 9)))
                columns[name][rng.random(n) < (0.2 if name in zeros else 0)] = 0.0
            if name in lacking:
                columns[name] = columns[name].mask(rng.random(n) < 0.2)
        return pd.DataFrame(columns)

    X = rows(n_rows, 0)
    y = rng.normal(size=n_rows) + sum(X[name].notna().to_numpy() for name in lacking)
    if n_classes:
        y = np.digitize(y, np.quantile(y, np.linspace(0, 1, n_classes + 1)[1:-1])).astype(float)
    columns = Columns(types, labels, lacking, zeros)
    classes = tuple(f"class {i}" for i in range(n_classes))
    choices: dict[str, list[Any]] = {
        "impute": ["mean", "median", "most_frequent"],
        "indicator": [False, True],
        "scale": [None, "standard", "minmax", "robust", "robust_clipped", "quantile"],
        "encode": ["onehot", "ordinal"],
        "target": [None] if n_classes else [None, "standard", "quantile"],
    }
    prepare = Prepare.model_validate({key: values[rng.integers(len(values))] for key, values in choices.items()})
    return Dataset(X, y, columns, classes), Dataset(rows(60, 2), np.zeros(60), columns, classes), prepare


@pytest.mark.parametrize("seed", [*range(12), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(12, 100))])
def test_any_table(tmp_path: Path, seed: int) -> None:
    n_classes = seed % 4 and 1 + seed % 4
    data, new, prepare = drawn(seed, 40 + 20 * (seed % 7), n_classes)
    linear = "logistic_regression" if n_classes else "linear_regression"
    for name in (linear, "random_forest", "hist_gradient_boosting"):
        changes = {"random_forest": {"n_estimators": 10}, "hist_gradient_boosting": {"max_iter": 10}}.get(name, {})
        check(tmp_path / name, data, new, *fit(name, data, prepare, changes))
