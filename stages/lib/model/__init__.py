"""Turns settings and names of params.yaml into estimators, and finds the source files of the names.

Imports `data`, `config`, `lockstep` and `common`.
"""

from stages.lib.model.estimator import build_estimator, is_classifier, target
from stages.lib.model.names import resolve
from stages.lib.model.settings import check_candidates, resolve_experiment, resolve_settings

__all__ = [
    "build_estimator",
    "check_candidates",
    "is_classifier",
    "resolve",
    "resolve_experiment",
    "resolve_settings",
    "target",
]
