"""What the charts show, whichever program draws the templates."""

import csv
import re
import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import vl_convert
from dvc_render import VegaRenderer

from stages.lib.common import UserError
from stages.lib.report.charts import render, stand_alone, suited
from tests.project import ROOT, real_params
from tests.report.colours import contrast
from tests.report.svg import SVG, texts

TEMPLATES = sorted((ROOT / ".dvc/plots").glob("*.json"))
NAN = float("nan")


def read(path: Path, rev: str = "workspace") -> list[dict[str, str]]:
    """Return a table as DVC hands it to a template: strings, with the revision."""
    with path.open(encoding="utf-8", newline="") as file:
        return [row | {"rev": rev} for row in csv.DictReader(file)]


def candidates(scores: dict[str, float], half: float = 0.1) -> list[dict[str, str]]:
    """Return a table of candidates with these scores by their settings."""
    ranked = sorted(scores, key=lambda params: -scores[params] if scores[params] == scores[params] else 1e99)
    return [
        {
            "params": params,
            "mean_test_score": str(score),
            "ci95": str(half if score == score else NAN),
            "rank_test_score": str(ranked.index(params) + 1),
            "in_best_set": "false",
            "simplest": "false",
            "rev": "workspace",
        }
        for params, score in scores.items()
    ]


def fill(template: str, rows: list[dict[str, str]]) -> dict[str, Any]:
    filled: dict[str, Any] = VegaRenderer(
        rows,
        "name",
        template=template,
        template_dir=str(ROOT / ".dvc/plots"),
        title="name",
        x_label="the score",
        y_label="accuracy",
    ).get_filled_template()
    return filled


def draw(rows: list[dict[str, str]]) -> list[str]:
    """Return the texts of a chart of candidates."""
    return texts(render(fill("candidates", rows)))


@pytest.fixture(scope="module")
def dropout() -> str:
    return render(fill("candidates", read(ROOT / "metrics/compared/dropout.csv")))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_every_anchor_is_a_whole_value(path: Path) -> None:
    # DVC also fills an anchor inside a longer string; its extension for VS Code doesn't.
    text = path.read_text(encoding="utf-8")
    assert text.count("<DVC_METRIC_") == len(re.findall(r': "<DVC_METRIC_[A-Z_]+>"[,}\n]', text)) >= 2
    for name in real_params()["experiments"]:
        assert f'"{name}' not in text


@pytest.mark.parametrize("version", ["5.8", "5.14", "5.21"])
def test_older_vega_lites_draw_it_too(version: str, dropout: str) -> None:
    spec = fill("candidates", read(ROOT / "metrics/compared/dropout.csv"))
    assert texts(vl_convert.vegalite_to_svg(spec, vl_version=version)) == texts(dropout)


def test_the_best_40_of_more_candidates_are_legible(dropout: str) -> None:
    table = read(ROOT / "metrics/compared/dropout.csv")
    ranked = sorted(table, key=lambda row: int(row["rank_test_score"]))[:40]
    labels = [f"{row['module__dropout_rate']}, {row['module__weight_constraint']}" for row in ranked]
    rows = {
        element.text: float(re.findall(r"[\d.]+", element.attrib["transform"])[-1])
        for element in ET.fromstring(dropout).iter(f"{SVG}text")
        if element.text in labels
    }
    assert list(rows) == labels
    places = sorted(rows.values())
    assert min(b - a for a, b in pairwise(places)) >= 14
    assert int(ET.fromstring(dropout).attrib["width"]) <= 390
    assert "dropout_rate, weight_constraint: best 40 of 50" in texts(dropout)
    assert "mean by dropout_rate (down), weight_constraint (across)" in texts(dropout)


