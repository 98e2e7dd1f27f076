"""The stages that dvc.yaml has. Oracle: `dvc stage list`."""

from typing import Any

import yaml

from stages.lib.repository import pipeline_of
from tests.repository.conftest import Small

ITEM = {"cmd": "true"}


def test_the_stages_are_those_that_dvc_lists(small: Small) -> None:
    text = (small.folder / "dvc.yaml").read_text(encoding="utf-8")
    params = yaml.safe_load(small.read("params.yaml"))
    found = pipeline_of(text, params)
    assert found.names == {*small.dvc("stage", "list", "--name-only").split()}
    assert not found.groups


def test_of_a_group_that_is_not_known_every_stage_may_be_one() -> None:
    text = yaml.safe_dump({"stages": {"one": ITEM, "each": {"foreach": "${x}", "do": ITEM}, "grid": {"matrix": {}}}})
    unknown: list[Any] = [None, [], {"y": 1}, {"x": 7}]
    for params in unknown:
        pipeline = pipeline_of(text, params)
        assert ({*pipeline.names}, {*pipeline.groups}) == ({"one"}, {"each", "grid"})
        assert all(map(pipeline.has, ("one", "each@a", "grid@1-2")))
        assert not any(map(pipeline.has, ("two", "two@each", "one@a")))
