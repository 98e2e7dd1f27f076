"""Runs searches: splits, engines, parallel jobs, halving, learning curves, progress.

Imports `config`, `lockstep` and `common`.
"""

from stages.lib.search.folds import checked_splits, make_splits
from stages.lib.search.progress import doing
from stages.lib.search.result import SearchResult
from stages.lib.search.run import run_search
from stages.lib.search.trial import check_trial

__all__ = ["SearchResult", "check_trial", "checked_splits", "doing", "make_splits", "run_search"]