def test_the_numbers_in_a_heatmap_stand_out() -> None:
    svg = render(
        fill("candidates", candidates({f"a={i}, b={j}": i / 10 + j / 100 for i in range(10) for j in range(10)}))
    )
    cells = re.findall(r'<path d="[^"]*" fill="(rgb\([^"]*\))"', svg)
    numbers = re.findall(r'fill="(white|black)"[^>]*>([\d.]+)</text>', svg)
    assert len(cells) == len(numbers) == 100
    for cell, (number, _) in zip(cells, numbers, strict=True):
        assert contrast(cell, number) >= 4.5
    assert [number for _, number in numbers][10:12] == ["0.100", "0.110"]


def test_only_a_grid_of_two_keys_is_a_heatmap() -> None:
    def heatmap(*settings: str) -> str | None:
        shown = draw(candidates({params: 0.1 * i for i, params in enumerate(settings)}))
        return next((text for text in shown if text.startswith("mean by")), None)

    assert heatmap("lr=1", "lr=2") is None
    assert heatmap("a=1, b=1, c=1", "a=1, b=2, c=1", "a=2, b=1, c=1", "a=2, b=2, c=2") is None
    assert heatmap("a=1, b=1", "a=1, b=2") is None
    # The key with fewer values goes across, so the heatmap is as narrow as it can be.
    two = [f"module__a={a}, lr={b}" for a in (1, 2) for b in ("[1, 2]", 2, 3)]
    assert heatmap(*two) == "mean by lr (down), a (across)"


def test_long_names_below_a_heatmap_are_slanted_and_whole() -> None:
    names = [f"a={a}, weight_init={b}" for a in (1, 2, 3) for b in ("kaiming_uniform_", "kaiming_normal_")]
    svg = render(fill("candidates", candidates({params: 0.1 * i for i, params in enumerate(names)})))
    slanted = [
        element.text for element in ET.fromstring(svg).iter(f"{SVG}text") if "-45" in element.attrib["transform"]
    ]
    assert slanted == ["kaiming_uniform_", "kaiming_normal_"]


def test_the_best_is_marked_and_others_are_told_apart() -> None:
    rows = candidates({"lr=1": 0.5, "lr=2": 0.7, "lr=3": 0.7, "lr=4": 0.2})
    rows[0]["in_best_set"] = rows[2]["in_best_set"] = "true"
    rows[2]["rank_test_score"] = "1"
    svg = render(fill("candidates", rows))
    legend = ["the highest mean", "the simplest of the best set", "in the best set (95 %)", "not in it"]
    assert [text for text in texts(svg) if text in legend] == legend
    points = re.search(r'<g class="mark-symbol role-mark [^>]*><path.*?</g>', svg)
    assert points
    fills = re.findall(r'fill="([^"]+)"', points[0])
    assert [fills.index(fill) for fill in fills] == [0, 1, 0, 3]  # the first of two equally good is the best
    assert fills[3] == "white"
    shapes = re.findall(r' d="([^"]+)"', points[0])
    assert "A" in shapes[0]
    assert "A" not in shapes[1]
    assert "0.700" in texts(svg)


def test_a_candidate_that_cannot_be_drawn_has_its_row() -> None:
    names = [f"lr={i}" for i in range(6)]
    shown = draw(candidates(dict(zip(names, [-3500.0, -3400.0, NAN, -3300.0, -2e9, -3600.0], strict=True)), half=80.0))
    assert [text for text in shown if text in list("012345")] == list("012345")
    assert "× diverged" in shown
    assert "← −2.0e+9" in shown
    assert "−3.5k" in shown


def test_many_candidates_of_many_settings_are_drawn_by_rank() -> None:
    names = [f"lr=0.{i:03}, optimizer=Adamax, module__activation=Hardsigmoid, module__n={i}" for i in range(60)]
    rows = candidates({params: i / 100 for i, params in enumerate(names)})
    rows[30] |= {"in_best_set": "true", "simplest": "true"}
    svg = render(fill("candidates", rows))
    shown = texts(svg)
    assert "rank: best 40 of 60" in shown
    assert [text for text in shown if re.fullmatch(r"\d+", text)] == [str(rank) for rank in range(1, 41)]
    assert "0.590" in shown
    assert not [text for text in shown if "Hardsigmoid" in text]
    # Each of two revisions has its own best.
    shown = draw(rows + [row | {"rev": "main"} for row in rows[:50]])
    assert [text for text in shown if "best 40" in text] == ["rank: best 40 of 50", "rank: best 40 of 60"]
    few = draw(candidates({f"{params}, criterion=CrossEntropyLoss": i / 100 for i, params in enumerate(names[:7])}))
    assert "rank" in few


