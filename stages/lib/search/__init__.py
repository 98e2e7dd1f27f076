"""Runs searches: splits, engines, parallel jobs, halving, learning curves, progress.

Imports `config`, `engine` and `common`.
"""

from stages.lib.search.folds import checked_splits, make_splits
from stages.lib.search.progress import doing
from stages.lib.search.result import SearchResult
from stages.lib.search.run import advice_on_one_row, run_search
