"""One experiment, from its block in params.yaml to its results: opened, tried, searched, tabulated, scored anew.

Imports `model`, `search`, `scores`, `data`, `config`, `engine` and `common`.
"""

from stages.lib.experiment.opened import Opened, Table, open_experiment
from stages.lib.experiment.trial import check_experiment, check_trial