def test_the_simplest_and_what_halving_dropped_are_marked() -> None:
    rows = candidates({"lr=1": 0.5, "lr=2": 0.7, "lr=3": 0.6})
    rows[0] |= {"equal": "nan"}
    rows[2] |= {"in_best_set": "true", "simplest": "true"}
    svg = render(fill("candidates", rows))
    points = re.findall(r'<g class="mark-symbol role-mark [^>]*>(<path.*?)</g>', svg)
    dropped, others = points
    assert dropped.count("<path") == 1
    assert 'fill="gray"' in dropped
    diamond, square = re.findall(r' d="([^"]+)"', others)
    assert "A" not in diamond + square  # no circle
    assert ("h" in diamond, "h" in square) == (False, True)
    assert 'fill="#1f83c9"' in others


def test_a_grid_of_one_candidate_and_long_names_are_drawn() -> None:
    assert "0.500" in draw(candidates({"optimizer=SGD": 0.5}))
    shown = draw(candidates({"module=my.nets.Wide, lr=1e-05": 0.5, "module=my.nets.Deep, lr=1e-05": 0.4}))
    assert {"module, lr", "Wide, 1e-05", "Deep, 1e-05"} <= set(shown)


def test_what_is_prepared_and_called_back_is_readable() -> None:
    scales = ("null", "standard")
    rows = candidates({f"prepare__impute={a}, prepare__scale={b}": 0.1 * len(a + b) for a in scales for b in scales})
    shown = draw(rows)
    assert {"impute, scale", "none, none", "none, standard", "mean by impute (down), scale (across)"} <= set(shown)
    assert shown.count("none") == 2  # the heatmap's
    assert "null" not in " ".join(shown)
    shown = draw(candidates({"callbacks__EarlyStopping__patience=null, lr=[1, 2]": 0.5, "lr=0.1": 0.4}))
    assert {"EarlyStopping patience, lr", "none, [1, 2]"} <= set(shown)
    shown = draw(candidates({"callbacks__LRScheduler=null": 0.5, "callbacks__LRScheduler=other": 0.4}))
    assert {"LRScheduler", "none"} <= set(shown)
    row = {"experiment": "stop", "best_score": "0.5", "best_ci95": "0.1", "rev": "workspace"}
    row["best_params"] = "callbacks__EarlyStopping__patience=5, prepare__scale=null, lr=0.1"
    assert "EarlyStopping patience=5, scale=none, lr=0.1" in texts(render(fill("leaderboard", [row])))


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
    row = {"rev": "workspace", "ci95": str(half), "difference_ci95": str(half), "tied_with_kept": "true"}
    row["kept"] = "false"
    settings = [
        row | {"setting": f"s{i}", "mean_test_score": str(score), "difference": str(score - scores[0])}
        for i, score in enumerate(scores)
    ]
    assert best in texts(render(fill("evaluation", settings)))


def test_numbers_in_a_heatmap_stay_in_their_cells() -> None:
    for size in (1.0, 0.1, 1e3, 1e6, 1e9):
        scores = {f"a={i}, b={j}": -size * (i + j / 7 + 0.0123) for i in range(3) for j in range(3)}
        shown = draw(candidates(scores, half=size / 10))
        cells = shown[next(i for i, text in enumerate(shown) if text.startswith("mean by")) - 9 :]
        assert max(len(text) for text in cells if text.startswith("−")) <= 8


