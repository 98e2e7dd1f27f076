"""params.yaml as typed objects, with the rules of its keys; does not need torch. Imports `common`."""

from stages.lib.common import PARAMS_FILE
from stages.lib.config.cv import CV
from stages.lib.config.experiment import Experiment
from stages.lib.config.params_file import load_params, params_of, read_content
from stages.lib.config.schema import Params, Runtime
from stages.lib.config.space import Distribution
from stages.lib.config.statistics import (
    ANSWER,
    BEST,
    COMBINED,
    SIMPLEST,
    STARTING_POINT,
    WINNER,
    Costs,
    Evaluate,
    Statistics,
)
from stages.lib.config.table import Column, Data, is_parquet
from stages.lib.config.training import PREFIX, Model, Prepare
