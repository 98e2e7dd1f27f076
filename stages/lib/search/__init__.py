"""Runs searches: engines, jobs, kept nets, halving, learning curves, progress. Imports `scores` and what is below."""

from stages.lib.scores.search_result import SearchResult
from stages.lib.search.aside.progress import doing
from stages.lib.search.checkpoint import EVALUATION, checkpoint_of, forget
from stages.lib.search.run import Fits, advice_on_one_row, check_kernel, run_search