@pytest.mark.parametrize("template", ["candidates", "leaderboard", "evaluation"])
def test_without_intervals_nothing_speaks_of_a_test(template: str) -> None:
    same = {"rev": "workspace", "ci95": "nan", "best_ci95": "", "difference_ci95": "nan", "p_value": "nan"}
    same |= {"in_best_set": "nan", "simplest": "false", "tied_with_kept": "nan", "best_score_corrected": ""}
    rows = [
        same
        | {"params": f"lr={name}", "best_params": f"lr={name}", "experiment": name, "setting": name}
        | {"mean_test_score": score, "best_score": score, "difference": score, "rank_test_score": str(rank)}
        | {"kept": str(name == "combined").lower()}
        for rank, (name, score) in enumerate({"combined": "0.5", "mean": "-0.25", "linear": "0.25"}.items(), start=1)
    ]
    path = ROOT / ".dvc/plots"
    spec = VegaRenderer(
        rows, "name", template=template, template_dir=str(path), title="name", x_label="r2, mean of 5, 95 % interval"
    ).get_filled_template()
    svg = render(suited(spec))
    shown = texts(svg)
    assert "r2, mean of 5" in shown
    assert not [text for text in shown if re.search("interval|told apart|the best set|correct|←|×", text)]
    panels = 2 if template == "evaluation" else 1
    assert len(re.findall(r'<path [^>]*stroke="#(?:d55e00|1f83c9)"', svg)) == 3 * panels, "every setting has its point"
    assert "0.500" in shown


def test_the_axis_of_a_score_in_a_unit_names_it() -> None:
    rows = read(ROOT / "metrics/compared/dropout.csv")
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
    assert suited(spec) is spec


def test_the_leaderboard_is_sorted_by_score() -> None:
    rows = read(ROOT / "metrics/leaderboard.csv")
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
    assert "point: corrected for the choice; tick: plain mean" in shown


def test_the_evaluation_has_scores_and_differences() -> None:
    row = {"rev": "workspace", "ci95": "0.03", "difference_ci95": "0.02", "params": "", "rank_test_score": "1"}
    rows = [
        row | {"setting": "joint", "mean_test_score": "0.73", "difference": "0.0", "tied_with_kept": "true"},
        row | {"setting": "dropout", "mean_test_score": "0.7", "difference": "-0.03", "tied_with_kept": "false"},
        row | {"setting": "majority_class", "mean_test_score": "nan", "difference": "nan", "tied_with_kept": "nan"},
    ]
    rows = [row | {"kept": str(row["setting"] == "joint").lower()} for row in rows]
    shown = texts(render(fill("evaluation", rows)))
    assert {"the score", "difference to the kept setting, 95 % interval", "0.730", "0.700", "× no score"} <= set(shown)
    assert shown.count("dropout") == 2
    # An open point, once in each panel and once in the legend, is one that is told apart from the kept one.
    told_apart, not_compared = 'fill="white"', 'fill="gray"'
    svg = render(fill("evaluation", rows))
    assert (svg.count(told_apart), svg.count(not_compared)) == (3, 0)
    rows[0] |= {"mean_test_score": "nan", "difference": "nan", "tied_with_kept": "nan"}
    rows[1] |= {"difference": "nan", "tied_with_kept": "nan"}
    svg = render(fill("evaluation", rows))
    assert (svg.count(told_apart), svg.count(not_compared)) == (1, 1)
    points = 'stroke="#1f83c9"'
    assert svg.count(points) == 2, "the legend alone has the colours of what was compared"


def test_the_svg_is_for_any_page(dropout: str) -> None:
    assert "currentColor" in dropout
    assert "<style>" not in dropout
    page = stand_alone(dropout)
    assert page.count("prefers-color-scheme:dark") == 1
    assert ET.fromstring(page).find(f"{SVG}style") is not None
    assert texts(page) == texts(dropout)
    assert render(fill("candidates", read(ROOT / "metrics/compared/dropout.csv"))) == dropout


def test_a_template_that_is_no_vega_lite_is_a_sentence() -> None:
    with pytest.raises(UserError, match="is not Vega-Lite: Error: Invalid specification"):
        render({"data": {"values": []}})
