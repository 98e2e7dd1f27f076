"""Looks at a table and describes it in params.yaml: data, prepare, cv, model and experiments.

Only here are types, separators and settings guessed. Lets DVC track a large table. Imports `search`, `repository`,
`data`, `config` and `common`.
"""

from gridstage.adopt.adoption import add_flags, adopt_table, print_columns, print_each
from gridstage.adopt.blocks import make_blocks
from gridstage.adopt.blocks_text import block_text
from gridstage.adopt.columns import Taken, take_columns
from gridstage.adopt.size import sized
from gridstage.adopt.table import Table, read_table
from gridstage.adopt.target import Target, take_target
