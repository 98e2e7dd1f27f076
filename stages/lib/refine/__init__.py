"""Builds the experiment that refines a search, and inserts it into the text of params.yaml.

Imports `config` and `common`.
"""

from stages.lib.refine.finer import narrow, next_name, refine
from stages.lib.refine.params_text import add_experiment
