"""What the charts of learning curves, importances and predictions show."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import vl_convert

from stages.lib.report.charts import chart_name, render
from tests.project import ROOT
from tests.report.charts.svg import fill, texts

Row = dict[str, str]


def draw(template: str, rows: list[Row]) -> str:
    return render(fill(template, rows, "x", "r2"))


def banded(key: str, value: float) -> Row:
    return {key: str(value), f"{key}_low": str(value - 0.1), f"{key}_high": str(value + 0.1)}


def curves(n_epochs: int = 3, setting: str = "best", also: str = "", held_out: bool = True) -> list[Row]:
    """Return learning curves, falling and rising by 0.1 an epoch."""
    return [
        {"setting": setting, "params": "lr=1", "also": also, "epoch": str(epoch)}
        | banded("train_loss", 9 - epoch / 10)
        | banded("valid_loss", 8 - epoch / 10 if held_out else float("nan"))
        | banded("valid_score", epoch / 10 if held_out else float("nan"))
        for epoch in range(1, n_epochs + 1)
    ]


def marks(svg: str, kind: str) -> list[str]:
    """Return the paths of a kind of mark that have a length."""
    groups = re.findall(rf'<g class="mark-{kind} role-mark [^>]*>(.*?)</g>', svg)
    return [path for group in groups for path in re.findall(r'<path [^>]*d="([^"]+)"', group) if len(path) > 8]


def test_a_chart_is_called_by_its_experiment_and_what_it_shows() -> None:
    paths = ("metrics/compared/dropout.csv", "metrics/candidates/evaluation.csv", "metrics/curves/dropout.csv")
    assert [chart_name(path) for path in paths] == ["dropout", "evaluation", "curves/dropout"]
    assert chart_name("metrics/leaderboard.csv") == "leaderboard"


def test_learning_curves_have_a_panel_for_what_there_is() -> None:
    panels = ["loss in training", "loss on the hold-out", "r2 on the hold-out"]
    both = draw("curves", curves() + curves(5, "starting_point"))
    assert [text for text in texts(both) if "in training" in text or "hold-out" in text] == panels
    assert len(marks(both, "line")) == len(marks(both, "area")) == 2 * 3
    alone = draw("curves", curves(held_out=False))
    assert [text for text in texts(alone) if "in training" in text or "hold-out" in text] == panels[:1]
    assert len(marks(alone, "line")) == 1
    assert {"best", "simplest", "starting point", "epoch"} <= set(texts(alone))


def test_a_setting_that_equals_another_is_named() -> None:
    shown = texts(draw("curves", curves(also="simplest and starting_point")))
    assert [text for text in shown if "the same" in text] == ["simplest and starting point: the same as best"]


@pytest.mark.parametrize(("n_epochs", "points"), [(1, 1), (50, 50), (100, 51), (101, 35), (1000, 51)])
def test_long_curves_are_thinned_and_keep_their_end(n_epochs: int, points: int) -> None:
    svg = draw("curves", curves(n_epochs))
    lines = re.findall(r'<g class="mark-line role-mark [^>]*>(.*?)</g>', svg)[:1]
    assert [line.count("L") + 1 for line in lines] == [points]
    ends = re.findall(r'<g class="mark-symbol role-mark [^>]*>(<path.*?)</g>', svg)
    assert [end.count("<path") for end in ends] == [1, 1, 1]


def test_important_settings_come_first_with_their_spread() -> None:
    rows = [
        {"key": "callbacks__EarlyStopping__patience", "importance": "-0.01", "importance_std": "0.02"},
        {"key": "module__n_neurons", "importance": "0.25", "importance_std": "0.05"},
        {"key": "lr", "importance": "0.5", "importance_std": "0.1"},
    ]
    shown = texts(draw("importance", rows))
    names = ["lr", "n_neurons", "EarlyStopping patience"]
    assert [text for text in shown if text in names] == names
    assert {"0.50", "0.25", "−0.01", "x"} <= set(shown)
    assert not [text for text in shown if "shown to matter" in text], "without p-values, nothing was tested"
    # Another revision has the same rows in the same places, and may lack some.
    shown = texts(draw("importance", rows + [row | {"rev": "main"} for row in rows[1:]]))
    assert [text for text in shown if text in names] == names * 2
    assert [text for text in shown if text in {"main", "workspace"}] == ["main", "workspace"]


def test_a_setting_that_was_not_shown_to_matter_is_hollow() -> None:
    p_values = {"lr": "0.0001", "module__n_neurons": "0.049", "prepare__scale": "0.05", "optimizer": "nan"}
    rows = [{"key": key, "importance": "0.5", "importance_std": "0.1", "p_value": p} for key, p in p_values.items()]
    svg = draw("importance", rows)
    assert {"0.50  p < 0.001", "0.50  p = 0.049", "0.50  p = 0.050", "0.50"} <= set(texts(svg))
    assert "full: p < 0.05; hollow: not shown to matter" in texts(svg)
    bars = re.search(r'<g class="mark-rect role-mark [^>]*>(<path.*?)</g>', svg)
    assert bars
    assert bars[1].count("<path") == 4
    assert bars[1].count('fill-opacity="0"') == 2
    assert bars[1].count('stroke="#1f83c9"') == 4


def point(panel: str, x: float, y: float, series: str = "", **cells: object) -> Row:
    empty = dict.fromkeys(("low", "high", "count", "label"), "")
    return {"panel": panel, "series": series, "x": str(x), "y": str(y)} | empty | {k: str(v) for k, v in cells.items()}


def of_classes(*names: str) -> list[Row]:
    ends = ((0, 0), (0.2, 0.7), (1, 1))
    roc = [point("ROC", x, y, name, label="area 0.750") for name in names for x, y in ends]
    recall = [row | {"panel": "precision and recall", "label": "average precision 0.6"} for row in roc]
    calibrated = [point("calibration", x, y, name, low=y / 2, high=y, count=9) for name in names for x, y in ends]
    classes = ("no", "yes")
    confused = [
        point("confusion", j, i, observed, count=3 * i + j + 1, label=predicted)
        for i, observed in enumerate(classes)
        for j, predicted in enumerate(classes)
    ]
    return [*roc, *recall, *calibrated, *confused]


def test_classes_have_curves_and_a_confusion_matrix() -> None:
    svg = draw("diagnostics", of_classes("yes"))
    shown = texts(svg)
    headings = ["ROC: true positives by false ones", "precision by recall", "observed share by probability"]
    assert [text for text in shown if text in headings] == headings
    assert {"area 0.750", "average precision 0.6", "class yes"} <= set(shown)
    assert len(marks(svg, "line")) == 3
    # 1 + 2 rows of class no, and 4 + 5 of class yes.
    assert {"1 (33%)", "2 (67%)", "4 (44%)", "5 (56%)"} <= set(shown)
    assert len(marks(draw("diagnostics", of_classes("a", "b", "c")), "line")) == 9


def test_a_matrix_says_how_often_it_counts_a_row() -> None:
    said = {
        repeats: [text for text in texts(render(fill("diagnostics", of_classes("yes"), repeats))) if "counted" in text]
        for repeats in ("10", "1", "the score")
    }
    assert said == {"10": ["each row is counted 10 times, once for each repeat"], "1": [], "the score": []}


def test_numbers_have_residuals_and_no_word_of_classes() -> None:
    rows = [point(panel, x, x / 2) for panel in ("observed and predicted", "residuals") for x in (1e6, 2e6, 3e6)]
    svg = draw("diagnostics", rows)
    shown = texts(svg)
    assert [text for text in shown if " by " in text] == ["residual by prediction", "observed by predicted"]
    assert "3M" in shown
    assert not [text for text in shown if "class" in text or "undefined" in text or "null" in text]
    assert svg.count('stroke-dasharray="3,3"') == 2  # no residual, and what was observed is what was predicted


def test_two_revisions_of_predictions_stand_side_by_side() -> None:
    rows = of_classes("yes")
    shown = texts(draw("diagnostics", rows + [row | {"rev": "main"} for row in rows]))
    panel = "precision by recall"
    assert [text for text in shown if panel in text] == [f"{panel}, main", f"{panel}, workspace"]


def inputs(column: str, model: str = "logistic_regression", role: str = "answer", mean: float = 0.1) -> list[Row]:
    """Return rows of a table of inputs."""
    row = {"model": model, "role": role, "column": column, "importance": str(mean), "ci95": "0.02", "rev": "workspace"}
    return [row | {"below_rope": "true" if mean < 0.01 else "false"}]


def test_the_inputs_of_the_answer_and_of_the_net_have_one_axis() -> None:
    rows = (
        inputs("age")
        + inputs("fare", mean=-0.0011)
        + inputs("fare", "joint", "net", 0.3)
        + inputs("age", "joint", "net")
    )
    svg = draw("inputs", rows)
    shown = texts(svg)
    # The column that matters most to any of them comes first in both.
    assert [text for text in shown if text in {"age", "fare"}] == ["fare", "age"] * 2
    assert {"★ logistic_regression, the answer", "◆ joint, the kept net", "0.300", "−0.001"} <= set(shown)
    assert svg.count('fill="#b0b7bf"') == 1  # what costs less than the rope
    both = texts(draw("inputs", rows + [row | {"rev": "main"} for row in rows]))
    assert {"◆ joint, the kept net, main", "◆ joint, the kept net, workspace"} <= set(both)
    untested = draw("inputs", [row | {"ci95": "nan", "below_rope": "nan"} for row in rows])
    assert {"0.300", "fare"} <= set(texts(untested))


@pytest.mark.parametrize("template", ["curves", "importance", "diagnostics", "inputs"])
def test_they_fit_a_phone_and_older_vega_lites(template: str) -> None:
    rows = {
        "curves": curves(20) + curves(9, "simplest") + curves(100, "starting_point"),
        "importance": [{"key": f"module__{i}_longish_key", "importance": "0.1", "importance_std": "0"} for i in "abcd"],
        "diagnostics": of_classes("a", "b"),
        "inputs": inputs("a_column_with_a_long_name") + inputs("b", "joint", "net"),
    }[template]
    spec = fill(template, rows, "x", "r2")
    svg = render(spec)
    assert int(ET.fromstring(svg).attrib["width"]) <= 410
    # Only on the cells of a matrix is text black, on a dark page too.
    assert all(text.endswith("%)") for text in re.findall(r'<text [^>]*fill="black"[^>]*>([^<]*)', svg))
    for version in ("5.8", "5.14"):
        assert texts(vl_convert.vegalite_to_svg(spec, vl_version=version)) == texts(svg)


def test_every_template_is_drawn_in_dvc_yaml() -> None:
    text = (ROOT / "dvc.yaml").read_text(encoding="utf-8")
    for template in Path(ROOT / ".dvc/plots").glob("*.json"):
        assert re.search(rf"template: {template.stem}\b", text)
