"""Reads and checks the CSV, and turns it into the arrays that nets train on.

Imports `config` and `common`.
"""

from stages.lib.data.csv_file import read_csv, read_features
from stages.lib.data.dataset import Dataset, check_folds, class_labels, load_dataset

__all__ = ["Dataset", "check_folds", "class_labels", "load_dataset", "read_csv", "read_features"]
