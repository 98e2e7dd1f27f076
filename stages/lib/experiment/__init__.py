"""One experiment, from its block in params.yaml to its results. Imports all rooms from `model` and `search` down."""

from stages.lib.experiment.aside.checks import check_experiment, check_trial
from stages.lib.experiment.opened import Folds, Opened, open_experiment
