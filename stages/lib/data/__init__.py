"""Reads and checks the CSV or Parquet file, and turns it into the table that nets train on.

Imports `config` and `common`.
"""

from stages.lib.data.aside.faults import given_away_told
from stages.lib.data.aside.unchanged import Unchanged
from stages.lib.data.checked_file import read_data, read_features
from stages.lib.data.dataset import Columns, Dataset, load_dataset
from stages.lib.data.given_away import given_away, is_nearly_perfect
