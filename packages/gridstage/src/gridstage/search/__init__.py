"""Runs searches: engines, jobs, kept nets, halving, learning curves, progress. Imports `scores` and what is below."""

from gridstage.scores.search_result import SearchResult
from gridstage.search.aside.progress import doing
from gridstage.search.checkpoint import EVALUATION, checkpoint_of, forget
from gridstage.search.run import Fits, advice_on_one_row, check_kernel, run_search

__all__ = ["EVALUATION", "doing", "forget"]
