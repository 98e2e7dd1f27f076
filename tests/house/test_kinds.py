"""What there are several kinds of is known in several rooms: none of them lacks a kind."""

from typing import get_args

import pytest

from stages.lib.config.cv import Splitter
from stages.lib.config.table import Type
from stages.lib.data import Columns
from stages.lib.model.preparation import Preparation
from stages.lib.report.subject import _SPLITS
from stages.lib.search.folds import _SPLITTERS


def test_every_splitter_draws_splits_and_is_described() -> None:
    assert set(get_args(Splitter)) == {*_SPLITTERS, "time"} == set(_SPLITS)


def test_every_type_of_column_is_prepared() -> None:
    for kind in set(get_args(Type)) - {"date"}:  # which is no feature
        columns = Columns({"x": kind}, {"x": ("a", "b")} if kind == "category" else {})
        assert len(list(Preparation(columns)._parts())) == 1
    with pytest.raises(ValueError, match="no part prepares columns of the type nonsense"):
        list(Preparation(Columns({"x": "nonsense"}))._parts())
