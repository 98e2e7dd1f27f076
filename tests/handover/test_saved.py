"""The files that models without a net are saved in: their bytes, their size, and what is not written."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from stages.lib.common import UserError
from stages.lib.config import Prepare
from stages.lib.export.graph import Graph
from stages.lib.export.trees import add_boosting
from stages.lib.handover import ANSWER_FILE, load_model, predict, save_model
from tests.handover.fits import fit, mixed, numbers


def test_a_large_answer_is_not_for_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    data = numbers()
    fitted, card = fit("random_forest", data)
    assert save_model(ANSWER_FILE, fitted, card, data.X) == ""
    size = ANSWER_FILE.stat().st_size
    expected = predict(*load_model(ANSWER_FILE), data.X)
    monkeypatch.setattr("stages.lib.handover.model_file.MOST_BYTES", 10_000)
    told = save_model(ANSWER_FILE, fitted, card, data.X)
    assert told.startswith(f"models/answer.onnx has the card alone, because the model takes {size / 1e6:.1f} MB")
    large = Path("models/large/answer.onnx")
    assert ANSWER_FILE.stat().st_size < 1000
    assert large.stat().st_size == size
    pd.testing.assert_frame_equal(predict(*load_model(ANSWER_FILE), data.X), expected)
    other, its = fit("random_forest", data, changes={"max_depth": 2})
    content = ANSWER_FILE.read_bytes()
    save_model(ANSWER_FILE, other, its, data.X)
    ANSWER_FILE.write_bytes(content)
    with pytest.raises(UserError, match=r"models/large/answer.onnx is of another run. Run `python -m stages.evaluate`"):
        load_model(ANSWER_FILE)
    large.unlink()
    with pytest.raises(UserError, match=r"models/large/answer.onnx is missing: it takes .* MB, so it is not in git"):
        load_model(ANSWER_FILE)
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    large.write_bytes(b"")
    save_model(ANSWER_FILE, fitted, card, data.X)
    assert not large.exists()


def test_a_graph_that_predicts_otherwise_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = numbers(n_classes=0)
    fitted, card = fit("hist_gradient_boosting", data)

    def spoilt(graph: Graph, x: str, model: Any, n_codes: int) -> str:
        return graph.add("Add", add_boosting(graph, x, model, n_codes), 0.01)

    monkeypatch.setattr("stages.lib.export.exported.add_boosting", spoilt)
    with pytest.raises(UserError, match="on rows of the table, its ONNX file differs from the fitted model by"):
        save_model(tmp_path / "a", fitted, card, data.X)
    assert not list(tmp_path.iterdir())


def saved(folder: Path) -> dict[str, bytes]:
    """Return the bytes of some models' files."""
    data, prepare = mixed(False), Prepare(impute="mean", indicator=True, scale="quantile", target="quantile")
    for name in ("linear_regression", "random_forest", "hist_gradient_boosting"):
        save_model(folder / name, *fit(name, data, prepare), data.X)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_another_process_writes_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    monkeypatch.setenv("PYTHONHASHSEED", "1")
    code = f"from pathlib import Path; from {__name__} import saved; saved(Path({str(there)!r}))"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])
    assert saved(here) == {path.name: path.read_bytes() for path in there.iterdir()}
