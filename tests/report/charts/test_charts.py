"""How charts are drawn, called and kept."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import vl_convert

from stages.lib.common import UserError
from stages.lib.report import charts
from stages.lib.report.charts import chart_name, render, stand_alone
from tests.report.charts.svg import SVG, candidates, fill, texts


def test_a_chart_is_called_by_its_experiment_and_what_it_shows() -> None:
    paths = ("metrics/compared/dropout.csv", "metrics/evaluation/contenders.csv", "metrics/curves/dropout.csv")
    assert [chart_name(path) for path in paths] == ["dropout", "evaluation", "curves/dropout"]
    assert chart_name("metrics/leaderboard.csv") == "leaderboard"


def test_the_svg_is_for_any_page() -> None:
    drawn = render(fill("candidates", candidates({"lr=1": 0.5, "lr=2": 0.7})))
    assert "currentColor" in drawn
    assert "<style>" not in drawn
    page = stand_alone(drawn)
    assert page.count("prefers-color-scheme:dark") == 1
    assert ET.fromstring(page).find(f"{SVG}style") is not None
    assert texts(page) == texts(drawn)


def test_charts_that_share_a_compiled_spec_are_as_if_each_was_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """With other rows, a title with quotation marks, and none."""
    first = fill("candidates", candidates({"lr=1": 0.5, "lr=2": 0.7}))
    second = fill("candidates", candidates({"lr=1": 0.9, "lr=2": 0.7, "lr=3": 0.71}))
    specs = [first, second, second | {"title": second["title"] | {"text": 'a "title"'}}]
    specs += [{key: value for key, value in second.items() if key != "title"}]
    monkeypatch.setenv("FONTCONFIG_FILE", str(Path(charts.__file__).with_name("fonts.conf")))
    for spec in specs:
        assert render(spec) == vl_convert.vegalite_to_svg(spec, vl_version=charts.VEGA_LITE, config=charts.THEME)


def test_a_template_that_is_no_vega_lite_is_a_sentence() -> None:
    with pytest.raises(UserError, match="is not Vega-Lite: Error: Invalid specification"):
        render({"data": {"values": []}})
