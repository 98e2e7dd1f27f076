"""The command that predicts rows of a file with the committed model."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from gridstage.commands import predict as stage
from gridstage.handover import ANSWER_FILE, MODEL_FILE, load_model
from packages.gridstage.tests.conftest import Command
from packages.gridstage.tests.data.parquet_files import content_of
from packages.gridstage.tests.project import Project, small_params, text_of
from packages.gridstage.tests.read_sample import SAMPLE

ROWS = text_of(SAMPLE / "data/pima-indians-diabetes.csv").splitlines()


@pytest.mark.parametrize(
    ("arguments", "path", "note"),
    [
        ((), ANSWER_FILE, "logistic_regression, models/answer.onnx"),
        (("--model", "net"), MODEL_FILE, "the kept net, models/best.onnx"),
    ],
)
def test_the_committed_models_are_small_and_predict_the_data(
    predict_here: Command, arguments: tuple[str, ...], path: Path, note: str
) -> None:
    assert (SAMPLE / path).stat().st_size < 6000
    done = predict_here("data/pima-indians-diabetes.csv", *arguments)
    assert done.stderr == f"note: predicted by {note}\n"
    shown = done.stdout.splitlines()
    assert len(shown) == len(ROWS)
    labels, proba, notes = zip(*(line.split(",") for line in shown), strict=True)
    assert set(notes) == {""}
    labels, proba = np.array([labels, proba], dtype=float)
    assert np.array_equal(labels, proba > 0.5)
    assert ((proba >= 0) & (proba <= 1)).all()
    truth = np.array([line.rpartition(",")[2] for line in ROWS], dtype=float)
    assert roc_auc_score(truth, proba) > 0.7


@pytest.mark.parametrize(
    ("use", "noted"),
    [("random_forest", True), ("winner", False), ("logistic_regression", False)],
)
def test_an_answer_that_is_not_asked_for_any_more_is_noted(
    predict_here: Command, project: Project, use: str, noted: bool
) -> None:
    params = project.params()
    project.write_params(params | {"evaluate": params["evaluate"] | {"use": use}})
    done = predict_here("-", stdin=ROWS[0].encode())
    assert done.returncode == 0
    assert (
        f"but evaluate.use in params.yaml is {use} now; `dvc repro evaluate` saves"
        in done.stderr
    ) == noted


def test_a_threshold_that_costs_have_chosen_is_noted(
    predict_here: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, card = load_model(ANSWER_FILE)
    monkeypatch.setattr(
        stage,
        "load_model",
        lambda *_: (model, card.model_copy(update={"threshold": 0.2})),
    )
    done = predict_here("-", stdin=ROWS[0].encode())
    noted = "answer.onnx, which predicts 1 from a probability of 0.2 on, as evaluate.costs says"
    assert done.stderr.splitlines()[-1].endswith(noted)


def test_rows_without_the_target_from_standard_input(predict_here: Command) -> None:
    with_target = predict_here("-", stdin="\n".join(ROWS[:3]).encode())
    without = predict_here(
        "-",
        stdin="\n".join(line.rpartition(",")[0] for line in ROWS[:3]).encode() + b"\n",
    )
    assert with_target == without
    assert with_target.returncode == 0
    assert len(without.stdout.splitlines()) == 3


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            b"6,148,72,35,0,33.6,0.627\n",
            "standard input: line 1 has 7 columns instead of 8, or 9 with diabetes",
        ),
        (
            b"6,abc,72,35,0,33.6,0.627,50\n",
            "standard input: line 1, column glucose: 'abc' is not a number",
        ),
        (
            b"6,148,72,35,0,33.6,0.627,7\n",
            "standard input: line 1, column age: 7 is outside 21 to 100 (years)",
        ),
        (
            b"a,b,72,35,0,33.6,0.627,50\n" + 3 * b"6,148,72,35,0,33.6,0.627,50\n",
            "standard input: line 1, column pregnancies: 'a' is not a number\n"
            "error: standard input: line 1, column glucose: 'b' is not a number\n",
        ),
    ],
)
def test_bad_rows_are_refused_with_a_sentence(
    predict_here: Command, text: bytes, sentence: str
) -> None:
    done = predict_here("-", stdin=text)
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {sentence}")
    assert done.stdout == ""


@pytest.mark.parametrize("arguments", [(), ("--model", "net")])
@pytest.mark.parametrize("is_pipe", [True, False])
def test_rows_in_a_parquet_file_are_predicted_as_those_of_the_csv(
    predict_here: Command,
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    is_pipe: bool,
    arguments: tuple[str, ...],
) -> None:
    columns = zip(
        project.params()["data"]["columns"],
        zip(*(row.split(",") for row in ROWS), strict=True),
        strict=True,
    )
    content = content_of(
        {name: list(map(float, cells)) for name, cells in columns}, row_group_size=100
    )
    path = project.folder / "rows.parquet"
    path.write_bytes(content)
    done = predict_here(
        "-" if is_pipe else "rows.parquet",
        *arguments,
        stdin=content if is_pipe else b"",
    )
    path.unlink()
    expected = predict_here("data/pima-indians-diabetes.csv", *arguments)
    assert (done.returncode, done.stderr) == (0, expected.stderr)
    found, those = (
        np.loadtxt(each.stdout.splitlines(), delimiter=",", usecols=(0, 1))
        for each in (done, expected)
    )
    np.testing.assert_array_equal(found[:, 0], those[:, 0])
    np.testing.assert_allclose(
        found, those, atol=2e-6
    )  # torch rounds by the number of rows


@pytest.mark.parametrize("arguments", [(), ("--model", "net")])
def test_many_rows_are_predicted_in_pieces(
    predict_here: Command, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    path = "data/pima-indians-diabetes.csv"
    whole = predict_here(path, *arguments)
    monkeypatch.setattr("gridstage.handover.model_file._ROWS_AT_ONCE", 100)
    assert predict_here(path, *arguments) == whole


def test_nothing_is_printed_if_a_later_row_has_a_mistake(predict_here: Command) -> None:
    rows = [line.rpartition(",")[0] for line in ROWS]
    rows[600] = rows[600].replace(",", ",x", 1)
    said = predict_here("-", stdin="\n".join(rows).encode()).refused()
    assert said.startswith("error: standard input: line 601, column glucose: 'x")


def test_numbers_far_outside_of_those_of_the_training_are_told(
    predict_here: Command, project: Project
) -> None:
    limitless = project.params()
    for name in ("age", "bmi"):
        del (
            limitless["data"]["columns"][name]["min"],
            limitless["data"]["columns"][name]["max"],
        )
    rows = [ROWS[0].split(",") for _ in range(5)]
    rows[0][5], rows[0][7] = "134", "141"  # 67.1 + 67.1 is 134.2, 81 + 60 is 141
    rows[1][7], rows[2][5], rows[3][5], rows[3][7], rows[4][7] = (
        "142",
        "-68",
        "135",
        "-40",
        "500",
    )
    project.write_params(limitless)
    done = predict_here("-", stdin="\n".join(map(",".join, rows)).encode())
    assert done.returncode == 0
    assert done.stderr.splitlines()[:-1] == [
        "note: 4 rows with numbers far outside of what the model was trained on: first in line 2"
    ]
    notes = [line.split(",")[2] for line in done.stdout.splitlines()]
    assert notes == [
        "",
        "age far outside",
        "bmi far outside",
        "bmi far outside; age far outside",
        "age far outside",
    ]


def test_another_model_in_the_place_of_the_net_is_refused(
    predict_here: Command,
) -> None:
    MODEL_FILE.write_bytes(ANSWER_FILE.read_bytes())
    said = predict_here("-", "--model", "net", stdin=ROWS[0].encode()).refused()
    assert said.startswith(
        "error: models/best.onnx has logistic_regression, which is not a net. Run `dvc"
    )


def test_other_mistakes_end_with_a_sentence(
    predict_here: Command, project: Project
) -> None:
    assert "the following arguments are required: FILE" in predict_here().stderr
    done = predict_here("data/none.csv")
    assert done.returncode == 1
    assert "data/none.csv can't be read: No such file or directory" in done.stderr
    other = small_params()
    columns = other["data"]["columns"]
    other["data"]["columns"] = {"children": columns.pop("pregnancies"), **columns}
    project.write_params(other)
    done = predict_here("data/pima-indians-diabetes.csv")
    assert "predicts diabetes from pregnancies, glucose" in done.stderr
    assert "Run `dvc repro evaluate`" in done.stderr
