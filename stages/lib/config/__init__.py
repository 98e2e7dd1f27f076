"""params.yaml as typed, checked objects.

Knows the keys and their rules, and does not need torch. Imports `common`.
"""

from stages.lib.config.column import Column
from stages.lib.config.cv import CV
from stages.lib.config.params_file import load_params
from stages.lib.config.prepare import PREFIX, Prepare
from stages.lib.config.schema import PARAMS_FILE, Params, Runtime, candidates
from stages.lib.config.table import Data
from stages.lib.config.training import Experiment, Model

__all__ = [
    "CV",
    "PARAMS_FILE",
    "PREFIX",
    "Column",
    "Data",
    "Experiment",
    "Model",
    "Params",
    "Prepare",
    "Runtime",
    "candidates",
    "load_params",
]
