"""Puts a preparation before a net or a baseline, and says what rows and grids are called there."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline

from gridstage.common import UserError, in_params
from gridstage.config import PREFIX, Prepare
from gridstage.data import Dataset
from gridstage.model.preparation import Preparation, make_scaler

_TARGET = f"{PREFIX}target"


def without_prefix(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of a net alone."""
    return {key: value for key, value in settings.items() if not key.startswith(PREFIX)}


def check_missing(
    data: Dataset, impute: str | None, place: str = "prepare.impute"
) -> None:
    """Raise `UserError` if cells are missing of columns that have to be imputed, and nothing imputes them."""
    columns = data.columns
    lacking = [name for name in columns.lacking if columns.types[name] != "category"]
    if impute is None and lacking:
        names = ", ".join(f"{name} ({data.X[name].isna().sum():,})" for name in lacking)
        finding = f"is null, but cells are missing, which a net can't take, in {names}"
        remedy = "Set it to mean, median or most_frequent, or leave such columns out with `use: false`."
        raise UserError(in_params(place, finding, remedy))


def prepared(
    estimator: BaseEstimator,
    data: Dataset,
    prepare: Prepare,
    uses: Iterable[str] = (),
    name: str = "net",
) -> BaseEstimator:
    """Return an estimator behind its preparation, as the step `name`, or itself if there is nothing to prepare.

    Both are in a TransformedTargetRegressor if the target is scaled. `uses` has the keys of the grid that is searched.
    """
    uses = {key for key in uses if key.startswith(PREFIX)}
    own = prepare.model_dump(exclude={"target"})
    changes = own != Prepare().model_dump(exclude={"target"})
    # A preparation also carries groups to the net.
    has_groups, lacks = data.groups is not None, not data.columns.lack_nothing
    if changes or lacks or has_groups or uses - {_TARGET}:
        steps = [("prepare", Preparation(data.columns, **own)), (name, estimator)]
        estimator = Pipeline(steps)
    if prepare.target or _TARGET in uses:
        estimator = TransformedTargetRegressor(
            estimator, transformer=make_scaler(prepare.target), check_inverse=False
        )
    return estimator


def preparation_of(estimator: BaseEstimator) -> Preparation | None:
    """Return what prepares rows inside an estimator, fitted if the estimator is."""
    if isinstance(estimator, TransformedTargetRegressor):
        return preparation_of(getattr(estimator, "regressor_", estimator.regressor))
    first = estimator.steps[0][1] if isinstance(estimator, Pipeline) else None
    return first if isinstance(first, Preparation) else None


def rows(data: Dataset, estimator: BaseEstimator) -> np.ndarray:
    """Return the rows of the data in the form that an estimator is fitted on, shape (n_rows, n_features).

    They are float32 for a net itself, and as `Columns.as_array` for a Preparation, with the groups in one more column.
    """
    columns = data.columns
    if preparation_of(estimator) is None:
        # The latter is for what ignores the inputs.
        plain = data.X if columns.lack_nothing else columns.as_array(data.X)
        return np.array(plain, dtype=np.float32)
    array = columns.as_array(data.X)
    return array if data.groups is None else np.column_stack([array, data.groups])


def nested_grid(
    estimator: BaseEstimator, candidates: list[dict[str, Any]]
) -> list[dict[str, list[Any]]]:
    """Return a grid for each candidate, because scikit-learn sorts keys, with `net__lr` for `lr` in a Pipeline."""
    outside = "regressor__" if isinstance(estimator, TransformedTargetRegressor) else ""
    inside = outside if preparation_of(estimator) is None else f"{outside}net__"

    def nested(key: str, value: Any) -> tuple[str, list[Any]]:
        if key == _TARGET:
            return "transformer", [make_scaler(value)]
        return (outside if key.startswith(PREFIX) else inside) + key, [value]

    grids = []
    for candidate in candidates:
        grids.append(dict(nested(*item) for item in candidate.items()))
    return grids
