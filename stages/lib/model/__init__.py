"""Turns settings and names of params.yaml into estimators.

Imports `data`, `config`, `engine` and `common`.
"""

from stages.lib.model.estimator import (
    AGAINST_DIVERGENCE,
    build_estimator,
    hold_out_watchers,
    is_classifier,
    target,
)
from stages.lib.model.names import resolve
from stages.lib.model.prepared import nested_grid, rows
from stages.lib.model.settings import Candidates, resolve_experiment, resolve_settings
