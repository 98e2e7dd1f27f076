"""The files of models without a net: their bytes, their size, and tables that are drawn at random."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gridstage.config import Prepare
from gridstage.data import Columns, Dataset
from gridstage.export.graph import Value
from gridstage.export.trees import add_boosting
from gridstage.handover import ANSWER_FILE, load_model, predict, save_model
from packages.gridstage.tests.handover.fits import fit, mixed, numbers
from packages.gridstage.tests.handover.test_exported import check
from packages.gridstage.tests.refusals import refused


def test_a_large_answer_is_not_for_git(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    data = numbers()
    fitted, card = fit("random_forest", data)
    assert save_model(ANSWER_FILE, fitted, card, data.X) == ""
    size = ANSWER_FILE.stat().st_size
    expected = predict(*load_model(ANSWER_FILE), data.X)
    monkeypatch.setattr("gridstage.handover.model_file.MOST_BYTES", 10_000)
    told = save_model(ANSWER_FILE, fitted, card, data.X)
    assert told.startswith(
        f"models/answer.onnx has the card alone, because the model takes {size / 1e6:.1f} MB"
    )
    large = Path("large/answer.onnx")
    assert ANSWER_FILE.stat().st_size < 1000
    assert large.stat().st_size == size
    pd.testing.assert_frame_equal(predict(*load_model(ANSWER_FILE), data.X), expected)
    other, its = fit("random_forest", data, changes={"max_depth": 2})
    content = ANSWER_FILE.read_bytes()
    save_model(ANSWER_FILE, other, its, data.X)
    ANSWER_FILE.write_bytes(content)
    with refused(
        r"large/answer.onnx is of another run. Run `dvc checkout large/answer.onnx`, or where DVC does not have "
        "it, `python -m stages.evaluate`"
    ):
        load_model(ANSWER_FILE)
    large.unlink()
    with refused(
        r"large/answer.onnx is missing: it takes .* MB, so it is not in git. Run `dvc checkout large/"
    ):
        load_model(ANSWER_FILE)
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    for path in (large, Path("large/answer.onnx.dvc")):
        path.write_bytes(b"")
    save_model(ANSWER_FILE, fitted, card, data.X)
    assert not [*large.parent.iterdir()]


def test_a_graph_that_predicts_otherwise_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = numbers(n_classes=0)
    fitted, card = fit("hist_gradient_boosting", data)

    def spoilt(x: Value, model: Any, n_codes: int) -> Value:
        return add_boosting(x, model, n_codes) + 0.01

    monkeypatch.setattr("gridstage.export.exported.add_boosting", spoilt)
    with refused(
        "on rows of the table, its ONNX file differs from the fitted model by"
    ):
        save_model(tmp_path / "a", fitted, card, data.X)
    assert not list(tmp_path.iterdir())


def saved(folder: Path) -> dict[str, bytes]:
    """Return the bytes of some models' files."""
    data, prepare = (
        mixed(False),
        Prepare(impute="mean", indicator=True, scale="quantile", target="quantile"),
    )
    for name in ("linear_regression", "random_forest", "hist_gradient_boosting"):
        save_model(folder / name, *fit(name, data, prepare), data.X)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_another_process_writes_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    monkeypatch.setenv("PYTHONHASHSEED", "1")
    code = f"from pathlib import Path; from {__name__} import saved; saved(Path({str(there)!r}))"
    subprocess.run(
        [sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[4]
    )
    assert saved(here) == {path.name: path.read_bytes() for path in there.iterdir()}


def drawn(seed: int, n_rows: int, n_classes: int) -> tuple[Dataset, Dataset, Prepare]:
    """Return a table with columns of all types, new rows for it with other categories, and a preparation."""
    rng = np.random.default_rng(seed)
    types = {
        f"{kind} {i}": kind
        for i, kind in enumerate(rng.choice(["number", "boolean", "category"], 5))
    }
    labels = {
        name: tuple(f"{name} {i}" for i in range(rng.integers(1, 30)))
        for name in types
        if "cat" in name
    }
    lacking = tuple(name for name in types if rng.random() < 0.5)
    zeros = tuple(
        name for name, kind in types.items() if kind == "number" and rng.random() < 0.5
    )

    def rows(n: int, others: int) -> pd.DataFrame:
        columns: dict[str, Any] = {}
        for name, kind in types.items():
            if kind == "category":
                cells = np.array(
                    [*labels[name], *["never seen"] * others], dtype=object
                )
                columns[name] = pd.Series(rng.choice(cells, n))
            elif kind == "boolean":
                columns[name] = pd.Series(rng.integers(0, 2, n).astype(float))
            else:
                columns[name] = pd.Series(
                    (rng.normal(size=n) * 10.0 ** rng.integers(-5, 6)).round(
                        rng.integers(0, 9)
                    )
                )
                columns[name][rng.random(n) < (0.2 if name in zeros else 0)] = 0.0
            if name in lacking:
                columns[name] = columns[name].mask(rng.random(n) < 0.2)
        return pd.DataFrame(columns)

    X = rows(n_rows, 0)
    y = rng.normal(size=n_rows) + sum(X[name].notna().to_numpy() for name in lacking)
    if n_classes:
        y = np.digitize(
            y, np.quantile(y, np.linspace(0, 1, n_classes + 1)[1:-1])
        ).astype(float)
    columns = Columns(types, labels, lacking, zeros)
    classes = tuple(f"class {i}" for i in range(n_classes))
    choices: dict[str, list[Any]] = {
        "impute": ["mean", "median", "most_frequent"],
        "indicator": [False, True],
        "scale": [None, "standard", "minmax", "robust", "robust_clipped", "quantile"],
        "encode": ["onehot", "ordinal"],
        "target": [None] if n_classes else [None, "standard", "quantile"],
    }
    prepare = Prepare.model_validate(
        {key: values[rng.integers(len(values))] for key, values in choices.items()}
    )
    return (
        Dataset(X, y, columns, classes),
        Dataset(rows(60, 2), np.zeros(60), columns, classes),
        prepare,
    )


@pytest.mark.parametrize(
    "seed",
    [
        *range(12),
        *(pytest.param(seed, marks=pytest.mark.long) for seed in range(12, 100)),
    ],
)
def test_any_table(tmp_path: Path, seed: int) -> None:
    n_classes = seed % 4 and 1 + seed % 4
    data, new, prepare = drawn(seed, 40 + 20 * (seed % 7), n_classes)
    linear = "logistic_regression" if n_classes else "linear_regression"
    for name in (linear, "random_forest", "hist_gradient_boosting"):
        changes = {
            "random_forest": {"n_estimators": 10},
            "hist_gradient_boosting": {"max_iter": 10},
        }.get(name, {})
        check(tmp_path / name, data, new, *fit(name, data, prepare, changes))
