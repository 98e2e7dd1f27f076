"""Parquet files with other bytes in them: refused in sentences, or read the same way as a table and in pieces."""

from io import BytesIO
from pathlib import Path

import pandas as pd
import pyarrow as pa
from hypothesis import given

from stages.lib.adopt import read_table
from stages.lib.config import Data
from stages.lib.data import load_dataset, read_features
from tests.data.parquet_files import COLUMNS, content_of, rides
from tests.fuzz.mutations import Cuts, cuts, spoilt
from tests.fuzz.survival import FUZZED, files, refused_or

FILE = Path("data/rows.parquet")
SPEC = Data.model_validate({"path": str(FILE), "header": True, "target": "late", "columns": COLUMNS, "na_values": [""]})
# Without compression, which would find most changes itself.
CONTENT = content_of(pa.Table.from_pandas(rides(30)), row_group_size=12, compression="none")


@FUZZED
@given(todo=cuts())
def test_a_spoilt_file_is_refused_or_read(here: Path, todo: Cuts) -> None:
    content = spoilt(CONTENT, todo)
    FILE.write_bytes(content)
    before = files(here)
    refused_or(lambda: read_table(FILE, "late"))
    data = refused_or(lambda: load_dataset(SPEC, classify=True, seed=7))
    if data is not None:
        types, lacking = data.columns.types, data.columns.lacking
        pieces = refused_or(lambda: list(read_features(BytesIO(content), types, SPEC, "rows", lacking, 500)))
        assert pieces is not None
        texts = [X.astype(dict.fromkeys(data.columns.categories, "str")) for _, X in pieces]
        pd.testing.assert_frame_equal(
            pd.concat(texts, ignore_index=True), data.X.astype(dict.fromkeys(data.columns.categories, "str"))
        )
    assert files(here) == before
