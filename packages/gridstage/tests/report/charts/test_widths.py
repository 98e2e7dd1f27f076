"""Charts have room for the widest sans-serif font that readers have, DejaVu Sans: oracle is the font itself."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import matplotlib
import pytest
from matplotlib.ft2font import FT2Font

from gridstage.report.charts import render
from gridstage.report.specs import read_specs
from packages.gridstage.tests.project import Project
from packages.gridstage.tests.report.charts.svg import SVG, fill

FONTS = {
    weight: FT2Font(Path(matplotlib.get_data_path(), f"fonts/ttf/DejaVuSans{name}.ttf"))
    for weight, name in {"normal": "", "bold": "-Bold"}.items()
}


def spans(
    element: ET.Element, x: float = 0, y: float = 0
) -> Iterator[tuple[float, float, float, str]]:
    """Yield where each text begins and ends in DejaVu Sans, and its height on the page; not of turned texts."""
    transform = element.get("transform", "")
    if "rotate" in transform and element.tag == f"{SVG}text":
        return
    if moved := re.match(r"translate\(([-\d.e]+),([-\d.e]+)\)", transform):
        x, y = x + float(moved[1]), y + float(moved[2])
    for part in element if element.tag == f"{SVG}text" and len(element) else [element]:
        if element.tag == f"{SVG}text" and part.text:
            font = FONTS[element.get("font-weight", "normal")]
            font.set_size(
                float(element.get("font-size", "11px").removesuffix("px")), 72
            )
            signs = (font.load_char(ord(sign)) for sign in part.text)
            width = sum(sign.linearHoriAdvance for sign in signs) / 2**16
            before = {"start": 0, "middle": 0.5, "end": 1}
            start = x - width * before[element.get("text-anchor", "start")]
            yield start, start + width, y, part.text
    for child in element:
        yield from spans(child, x, y)


def cut(svg: str) -> list[str]:
    """Return the texts that a reader with DejaVu Sans does not see in full."""
    root = ET.fromstring(svg)
    width = float(root.get("viewBox", "").split()[2])
    return [text for low, high, _, text in spans(root) if low < 0 or high > width]


def test_no_text_of_a_chart_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Project.copied(tmp_path)
    monkeypatch.chdir(tmp_path)
    drawn = {name: cut(render(spec)) for name, spec in read_specs().items()}
    assert {"leaderboard", "evaluation", "dropout", "thresholds"} <= drawn.keys()
    assert {name: texts for name, texts in drawn.items() if texts} == {}


def test_the_name_of_an_experiment_does_not_lie_on_its_setting() -> None:
    names = "joint", "batch_epochs", "a_rather_long_name"
    setting = "batch_size=32, lr=0.0015, max_epochs=40, activation=Tanh, n_layers=2"
    rows = [
        {
            "experiment": name,
            "best_params": setting,
            "best_score": "0.7",
            "best_ci95": "0.1",
            "kept": "false",
        }
        for name in names
    ]
    drawn = list(spans(ET.fromstring(render(fill("leaderboard", rows)))))
    for name in names:
        ((_, end, height, _),) = [each for each in drawn if each[3] == name]
        beside = [low for low, _, y, text in drawn if y == height and text != name]
        assert beside
        assert end < min(beside)
