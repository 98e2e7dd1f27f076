"""How charts are drawn, called and kept."""

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from stages.lib.common import UserError
from stages.lib.report import charts
from stages.lib.report.charts import chart_name, chart_of, render, stand_alone
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


def test_a_chart_is_drawn_again_where_it_would_differ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec: dict[str, Any] = {"mark": "point", "data": {"values": [{"a": 1}]}, "encoding": {"x": {"field": "a"}}}
    path = tmp_path / "a.svg"
    drawn = chart_of(spec, str(path))
    assert ET.fromstring(drawn).tag.endswith("svg")
    path.write_text(drawn, encoding="utf-8")
    rendered: list[Any] = []

    def counting(spec: dict[str, Any]) -> str:
        rendered.append(spec)
        return render(spec)

    monkeypatch.setattr(charts, "render", counting)
    assert (chart_of(spec, str(path)), rendered) == (drawn, [])
    wider = spec | {"width": 300}
    assert chart_of(wider, str(path)) != drawn
    path.write_text(drawn.replace("<path", "<path  ", 1), encoding="utf-8")  # by hand
    assert chart_of(spec, str(path)) == drawn
    path.write_bytes(b"\xff<!-- no chart")
    assert chart_of(spec, str(path)) == drawn
    assert rendered == [wider, spec, spec]
