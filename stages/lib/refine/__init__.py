"""Builds a finer grid around a search's best candidate, and inserts it into the text of params.yaml.

Imports `model`, `data`, `config` and `common`.
"""

from stages.lib.refine.finer_grid import next_name, refine
from stages.lib.refine.params_text import add_experiment

__all__ = ["add_experiment", "next_name", "refine"]
