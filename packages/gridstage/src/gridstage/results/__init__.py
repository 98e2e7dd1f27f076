"""All files under metrics/: where each is, what is in it, and how it is read and written. Imports `common`.

`files.py` has the table of the files, and `columns.py` that of their columns. A new result begins there.
"""

from gridstage.results import files
from gridstage.results.columns import COMPUTED, SCORE, Column, column_of, split_columns
from gridstage.results.files import Csv, File, Json
from gridstage.results.reading import Results, Source, WorkingTree
from gridstage.results.writing import (
    remove_others,
    remove_strays,
    write,
    write_folder,
    written,
)

__all__ = [
    "Results",
    "files",
    "remove_others",
    "remove_strays",
    "write",
    "write_folder",
]
