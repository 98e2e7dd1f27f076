"""Makes the blocks of README.md that say what is in metrics/: the leaderboard, the answer, the searches.

Imports `told`, `best_params`, `scores`, `results`, `config` and `common`.
"""

from stages.lib.docs.results import contents, find_blocks, replace_blocks
