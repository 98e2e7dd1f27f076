"""One experiment, from its block in params.yaml to its results. Imports all rooms from `model` and `search` down."""

from gridstage.experiment.aside.checks import check_experiment, check_trial
from gridstage.experiment.opened import Folds, Opened, open_experiment
from gridstage.experiment.searched import output_of, score_anew, search

__all__ = ["check_experiment", "open_experiment", "output_of", "score_anew", "search"]
