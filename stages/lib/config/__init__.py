"""params.yaml as typed, checked objects.

Knows the keys and their rules, and does not need torch. Imports `common`.
"""

from stages.lib.config.column import Column
from stages.lib.config.params_file import load_params
from stages.lib.config.schema import CV, PARAMS_FILE, Data, Experiment, Model, Params, Runtime, candidates

__all__ = [
    "CV",
    "PARAMS_FILE",
    "Column",
    "Data",
    "Experiment",
    "Model",
    "Params",
    "Runtime",
    "candidates",
    "load_params",
]
