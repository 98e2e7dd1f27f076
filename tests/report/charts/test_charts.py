"""What holds for every chart, whichever score it shows, and what the leaderboard and the evaluation show."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from dvc_render import VegaRenderer

from stages.lib.common import UserError
from stages.lib.report import charts
from stages.lib.report.charts import chart_of, render, suited
from tests.project import ROOT, real_params
from tests.read_sample import SAMPLE
from tests.report.charts.svg import NAN, SVG, candidates, draw, fill, read, texts

TEMPLATES = sorted((ROOT / ".dvc/plots").glob("*.json"))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_every_anchor_is_a_whole_value(path: Path) -> None:
    # DVC also fills an anchor inside a longer string; its extension for VS Code doesn't.
    text = path.read_text(encoding="utf-8")
    assert text.count("<DVC_METRIC_") == len(re.findall(r': "<DVC_METRIC_[A-Z_]+>"[,}\n]', text)) >= 2
    for name in real_params()["experiments"]:
        assert f'"{name}' not in text


@pytest.mark.parametrize(
    ("scores", "best", "tick"),
    [
        ([-1.2e6, -1.9e6, -2.5e6], "−1.20M", "−2M"),
        ([-12_345.0, -15_000.0], "−12.3k", "−15k"),
        ([-0.02, -0.5, -0.31], "−0.020", "−0.4"),
        ([0.0021, -0.0004], "0.00210", "0.0010"),
        ([12.345, 11.0], "12.3", "12.0"),
        ([4.2e12, 2.1e12], "4.2e+12", "3e+12"),
    ],
)
def test_numbers_suit_the_scorer(scores: list[float], best: str, tick: str) -> None:
    half = (max(scores) - min(scores)) / 10
    shown = draw(candidates({f"lr={i}": score for i, score in enumerate(scores)}, half=half))
    assert best in shown
    assert tick in shown
    row = {"rev": "workspace", "best_ci95": str(half), "best_params": "lr=1"}
    leaders = [row | {"experiment": f"e{i}", "best_score": str(score)} for i, score in enumerate(scores)]
    assert best in texts(render(fill("leaderboard", leaders)))
    row = {"rev": "workspace", "ci95": str(half), "difference_ci95": str(half), "standing": "as good"}
    row |= {"kept": "false", "answer": "false"}
    settings = [
        row | {"setting": f"s{i}", "mean_test_score": str(score), "difference": str(score - scores[0])}
        for i, score in enumerate(scores)
    ]
    assert best in texts(render(fill("evaluation", settings)))


@pytest.mark.parametrize("template", ["candidates", "leaderboard", "evaluation"])
def test_without_intervals_nothing_speaks_of_a_test(template: str) -> None:
    same = {"rev": "workspace", "ci95": "nan", "best_ci95": "", "difference_ci95": "nan", "p_value": "nan"}
    same |= {"in_best_set": "nan", "simplest": "false", "standing": "", "best_score_corrected": ""}
    rows = [
        same
        | {"params": f"lr={name}", "best_params": f"lr={name}", "experiment": name, "setting": name}
        | {"mean_test_score": score, "best_score": score, "difference": score, "rank_test_score": str(rank)}
        | {"kept": str(name == "combined").lower(), "answer": str(name == "linear").lower()}
        for rank, (name, score) in enumerate({"combined": "0.5", "mean": "-0.25", "linear": "0.25"}.items(), start=1)
    ]
    path = ROOT / ".dvc/plots"
    spec = VegaRenderer(
        rows, "name", template=template, template_dir=str(path), title="name", x_label="r2, mean of 5, 95 % interval"
    ).get_filled_template()
    svg = render(suited(spec))
    shown = texts(svg)
    assert "r2, mean of 5" in shown
    assert not [text for text in shown if re.search("interval|better|as good|worse|may be|correct|←|×", text)]
    # The evaluation has two panels, and the two marks in its legend.
    drawn = 2 * 3 + 2 if template == "evaluation" else 3
    assert (["the answer", "the kept net"] == [text for text in shown if text.startswith("the ")]) == (drawn > 3)
    points = re.findall(r'<path [^>]*stroke="#(?:d55e00|1f83c9|b36b00|009e73)"', svg)
    assert len(points) == drawn, "every setting has its point"
    assert "0.500" in shown


def test_the_axis_of_a_score_in_a_unit_names_it() -> None:
    rows = read(SAMPLE / "metrics/compared/dropout.csv")
    spec = VegaRenderer(
        rows,
        "name",
        template="candidates",
        template_dir=str(ROOT / ".dvc/plots"),
        title="name",
        x_label="neg_mean_absolute_error, mean of 2 × 5 splits, 95 % interval",
    ).get_filled_template()
    shown = texts(render(suited(spec, "k€")))
    assert "neg_mean_absolute_error in k€, mean of 2 × 5 splits, 95 % interval" in shown
    assert set(texts(render(spec))) - set(shown) == {"neg_mean_absolute_error, mean of 2 × 5 splits, 95 % interval"}
    assert suited(spec) == spec


def test_the_leaderboard_is_sorted_by_score() -> None:
    rows = read(SAMPLE / "metrics/leaderboard.csv")
    shown = texts(render(fill("leaderboard", rows)))
    by_score = sorted(rows, key=lambda row: -float(row["best_score_corrected"]))
    experiments = [row["experiment"] for row in rows]
    heights = {
        element.text: element.attrib["transform"]
        for element in ET.fromstring(render(fill("leaderboard", rows))).iter(f"{SVG}text")
        if element.text in experiments
    }
    assert sorted(heights, key=lambda name: float(heights[name].split(",")[1][:-1])) == [
        row["experiment"] for row in by_score
    ]
    (best,) = [row["best_params"] for row in rows if row["experiment"] == "dropout"]
    assert best.replace("module__", "") in shown
    assert "point: corrected; tick: plain mean; diamond: the kept net" in shown


CONTENDER = {"rev": "workspace", "ci95": "0.03", "difference_ci95": "0.02", "params": "", "rank_test_score": "1"}
ANSWER, KEPT, OTHER = "#b36b00", "#009e73", "#1f83c9"


def contenders(*rows: tuple[str, float, float, str], answer: str = "linear") -> list[dict[str, str]]:
    """Return a table of contenders by name, score, difference to the kept net, which is `joint`, and standing."""
    return [
        CONTENDER
        | {"setting": name, "mean_test_score": str(score), "difference": str(difference), "standing": standing}
        | {"kept": str(name == "joint").lower(), "answer": str(name == answer).lower()}
        for name, score, difference, standing in rows
    ]


def test_the_evaluation_has_scores_and_differences_the_best_first() -> None:
    joint, linear = ("joint", 0.73, 0.0, "as good"), ("linear", 0.72, -0.01, "could be as good")
    constant, boosting = ("constant", NAN, NAN, ""), ("boosting", 0.75, 0.02, "better")
    rows = contenders(constant, joint, ("dropout", 0.7, -0.03, "worse"), linear, boosting)
    svg = render(fill("evaluation", rows))
    shown = texts(svg)
    assert {"the score", "difference to the kept net, 95 % interval", "0.730", "0.700", "× no score"} <= set(shown)
    names = [text for text in shown if text in {row["setting"] for row in rows}]
    compared = ["boosting", "joint", "linear", "dropout"]
    assert names == [*compared, "constant", *compared]
    legend = ["the answer", "the kept net", "better than it", "as good, or could be", "worse"]
    assert [text for text in shown if text in legend] == legend
    # A hollow point, once in each panel and once in the legend, is one that is worse than the kept net.
    hollow, not_compared = 'fill="white"', 'fill="gray"'
    assert (svg.count(hollow), svg.count(not_compared)) == (3, 0)
    assert (svg.count(f'fill="{ANSWER}"'), svg.count(f'fill="{KEPT}"')) == (3, 3)


def test_the_kept_net_that_is_the_answer_has_both_marks() -> None:
    rows = contenders(("joint", 0.73, 0.0, "as good"), ("linear", 0.72, -0.01, "as good"), answer="joint")
    svg = render(fill("evaluation", rows))
    assert texts(svg).count("joint") == 2
    assert texts(svg).count("0.730") == 1
    # In each panel a star on an open diamond; the diamond is filled in the legend.
    assert (svg.count(f'fill="{ANSWER}"'), svg.count(f'fill="{KEPT}"')) == (3, 1)
    assert len(re.findall(f'fill="white" stroke="{KEPT}"', svg)) == 2


def test_without_a_score_of_the_kept_net_nothing_is_compared() -> None:
    svg = render(fill("evaluation", contenders(("joint", NAN, NAN, ""), ("dropout", 0.7, NAN, ""), answer="")))
    assert (svg.count('fill="white"'), svg.count('fill="gray"')) == (1, 1)
    assert svg.count(f'stroke="{OTHER}"') == 3, "the legend alone has the colours of what was compared"


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
