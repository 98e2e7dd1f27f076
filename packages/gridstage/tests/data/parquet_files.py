"""Parquet files, as pandas and pyarrow write them."""

import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq


def content_of(table: Any, **options: Any) -> bytes:
    """Return the bytes of a file with the columns of a `pyarrow.Table`, or of what makes one."""
    buffer = io.BytesIO()
    pq.write_table(
        table if isinstance(table, pa.Table) else pa.table(table), buffer, **options
    )
    return buffer.getvalue()


def write_parquet(folder: Path, table: Any, **options: Any) -> Path:
    """Write a file."""
    path = folder / "data.parquet"
    path.write_bytes(content_of(table, **options))
    return path


def rides(n_rows: int = 60) -> pd.DataFrame:
    """Return a table with a column of each type that a table for nets may have, some with missing cells."""
    rng = np.random.default_rng(5)
    gaps = np.arange(n_rows) % 7 == 3
    days = pd.Timestamp("2024-02-27") + pd.to_timedelta(
        rng.integers(0, 9, n_rows), unit="D"
    )
    return pd.DataFrame(
        {
            "ride_id": [f"r{i:04}" for i in range(n_rows)],
            "distance": np.exp(rng.normal(size=n_rows)),
            "seats": rng.integers(1, 7, n_rows),
            "speed": np.where(gaps, np.nan, rng.normal(50, 10, n_rows)),
            "stops": pd.Series(rng.integers(0, 3, n_rows), dtype="Int16").mask(gaps),
            "night": rng.random(n_rows) < 0.4,
            "colour": pd.Series(
                rng.choice(["red", "NA", "grün"], n_rows), dtype="str"
            ).mask(gaps),
            "kind": pd.Categorical(rng.choice(["b", "a"], n_rows), ["b", "a", "never"]),
            "zone": pd.Categorical(rng.choice([7, 12], n_rows)),
            "zip": rng.choice(["00123", "04567"], n_rows),
            "sailed": days + pd.to_timedelta(rng.integers(0, 9**5, n_rows), unit="s"),
            "day": days.date,
            "fare": [
                Decimal(int(cents)) / 100 for cents in rng.integers(100, 9999, n_rows)
            ],
            "late": np.where(np.arange(n_rows) % 3 == 0, "yes", "no"),
        }
    )


# What `data.columns` has to say of these.
COLUMNS: dict[str, Any] = {
    "ride_id": {"use": False},
    "speed": {"missing": "allowed"},
    "stops": {"missing": "allowed"},
    "night": {"type": "boolean"},
    "colour": {"type": "category", "missing": "allowed"},
    "kind": {"type": "category"},
    "zone": {"type": "category"},
    "zip": {"type": "category"},
    "sailed": {"type": "date"},
    "day": {"type": "date"},
    "late": {"classes": ["no", "yes"]},
}
