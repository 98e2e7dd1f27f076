"""Makes the blocks of README.md that say what is in metrics/: the leaderboard, the answer, the searches.

Imports `winners`, `changes`, `scores`, `results`, `config` and `common`.
"""

from stages.lib.docs.blocks import find_blocks, replace_blocks
from stages.lib.docs.results import CONTENTS, contents
