"""Turns settings and names of params.yaml into estimators.

Imports `data`, `config`, `engine` and `common`.
"""

from gridstage.model.estimator import (
    AGAINST_DIVERGENCE,
    build_estimator,
    hold_out_watchers,
    target,
)
from gridstage.model.names import resolve
from gridstage.model.prepared import nested_grid, rows
from gridstage.model.settings import Candidates, resolve_experiment, resolve_settings
