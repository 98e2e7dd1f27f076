"""Reads the folder `sample`, also where pytest is not installed: in benchmarks, and under an emulated processor."""

from pathlib import Path

from gridstage.config import Params, load_params
from gridstage.data import Dataset, load_dataset

SAMPLE = Path(__file__).parent / "sample"


def load_sample() -> Params:
    """Return the params of the sample."""
    return load_params(SAMPLE / "params.yaml")


def load_real_data(params: Params) -> Dataset:
    """Load the data that params name from the sample."""
    data = params.data.model_copy(update={"path": str(SAMPLE / params.data.path)})
    return load_dataset(data, params.model.classifies, params.seed)
