"""How charts are drawn, called and kept."""

import xml.etree.ElementTree as ET

import pytest

from stages.lib.common import UserError
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


def test_a_template_that_is_no_vega_lite_is_a_sentence() -> None:
    with pytest.raises(UserError, match="is not Vega-Lite: Error: Invalid specification"):
        render({"data": {"values": []}})
