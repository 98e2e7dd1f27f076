"""Tables of all kinds, as pandas writes and reads them; large ones, as quickly."""

import csv
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gridstage.common import UserError, write_text
from gridstage.config import Data
from gridstage.data import load_dataset, read_features
from packages.gridstage.tests.refusals import refused

WORDS = [
    "red",
    "green",
    "dark blue",
    "grün",
    "a,b",
    'say "hi"',
    "x;y",
    "two\nlines",
    "1",
    "NA",
]
ROW = st.tuples(
    st.floats(-1e30, 1e30) | st.none(),
    st.integers(-(10**15), 10**15),
    st.sampled_from(WORDS) | st.none(),
    st.booleans(),
    st.floats(-1e30, 1e30),
)
FORMS: list[dict[str, Any]] = [
    {
        "sep": sep,
        "decimal": decimal,
        "encoding": encoding,
        "quoting": quoting,
        "lineterminator": end,
    }
    for sep, decimal in ((",", "."), (";", ","), ("\t", "."))
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "latin-1")
    for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC)
    for end in ("\n", "\r\n")
]


def spec_of(path: Path, form: dict[str, Any]) -> Data:
    encoding = form.get("encoding", "utf-8").removesuffix(
        "-sig"
    )  # a mark is removed without being told
    columns = {
        "size": {"missing": "allowed"},
        "colour": {"type": "category", "missing": "allowed"},
        "new": {"type": "boolean"},
        "price": {},
    }
    return Data.model_validate(
        {
            "path": str(path),
            "header": True,
            "separator": form.get("sep", ","),
            "decimal": form.get("decimal", "."),
            "encoding": encoding,
            "na_values": ["?"],
            "target": "price",
            "columns": columns,
        }
    )


@given(st.lists(ROW, min_size=2, max_size=12), st.sampled_from(FORMS))
def test_what_pandas_writes_is_read_as_it_was(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[Any, ...]],
    form: dict[str, Any],
) -> None:
    table = pd.DataFrame(rows, columns=["size", "count", "colour", "new", "price"])
    path = tmp_path_factory.getbasetemp() / "table.csv"
    table.to_csv(path, index=False, na_rep="?", **form)
    spec = spec_of(path, form)
    if table["colour"].nunique() == len(table):
        with refused("column colour has as many categories as rows"):
            load_dataset(spec, classify=False, seed=7)
        return
    data = load_dataset(spec, classify=False, seed=7)
    expected = pd.DataFrame(
        {
            "size": table["size"].astype("float64"),
            "count": table["count"].astype("float64"),
            "colour": pd.Categorical(
                table["colour"], sorted(table["colour"].dropna().unique())
            ),
            "new": table["new"].astype("float64"),
        }
    )
    pd.testing.assert_frame_equal(data.X, expected, check_categorical=False)
    assert data.y.tolist() == table["price"].tolist()
    assert data.columns.types == {
        "size": "number",
        "count": "number",
        "colour": "category",
        "new": "boolean",
    }
    assert data.columns.lacking == tuple(
        key for key in ("size", "colour") if table[key].isna().any()
    )
    _, same = read_features(
        path.read_bytes(),
        data.columns.types,
        spec,
        "rows",
        may_lack=data.columns.lacking,
    )
    pd.testing.assert_frame_equal(same, data.X)


@example(["0", "20000000000000000000", "+80000000000000.200"])
@given(
    st.lists(
        st.from_regex(
            r"[-+]?[0-9]{1,20}(\.[0-9]{0,20})?([eE][-+]?[0-9]{1,2})?", fullmatch=True
        ),
        min_size=2,
    )
)
def test_numbers_are_the_nearest_ones(
    tmp_path_factory: pytest.TempPathFactory, cells: list[str]
) -> None:
    """As Python reads them; a text among them does not change the others."""
    cells = [cell for cell in cells if abs(float(cell)) < 3e38] or ["0", "1"]
    path = tmp_path_factory.getbasetemp() / "numbers.csv"
    for first in ("1", "?"):
        write_text(
            path, "\n".join(["size,price", *(f"{cell},0" for cell in [first, *cells])])
        )
        data = load_dataset(
            spec_of(path, {}).model_copy(update={"columns": {**NUMBERS}}),
            classify=False,
            seed=7,
        )
        assert data.X["size"].tolist()[1:] == [float(cell) for cell in cells]


NUMBERS = Data.model_validate(
    {
        "path": "unused.csv",
        "target": "price",
        "columns": {"size": {"missing": "allowed"}, "price": {}},
    }
).columns


@given(
    st.binary(max_size=300)
    | st.text(alphabet='1a,;"\n\r\t?é.', max_size=300).map(str.encode),
    st.booleans(),
)
def test_whatever_is_in_a_file_is_read_or_told(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, header: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(content)
    spec = spec_of(path, {}).model_copy(update={"header": header})
    told = ""
    try:
        data = load_dataset(spec, classify=False, seed=7)
    except UserError as error:
        told = str(error)
    assert told.startswith(str(path)) or len(data.X) == len(data.y) > 0
