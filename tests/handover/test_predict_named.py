"""The command that predicts rows of a table with a header: what it explains, and which files it refuses."""

import io
from collections.abc import Iterator
from functools import partial

import onnx
import pandas as pd
import pytest

from stages import predict as stage
from stages.lib.handover import ANSWER_FILE, because, load_model, predict, save_model
from stages.lib.handover.model_file import with_card
from tests.conftest import Command
from tests.data.parquet_files import content_of
from tests.handover.fits import fit, numbers
from tests.project import Project


@pytest.fixture
def predict_notes(predict_here: Command, project: Project) -> Iterator[Command]:
    """Predict rows of a table with a header, whose target is called `note`."""
    params, content = project.params(), ANSWER_FILE.read_bytes()
    fitted, card = fit("logistic_regression", numbers())
    columns = {"a": {}, "b": {}, "c": {}, "note": {"classes": ["class 0", "class 1"]}}
    data = {"path": "data/notes.csv", "header": True, "target": "note", "columns": columns}
    try:
        save_model(ANSWER_FILE, fitted, card.model_copy(update={"target": "note"}), numbers().X)
        project.write_params(params | {"data": data})
        yield predict_here
    finally:
        project.write_params(params)
        ANSWER_FILE.write_bytes(content)


@pytest.mark.parametrize("n_bytes", [2**21, 20])
def test_predictions_are_explained_in_the_last_column(
    predict_notes: Command, monkeypatch: pytest.MonkeyPatch, n_bytes: int
) -> None:
    monkeypatch.setattr(stage, "_BYTES_AT_ONCE", n_bytes)
    X = numbers(30).X.assign(c=lambda X: X["c"] * 1000)
    done = predict_notes("-", "--explain", stdin=X.to_csv(index=False).encode())
    table = pd.read_csv(io.StringIO(done.stdout), keep_default_na=False)
    assert list(table) == ["note", "note=class 1", "note_", "because"]  # no two columns have the same name
    assert table[["note", "note=class 1", "note_"]].equals(
        pd.read_csv(io.StringIO(predict_notes("-", stdin=X.to_csv(index=False).encode()).stdout), keep_default_na=False)
    )
    assert set(table["note"]) == {"class 0", "class 1"}
    assert "c far outside" in set(table["note_"])
    model, card = load_model(ANSWER_FILE)
    predicts = partial(predict, model, card)
    expected = because(predicts, card, X, predicts(X))
    assert table["because"].tolist() == expected


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "standard input is empty. Is it the right file?"),
        (b"a,b,c\n", "standard input: line 1 has no row after its header. Is it the right file?"),
        (
            b"a,d,e\n1,2,3\n",
            "standard input: the header has no 'b', 'c', which the model predicts from; it has a, d, e",
        ),
        (b"a,b,c\n1,2,2020-01-31\n", "standard input: line 2, column c: '2020-01-31' is not a number"),
        (b"a,b,c\n1,yes,3\n", "standard input: line 2, column b: 'yes' is not a number"),
        (content_of({"a": [1.0], "b": [2.0], "c": ["x"]}), "standard input: row 1, column c: 'x' is not a number"),
        (content_of({"a": [1.0]}), "standard input: the file has no 'b', 'c', which the model predicts from; it has a"),
        (b"PAR1 and no more", "standard input is a damaged Parquet file"),
        (b"PK\x03\x04", "standard input is not a CSV, but a spreadsheet or a zip archive"),
        (b"\x89PNG\r\n\x1a\n\x00", "standard input: line 1 is not utf-8. Is it the right file?"),
    ],
)
@pytest.mark.parametrize("options", [(), ("--explain",)])
def test_another_file_is_refused_with_one_sentence(
    predict_notes: Command, options: tuple[str, ...], content: bytes, sentence: str
) -> None:
    done = predict_notes("-", *options, stdin=content)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error: {sentence}")
    assert done.stderr.count("\n") == 1


def test_a_model_of_an_older_version_is_not_explained(predict_notes: Command) -> None:
    _, card = load_model(ANSWER_FILE)
    inputs = [each.model_copy(update={"typical": None}) for each in card.inputs]
    ANSWER_FILE.write_bytes(with_card(onnx.load(ANSWER_FILE), card.model_copy(update={"inputs": inputs})))
    rows = numbers(30).X.to_csv(index=False).encode()
    done = predict_notes("-", "--explain", stdin=rows)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "error: The model was saved without typical inputs, which --explain needs. Run `dvc repro evaluate`.\n"
    )
    assert predict_notes("-", stdin=rows).returncode == 0
