"""The stages that dvc.yaml has. Oracle: `dvc stage list`."""

from typing import Any

import pytest
import yaml

from stages.lib.config import yaml12
from stages.lib.pipeline import pipeline_of
from tests.pipeline.conftest import Small
from tests.project import ROOT, real_params

ITEM = {"cmd": "true"}


def test_the_stages_are_those_that_dvc_lists(small: Small) -> None:
    lists = {
        "words": {"foreach": ["x", 1, True], "do": ITEM},
        "maps": {"foreach": [{"x": 1}, {"x": 2}], "do": ITEM},
        "named": {"foreach": {"one": 1, "two": 2}, "do": ITEM},
        "of_params": {"foreach": "${a.b}", "do": ITEM},
    }
    params = {"experiments": {"a": 1, "b": 2}, "a": {"b": [3, 4]}}
    content = yaml.safe_load(small.read("dvc.yaml"))
    text = yaml.safe_dump({"stages": content["stages"] | lists})
    (small.folder / "dvc.yaml").write_text(text, encoding="utf-8")
    (small.folder / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    listed = small.dvc("stage", "list", "--name-only").split()
    assert pipeline_of(text, params).groups == set()
    assert {name.lower() for name in pipeline_of(text, params).names} == {name.lower() for name in listed}


def test_of_a_group_that_is_not_known_every_stage_may_be_one() -> None:
    text = yaml.safe_dump({"stages": {"one": ITEM, "each": {"foreach": "${x}", "do": ITEM}, "grid": {"matrix": {}}}})
    unknown: list[Any] = [None, [], {"y": 1}, {"x": 7}]
    for params in unknown:
        pipeline = pipeline_of(text, params)
        assert ({*pipeline.names}, {*pipeline.groups}) == ({"one"}, {"each", "grid"})
        assert all(map(pipeline.has, ("one", "each@a", "grid@1-2")))
        assert not any(map(pipeline.has, ("two", "two@each", "one@a")))


@pytest.mark.parametrize("text", ["stages: [", "- a", "a"])
def test_what_is_not_a_pipeline_is_refused(text: str) -> None:
    with pytest.raises((yaml12.NotYAMLError, AttributeError)):
        pipeline_of(text, {})


def test_the_committed_pipeline_has_two_stages_for_each_experiment() -> None:
    params: dict[str, Any] = real_params()
    names = pipeline_of((ROOT / "dvc.yaml").read_text(encoding="utf-8"), params).names
    each = {f"{stage}@{name}" for stage in ("search", "compare") for name in params["experiments"]}
    assert names == each | {"fetch", "best_params", "baselines", "evaluate", "charts"}
