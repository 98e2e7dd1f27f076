"""Rows to predict: their columns are found by name or place, and a mistake in them is named."""

import pandas as pd
import pytest

from stages.lib.common import UserError
from stages.lib.config import Data
from stages.lib.data import read_features
from tests.data.test_csv_file import CLASSES, flowers
from tests.project import real_params

FEATURES = {"length": "number", "width": "number"}
EXPECTED = pd.DataFrame({"length": [5.1, 7.0], "width": [3.5, 3.2]})


@pytest.mark.parametrize(
    "text",
    [
        "length,width\n5.1,3.5\n7.0,3.2\n",
        "width,length\n3.5,5.1\n3.2,7.0",
        "length,species,width\n5.1,unknown,3.5\n7.0,,3.2",
        "\ufeffid,width,length\nA1,3.5,5.1\nA2,3.2,7.0",
    ],
)
def test_features_are_found_by_the_headers_names(text: str) -> None:
    pd.testing.assert_frame_equal(read_features(text.encode(), FEATURES, flowers(), "new rows"), EXPECTED)


@pytest.mark.parametrize("text", ["5.1,3.5\n7.0,3.2\n", "5.1,setosa,3.5\n7.0,?,3.2\n"])
def test_features_are_found_by_their_place_without_a_header(text: str) -> None:
    columns = {"length": {}, "species": {"classes": CLASSES}, "width": {}}
    found = read_features(text.encode(), FEATURES, flowers(header=False, columns=columns), "new rows")
    pd.testing.assert_frame_equal(found, EXPECTED)


def test_the_real_rows_are_read_with_the_target_and_without() -> None:
    data = Data.model_validate(real_params()["data"])
    features = {name: "number" for name in data.columns if name != data.target}
    row = "6,148,72,35,0,33.6,0.627,50"
    for text in (row.encode(), f"{row},1".encode()):
        assert read_features(text, features, data, "new rows").to_numpy().tolist() == [list(map(float, row.split(",")))]


@pytest.mark.parametrize(
    ("header", "text", "message"),
    [
        (
            True,
            "length,widht\n1,1",
            "new rows: the header has no 'width', which the net predicts from; did you mean 'widht'?",
        ),
        (True, "length,length,width\n1,1,1", "new rows: the header has 'length' 2 times; rename all but one"),
        (True, "length,width", "new rows has no rows after its header. Is it the right file?"),
        (True, "length,width\n1", "new rows: line 2 has 1 column instead of 2; is the line cut off?"),
        (
            True,
            "length,width\n11,x\n1,1e39",
            "new rows: line 2, column length: 11 is outside 0 to 10 (cm)\n"
            "new rows: line 2, column width: 'x' is not a number\n"
            "new rows: line 3, column width: 1e39 is above 3.40282e+38",
        ),
        (False, "", "new rows is empty. Is it the right file?"),
        (
            True,
            "petal_length,width\n1,1",
            "new rows: the header has no 'length', which the net predicts from; did you mean 'petal_length'?",
        ),
        (
            True,
            "a,width\n1,1",
            "new rows: the header has no 'length', which the net predicts from; it has a, width",
        ),
        (
            True,
            "length;width\n1;1",
            "new rows: one column was found, and line 1 holds 1 semicolon; save it with commas, as the training "
            "table is",
        ),
        (
            False,
            "1\t2\t3",
            "new rows: one column was found, and line 1 holds 2 tabs; save it with commas, as the training table is",
        ),
        (
            False,
            "length,width\n1,1",
            "new rows: line 1 contains no number, like a header, but data.header in params.yaml is false. "
            "Remove the line.",
        ),
        (
            False,
            "1,2,3,4",
            "new rows: line 1 has 4 columns instead of 2, or 3 with species; a cell that contains ',' needs quotation "
            "marks",
        ),
        (False, "1,setosa,2\n1,2", "new rows: line 2 has 2 columns instead of 3; is the line cut off?"),
        (
            False,
            "1,2\n1,setosa,2",
            "new rows: line 2 has 3 columns instead of 2; a cell that contains ',' needs quotation marks",
        ),
        (False, "11,setosa,2", "new rows: line 1, column length: 11 is outside 0 to 10 (cm)"),
    ],
)
def test_a_mistake_in_rows_to_predict_is_named(header: bool, text: str, message: str) -> None:
    columns = {"length": {"unit": "cm", "min": 0, "max": 10}, "species": {"classes": CLASSES}, "width": {}}
    with pytest.raises(UserError) as caught:
        read_features(text.encode(), FEATURES, flowers(header=header, columns=columns), "new rows")
    assert str(caught.value) == message
