"""One experiment, from its block in params.yaml to its results. Imports all rooms from `model` and `search` down."""

from gridstage.experiment.aside.checks import check_experiment, check_trial
from gridstage.experiment.opened import Folds, Opened, open_experiment
