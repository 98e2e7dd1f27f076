"""A CSV with a header and a target of labels."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from stages.lib.common import UserError
from stages.lib.config import Column, Data
from stages.lib.data import load_dataset, read_csv
from stages.lib.fetch import describe
from tests.data.csv_files import problems, write_csv

HEADER = "length,species,width"
ROWS = ["5.1,setosa,3.5", "7.0,versicolor,3.2", "6.3,virginica,3.3"]
CLASSES = ["setosa", "versicolor", "virginica"]


def flowers(**changes: Any) -> Data:
    columns = {"species": {"classes": CLASSES}, "length": {"unit": "cm", "min": 0, "max": 10}}
    return Data.model_validate(
        {"path": "flowers.csv", "header": True, "target": "species", "columns": columns} | changes
    )


def test_columns_stand_in_the_files_order_and_labels_are_numbered(tmp_path: Path) -> None:
    path = write_csv(tmp_path, "\ufeff" + HEADER, *ROWS)
    table = read_csv(path, flowers(), classify=True)
    assert table.columns.tolist() == ["length", "species", "width"]
    assert table["species"].tolist() == [0, 1, 2]
    data = load_dataset(flowers(path=str(path)), classify=True, seed=7)
    assert data.features == ("length", "width")
    assert data.classes == tuple(CLASSES)
    assert data.n_classes == 3
    expected = pd.read_csv(path)[["length", "width"]]
    pd.testing.assert_frame_equal(data.X, expected)


def test_numbers_compare_as_texts(tmp_path: Path) -> None:
    data = flowers(columns={"species": {"classes": [10, 2]}})
    table = read_csv(write_csv(tmp_path, HEADER, "1,2,1", "1,10,1"), data, classify=True)
    assert table["species"].tolist() == [1, 0]


def test_a_regression_has_features_and_no_classes(tmp_path: Path) -> None:
    path = write_csv(tmp_path, "weight,height", "80,1.8", "55.5,1.6")
    data = load_dataset(flowers(path=str(path), target="weight", columns={"weight": {}}), classify=False, seed=7)
    assert (data.features, data.classes) == (("height",), ())
    assert data.y.tolist() == [80, 55.5]


@pytest.mark.parametrize(
    ("lines", "sentences"),
    [
        (
            ["length,specis,width", *ROWS],
            ["the header has no 'species', which data.columns in params.yaml lists; did you"],
        ),
        (
            ["a,species", "1,setosa"],
            ["the header has no 'length', which data.columns in params.yaml lists; it has a, spec"],
        ),
        (
            [HEADER, *ROWS, "5,setosaa,1", "5,rose,1"],
            [
                "line 5, column species: 'setosaa' is not one of its classes; did you mean 'setosa'?",
                "line 6, column species: 'rose' is not one of its classes; they are setosa, versicolor, virginica",
            ],
        ),
        (
            [HEADER, *ROWS, "11,setosa,wide"],
            [
                "line 5, column length: 11 is outside 0 to 10 (cm)",
                "line 5, column width: 'wide' is not a number; if the column is not a number, add `width: {type:",
            ],
        ),
        ([HEADER, *ROWS, "5,setosa,1e39"], ["line 5, column width: 1e39 is above 3.40282e+38"]),
        ([HEADER, *ROWS[:2]], ["column species has no row of class virginica"]),
        ([HEADER, ROWS[0]], ["column species contains only one class, setosa; a classifier needs two or more"]),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, lines: list[str], sentences: list[str]) -> None:
    found = problems(write_csv(tmp_path, *lines), flowers())
    assert len(found) == len(sentences)
    assert all(sentence in line for sentence, line in zip(sentences, found, strict=True)), found


def test_a_header_with_nothing_to_predict_from(tmp_path: Path) -> None:
    data = flowers(columns={"species": {"classes": CLASSES}})
    assert "the header has only the target" in problems(write_csv(tmp_path, "species", "setosa"), data)[0]


def test_limits_without_a_unit_or_on_one_side(tmp_path: Path) -> None:
    columns = {"species": {}, "length": {"min": 0}, "width": {"max": 9}}
    found = problems(write_csv(tmp_path, HEADER, "-1,0,10", "1,1,1"), flowers(columns=columns))
    assert found == [
        f"line 2, column {name}; fix it, or change {limit} of data.columns.{name.partition(':')[0]} in params.yaml"
        for name, limit in (("length: -1 is below 0", "min"), ("width: 10 is above 9", "max"))
    ]


def test_labels_are_for_a_classifier(tmp_path: Path) -> None:
    found = problems(write_csv(tmp_path, HEADER, *ROWS), flowers(), classify=False)
    assert found == [
        "params.yaml: data.columns.species.classes are labels, but a regressor predicts a number. "
        "Remove them, or set model.wrapper to NeuralNetClassifier."
    ]


def test_classes_are_counted_by_label(tmp_path: Path) -> None:
    table = read_csv(write_csv(tmp_path, HEADER, *ROWS, ROWS[0]), flowers(), classify=True)
    counts = {"setosa": 2, "versicolor": 1, "virginica": 1}
    assert describe(table, flowers(), classify=True) == {"rows": 4, "classes": counts, "zeros_for_missing": {}}
    two = flowers(columns={"species": {"classes": ["virginica", "setosa"]}})
    table = read_csv(write_csv(tmp_path, HEADER, ROWS[0], ROWS[0], ROWS[2]), two, classify=True)
    assert describe(table, two, classify=True) == {"rows": 3, "positives": 2, "zeros_for_missing": {}}


def test_cells_with_one_fault_are_counted(tmp_path: Path) -> None:
    found = problems(write_csv(tmp_path, HEADER, *["11,setosa,1"] * 1500, *ROWS), flowers())
    assert found == [
        "line 2, column length: 11 is outside 0 to 10 (cm) (1,499 more such cells); fix it, or change min and max of "
        "data.columns.length in params.yaml"
    ]


def test_of_many_mistakes_the_first_are_named(tmp_path: Path) -> None:
    header = ",".join(["species", *(f"c{i}" for i in range(50))])
    path = write_csv(tmp_path, header, "setosa" + ",x" * 50, *(f"{name}{',1' * 50}" for name in CLASSES))
    found = problems(path, flowers(columns={"species": {"classes": CLASSES}}))
    assert len(found) == 4
    assert found[2].startswith("line 2, column c2: 'x' is not a number; if the column is not a number, add `c2: {type")
    assert found[3].startswith(
        "47 more like line 2, column c0: line 2, column c3; line 2, column c4; line 2, column c5; …"
    )


def test_a_number_taken_for_a_class_is_told_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("x,price\n1,0\n2,3000000\n3,7\n", encoding="utf-8")
    own = Data(path=str(path), header=True, target="price", columns={"price": Column()})
    with pytest.raises(UserError) as caught:
        read_csv(path, own, classify=True)
    assert str(caught.value) == (
        f"{path}: column price has no row of class 1, 2, 3, 4, 5 and 2999993 more; is it a number to predict? "
        "Then set model.wrapper to NeuralNetRegressor"
    )
