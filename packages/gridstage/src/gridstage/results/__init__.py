"""All files under metrics/: where each is, what is in it, and how it is read and written. Imports `common`.

`files.py` has the table of the files, and `columns.py` that of their columns. A new result begins there.
"""

from gridstage.results import files
from gridstage.results.columns import COMPUTED, SCORE, column_of, split_columns
from gridstage.results.files import Csv, File
from gridstage.results.reading import Results, WorkingTree
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
