"""The committed data, and what is wrong with files that should be like it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stages.lib.common import UserError
from stages.lib.config import Data
from stages.lib.data import load_dataset, read_csv
from stages.lib.fetch import describe
from tests.data.csv_files import problems, write_csv
from tests.project import real_params
from tests.read_sample import SAMPLE

ROW = "6,148,72,35,0,33.6,0.627,50,1"
OTHER = "1,85,66,29,0,26.6,0.351,31,0"


def spec(**changes: Any) -> Data:
    return Data.model_validate(real_params()["data"] | changes)


def test_the_real_data_is_described() -> None:
    data = spec()
    table = read_csv(SAMPLE / data.path, data, classify=True)
    assert table.shape == (768, 9)
    # These counts are in the data set's own documentation.
    assert describe(table, data, classify=True) == {
        "rows": 768,
        "positives": 268,
        "zeros_for_missing": {"glucose": 5, "blood_pressure": 35, "skin_fold": 227, "insulin": 374, "bmi": 11},
    }


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (ROW.replace("148", "abc"), "line 2, column glucose: 'abc' is not a number"),
        (ROW.replace("148", ""), "line 2, column glucose: '' is not a number"),
        (ROW.replace("148", "-1"), "line 2, column glucose: -1 is outside 0 to 250 (mg/dL)"),
        (ROW.replace("50,1", "7,1"), "line 2, column age: 7 is outside 21 to 100 (years)"),
        (ROW.replace("50,1", "50,2"), "line 2, column diabetes: 2 is outside 0 to 1"),
        (ROW.replace("50,1", "50,0.5"), "line 2, column diabetes: 0.5 is not a class"),
        (ROW + ",1", "line 2 has 10 columns instead of 9"),
        ("", "line 2 has 0 columns instead of 9"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, row: str, sentence: str) -> None:
    found = problems(write_csv(tmp_path, OTHER, row, ROW), spec())
    assert len(found) == 1
    assert sentence in found[0]


def test_a_column_that_params_yaml_lacks_is_not_taken_for_a_cell_too_many(tmp_path: Path) -> None:
    (sentence,) = problems(write_csv(tmp_path, *[ROW + ",1"] * 3), spec())
    assert sentence.endswith("; every line has 10, so list 10 columns in data.columns of params.yaml")


def test_every_problem_is_listed(tmp_path: Path) -> None:
    path = write_csv(tmp_path, OTHER, ROW.replace("148", "abc").replace("72", "999"), ROW.replace("0.627", "x"))
    assert [line.split(":")[0] for line in problems(path, spec())] == [
        "line 2, column glucose",
        "line 2, column blood_pressure",
        "line 3, column pedigree",
    ]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xff\xfe\x00"])
def test_no_text_or_no_rows(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "data.csv").write_bytes(content)
    with pytest.raises(UserError, match="Is it the right file"):
        read_csv(tmp_path / "data.csv", spec(), classify=True)


def test_a_missing_file_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Run `dvc repro fetch`"):
        read_csv(tmp_path / "data.csv", spec(), classify=True)


def test_a_sample_is_stratified_and_keeps_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(SAMPLE)
    whole, part = (load_dataset(spec(sample=share), classify=True, seed=7) for share in (1.0, 0.3))
    assert (part.X.dtypes == "float64").all()
    assert len(part.y) == 230
    assert part.y.mean() == pytest.approx(whole.y.mean(), abs=0.002)
    assert part.features == tuple(spec().columns)[:-1]
    assert part.classes == ("0", "1")
    rows = [int(np.flatnonzero((whole.X == row).all(axis=1))[0]) for row in part.X.to_numpy()]
    assert rows == sorted(rows)
