"""Runs searches: engines, jobs, kept nets, halving, learning curves, progress. Imports `config`, `engine`, `common`."""

from stages.lib.search.kept import EVALUATION, forget, kept_folder
from stages.lib.search.progress import doing
from stages.lib.search.result import SearchResult
from stages.lib.search.run import advice_on_one_row, check_kernel, run_search
