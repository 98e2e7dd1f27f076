"""What the chart of candidates shows, whichever program draws it, and on any page."""

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest
import vl_convert

from stages.lib.report.charts import render, stand_alone
from tests.read_sample import SAMPLE
from tests.report.charts.colours import contrast
from tests.report.charts.svg import NAN, SVG, candidates, draw, fill, read, texts


@pytest.fixture(scope="module")
def dropout() -> str:
    return render(fill("candidates", read(SAMPLE / "metrics/compared/dropout.csv")))


@pytest.mark.parametrize("version", ["5.8", "5.14", "5.21"])
def test_older_vega_lites_draw_it_too(version: str, dropout: str) -> None:
    spec = fill("candidates", read(SAMPLE / "metrics/compared/dropout.csv"))
    assert texts(vl_convert.vegalite_to_svg(spec, vl_version=version)) == texts(dropout)


def test_the_best_40_of_more_candidates_are_legible(dropout: str) -> None:
    table = read(SAMPLE / "metrics/compared/dropout.csv")
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


def rows_of(svg: str) -> list[str]:
    """Return the texts of a chart from the top down."""
    drawn = [element for element in ET.fromstring(svg).iter(f"{SVG}text") if element.text]
    drawn.sort(key=lambda element: float(re.findall(r"[-\d.]+", element.attrib["transform"])[1]))
    return [element.text or "" for element in drawn]


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
    legend = ["the highest mean", "may be the best", "the simplest of these", "worse than another"]
    assert [text for text in texts(svg) if text in legend] == legend
    points = re.search(r'<g class="mark-symbol role-mark [^>]*><path.*?</g>', svg)
    assert points
    fills = re.findall(r'fill="([^"]+)"', points[0])
    assert [fills.index(fill) for fill in fills] == [0, 1, 0, 3]  # the first of two equally good is the best
    assert fills[3] == "white"
    assert "0.700" in texts(svg)
    # The best of a search is neither the answer nor the kept net: it has no mark of theirs.
    shapes = re.findall(r' d="([^"]+)"', points[0])
    assert all("A" in shape for shape in shapes)


def test_the_best_come_first() -> None:
    rows = candidates({"lr=1": 0.5, "lr=2": 0.7, "lr=3": 0.6, "lr=4": NAN})
    assert [text for text in rows_of(render(fill("candidates", rows))) if text in list("1234")] == list("2314")
    # A candidate of two revisions stands at the same height in both, by the better of its two places.
    other = [row | {"rev": "main"} for row in candidates({"lr=1": 0.5, "lr=2": 0.6, "lr=3": 0.9})]
    both = rows_of(render(fill("candidates", [*rows, *other])))
    assert [text for text in both if text in list("1234")] == list("22331144")


def test_a_candidate_that_cannot_be_drawn_has_its_row() -> None:
    names = [f"lr={i}" for i in range(6)]
    shown = draw(candidates(dict(zip(names, [-3500.0, -3400.0, NAN, -3300.0, -2e9, -3600.0], strict=True)), half=80.0))
    assert [text for text in shown if text in list("012345")] == list("310542")
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
    circle, square = re.findall(r' d="([^"]+)"', others)
    assert ("A" in circle, "A" in square, "h" in square) == (True, False, True)
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


def test_numbers_in_a_heatmap_stay_in_their_cells() -> None:
    for size in (1.0, 0.1, 1e3, 1e6, 1e9):
        scores = {f"a={i}, b={j}": -size * (i + j / 7 + 0.0123) for i in range(3) for j in range(3)}
        shown = draw(candidates(scores, half=size / 10))
        cells = shown[next(i for i, text in enumerate(shown) if text.startswith("mean by")) - 9 :]
        assert max(len(text) for text in cells if text.startswith("−")) <= 8


def test_the_svg_is_for_any_page(dropout: str) -> None:
    assert "currentColor" in dropout
    assert "<style>" not in dropout
    page = stand_alone(dropout)
    assert page.count("prefers-color-scheme:dark") == 1
    assert ET.fromstring(page).find(f"{SVG}style") is not None
    assert texts(page) == texts(dropout)
    assert render(fill("candidates", read(SAMPLE / "metrics/compared/dropout.csv"))) == dropout
