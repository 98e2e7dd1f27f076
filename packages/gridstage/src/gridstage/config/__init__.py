"""params.yaml as typed objects, with the rules of its keys; does not need torch. Imports `common`."""

from gridstage.common import PARAMS_FILE
from gridstage.config.cv import CV
from gridstage.config.experiment import Experiment
from gridstage.config.params_file import load_params, params_of, read_content
from gridstage.config.schema import Params, Runtime
from gridstage.config.space import Distribution
from gridstage.config.statistics import (
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
from gridstage.config.table import Column, Data, is_parquet
from gridstage.config.training import PREFIX, Model, Prepare

__all__ = ["load_params"]
