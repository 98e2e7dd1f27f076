"""Tables with other bytes in them: refused in sentences, or read as other readers read them."""

import csv
import io
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridstage.adopt import read_table
from gridstage.commands import adopt
from gridstage.config import Data, yaml12
from gridstage.data import Dataset, load_dataset, read_features
from packages.gridstage.tests.data.csv_files import COLUMNS, HEADER, PASSENGERS
from packages.gridstage.tests.data.parquet_files import COLUMNS as OF_RIDES
from packages.gridstage.tests.data.parquet_files import content_of, rides
from packages.gridstage.tests.fuzz.mutations import Cuts, cuts, spoilt
from packages.gridstage.tests.fuzz.survival import FUZZED, files, refused_or
from packages.gridstage.tests.project import real_params, text_of
from packages.gridstage.tests.read_sample import SAMPLE

FILE = Path("data/rows.csv")
PIMA = text_of(SAMPLE / "data/pima-indians-diabetes.csv").splitlines()[:20]
SHIP: dict[str, Any] = {
    "header": True,
    "target": "survived",
    "columns": COLUMNS,
    "na_values": ["", "?"],
}

# The same passengers in a shop's export.
SOLD = SHIP | {
    "columns": COLUMNS
    | {
        "age": COLUMNS["age"] | {"written": "1234.5 y"},
        "fare": {"written": "$1,234.5"},
    },
    "na_values": ["", "?", "-"],
}
SALES = [HEADER] + 2 * [
    '1,"Allen, Ann",29 y,female,yes,1912-04-10,"$1,071.3",yes',
    '2,"Brown, Bo",-,male,no,1912-04-09,($8.05),no',
    '3,"Cox, Cy",2 y,male,No,1912-04-11,$0,no',
    '4,"Dean, Di",58y,female,TRUE,1912-04-09,-$26.55,yes',
]

# How a CSV is written, beside its lines.
FORMS = [
    (Data.model_validate(section | {"path": str(FILE)}), lines)
    for section, lines in [
        (real_params()["data"] | {"sha256": None}, PIMA),
        (SHIP, [HEADER, *PASSENGERS, *PASSENGERS]),
        (SOLD, SALES),
        (
            SHIP | {"separator": "\t", "encoding": "utf-16"},
            [line.replace(",", "\t") for line in [HEADER, *PASSENGERS[2:] * 2]],
        ),
        (
            SHIP | {"separator": ";", "decimal": ",", "encoding": "latin-1"},
            [
                line.replace(",", ";").replace(".", ",")
                for line in [HEADER, *PASSENGERS[2:] * 2]
            ],
        ),
    ]
]

BOOLEANS = {
    "yes": 1,
    "true": 1,
    "t": 1,
    "1": 1,
    "1.0": 1,
    "no": 0,
    "false": 0,
    "f": 0,
    "0": 0,
    "0.0": 0,
}


def records(content: bytes, spec: Data) -> list[dict[str, str]]:
    """Return the cells of each row by column, as Python reads them."""
    text = (
        content.decode(spec.encoding).lstrip("\ufeff").rstrip(" \r\n")
    )  # pandas drops a second mark too
    rows = list(
        csv.reader(
            io.StringIO(text, newline=""),
            delimiter=spec.separator,
            skipinitialspace=True,
        )
    )
    names = list(spec.columns)
    if spec.header:
        names = [
            name.strip() or f"Unnamed: {place}"
            for place, name in enumerate(rows.pop(0))
        ]
    return [dict(zip(names, map(str.strip, row), strict=False)) for row in rows]


def bare(cell: str, example: str) -> str:
    """Return the number in a cell as Python writes it, by an example of how 1234.5 is written."""
    rest, _, suffix = example.rpartition("5")
    digits = cell.removesuffix(")").removesuffix(suffix.strip())
    digits = "".join(sign for sign in digits if sign in f"0123456789{rest[-1]}")
    sign = "-" if set(cell) & {"(", "-", "\u2212"} else ""
    return sign + digits.replace(rest[-1], ".")


def meaning(cell: str, key: str, spec: Data) -> Any:
    """Return what a cell says."""
    column = spec.column(key)
    kind = column.type
    if cell in spec.na_values:
        return None
    if column.written:
        return float(bare(cell, column.written))
    if kind == "number":
        return float(cell.replace(spec.decimal, "."))
    return BOOLEANS[cell.lower()] if kind == "boolean" else cell


