"""Says which columns of a table no model sees, because they are text that is neither a category nor a date."""

from collections.abc import Collection
from pathlib import Path

import numpy as np

from gridstage.common import first_of
from gridstage.config import Data, is_parquet
from gridstage.data.checked_file import file_rows
from gridstage.data.texts import as_category, numbers

# The most columns that a sentence names.
_MOST = 5


def on_lost(spec: Data, roles: Collection[str | None] = ()) -> str:
    """Return a sentence on columns of text that are not used, except for those with a role in `cv`; "" without any.

    A text of one value, or of numbers alone, is not lost.
    """
    path, lost = spec.path, []
    content = Path(path).read_bytes()
    rows = file_rows(content, spec, path, is_parquet(path))
    names = rows.names([*spec.columns])
    unused = [name for name in names if not spec.column(name).use]
    if not unused:
        return ""
    table = rows.table(names, unused, [spec.target])
    for name in unused:
        texts = as_category(table[name], spec.na_values).cat.categories.tolist()
        no_numbers = np.isnan(numbers(texts, spec.decimal))
        if name not in roles and len(texts) > 1 and no_numbers.any():
            lost.append(name)
    if not lost:
        return ""
    return (
        f"No model sees {len(lost)} of {len(names)} columns, text of many values or dates that can't be read: "
        f"{first_of(lost, _MOST)}."
    )
