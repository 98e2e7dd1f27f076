"""Looks at a table and describes it in params.yaml: data, prepare, cv, model and experiments.

Only here are types, separators and settings guessed. Lets DVC track a large table. Imports `repository`, `data`,
`config` and `common`.
"""

from stages.lib.adopt.blocks import make_blocks
from stages.lib.adopt.blocks_text import block_text
from stages.lib.adopt.columns import Taken, print_taken, take_columns
from stages.lib.adopt.size import print_sized, sized
from stages.lib.adopt.table import Table, read_table
from stages.lib.adopt.target import Target, take_target
from stages.lib.adopt.tracking import Tracking
