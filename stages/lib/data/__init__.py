"""Reads and checks the CSV, and turns it into the table that nets train on.

Imports `config` and `common`.
"""

from stages.lib.data.csv_file import read_csv, read_features
from stages.lib.data.dataset import Columns, Dataset, load_dataset
from stages.lib.data.unchanged import Unchanged