def check(data: Dataset, content: bytes, spec: Data) -> None:
    """Compare what was read with Python's reading, cell by cell."""
    expected = records(content, spec)
    if spec.columns[spec.target].missing == "left_out":
        expected = [row for row in expected if row[spec.target] not in spec.na_values]
    assert len(data.y) == len(expected) > 0
    for key in data.columns.types:
        found = [None if value != value else value for value in data.X[key].tolist()]
        assert found == [meaning(row[key], key, spec) for row in expected], key
    labels = [row[spec.target] for row in expected]
    numbers = [
        spec.labels.index(label) if spec.labels else meaning(label, spec.target, spec)
        for label in labels
    ]
    assert data.y.tolist() == numbers
    assert not data.classes or len(set(numbers)) == len(data.classes) > 1


@pytest.mark.parametrize(("spec", "lines"), FORMS)
def test_the_forms_are_fine(here: Path, spec: Data, lines: list[str]) -> None:
    content = "\n".join(lines).encode(spec.encoding)
    FILE.write_bytes(content)
    check(load_dataset(spec, classify=True, seed=7), content, spec)


@FUZZED
@given(form=st.sampled_from(FORMS), todo=cuts())
def test_a_spoilt_file_is_refused_or_read(
    here: Path, form: tuple[Data, list[str]], todo: Cuts
) -> None:
    spec, lines = form
    content = spoilt(
        "\n".join(lines).encode(spec.encoding), todo, spec.separator.encode()
    )
    FILE.write_bytes(content)
    before = files(here)
    data = refused_or(lambda: load_dataset(spec, classify=True, seed=7))
    if data is not None:
        check(data, content, spec)
        types, lacking = data.columns.types, data.columns.lacking
        again = refused_or(lambda: read_features(content, types, spec, "rows", lacking))
        assert again is not None
        assert again[1].equals(data.X)
    assert files(here) == before


@FUZZED
@given(form=st.sampled_from(FORMS), todo=cuts())
def test_a_spoilt_file_is_adopted_or_refused(
    here: Path, form: tuple[Data, list[str]], todo: Cuts
) -> None:
    spec, lines = form
    twice = [*lines, *lines[spec.header :]]
    content = spoilt(
        "\n".join(twice).encode(spec.encoding), todo, spec.separator.encode()
    )
    FILE.write_bytes(content)
    before = files(here)
    target = spec.target if spec.header else "column_9"
    with (
        patch("sys.argv", ["adopt", str(FILE), target, "--dry-run"]),
        redirect_stdout(io.StringIO()) as shown,
    ):
        refused_or(lambda: adopt.main(adopt.ARGUMENTS.parse_args()))
    assert files(here) == before
    if told := shown.getvalue():
        blocks = yaml12.load(
            told[told.index("\ndata:") : told.rindex("params.yaml was left unchanged")]
        )
        adopted, classify = (
            Data.model_validate(blocks["data"]),
            not blocks["model"]["wrapper"].endswith("Regressor"),
        )
        check(load_dataset(adopted, classify, seed=7), content, adopted)


PARQUET = Path("data/rows.parquet")
RIDES = Data.model_validate(
    {
        "path": str(PARQUET),
        "header": True,
        "target": "late",
        "columns": OF_RIDES,
        "na_values": [""],
    }
)
# Without compression, which would find most changes itself.
RIDES_CONTENT = content_of(
    pa.Table.from_pandas(rides(30)), row_group_size=12, compression="none"
)


@FUZZED
@given(todo=cuts())
def test_a_spoilt_parquet_file_is_refused_or_read(here: Path, todo: Cuts) -> None:
    content = spoilt(RIDES_CONTENT, todo)
    PARQUET.write_bytes(content)
    before = files(here)
    refused_or(lambda: read_table(PARQUET, "late"))
    data = refused_or(lambda: load_dataset(RIDES, classify=True, seed=7))
    if data is not None:
        types, lacking = data.columns.types, data.columns.lacking
        again = refused_or(
            lambda: read_features(content, types, RIDES, "rows", lacking)
        )
        assert again is not None
        texts = dict.fromkeys(data.columns.categories, "str")
        pd.testing.assert_frame_equal(again[1].astype(texts), data.X.astype(texts))
    assert files(here) == before
