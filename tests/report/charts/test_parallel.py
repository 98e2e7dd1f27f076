"""Where the candidates of a search of many keys stand on their axes."""

import pytest

from stages.lib.report.parallel.axes import BOTTOM, TOP, as_text, make_axis, round_numbers
from stages.lib.report.parallel.chart import Parallel, parallel_coordinates

MIDDLE = (TOP + BOTTOM) / 2


def test_numbers_stand_by_size_and_over_many_decades_by_their_logarithm() -> None:
    linear = make_axis("lr", 0, ["0", "1", "2", "3", "4", "5", "8"])
    assert [linear.places[i] for i in (0, 4, 6)] == [BOTTOM, MIDDLE, TOP]
    wide = make_axis("lr", 0, ["0.001", "0.003", "0.01", "0.1", "1", "10", "1000"])
    assert wide.places[4] == pytest.approx(MIDDLE, abs=0.1)
    assert [text for _, text in wide.ticks] == ["0.001", "0.01", "0.1", "1", "10", "100", "1000"]
    assert [stop[2] for stop in wide.stops] == ["1000", "10", "1", "0.1", "0.01", "0.003", "0.001"]
    assert wide.at == [6, 5, 4, 3, 2, 1, 0]


def test_evenly_drawn_numbers_stand_by_size_though_one_is_near_zero() -> None:
    uniform = make_axis("dropout_rate", 0, ["0.002", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6"])
    assert uniform.places[3] == pytest.approx(MIDDLE, abs=1)
    assert [text for _, text in uniform.ticks] == ["0.1", "0.2", "0.3", "0.4", "0.5", "0.6"]


def test_few_values_and_names_have_bands_with_none_below() -> None:
    axis = make_axis("scale", 0, ["robust", "none", "robust", "2", "10", "standard"])
    assert [text for _, text in axis.ticks] == ["robust", "standard", "10", "2", "none"]
    assert axis.at == [0, 4, 0, 3, 2, 1]
    # Two lines with the same value do not hide each other, and stay in its band.
    assert axis.stops[0][0] < axis.places[0] < axis.places[2] < axis.stops[0][1]
    assert axis.stops[0][0] == TOP
    assert axis.stops[-1][1] == BOTTOM


def test_a_name_breaks_at_underscores_and_spaces() -> None:
    names = ("weight_decay", "lr", "max_epochs", "EarlyStopping patience", "a_very_long_name_of_a_key")
    assert [make_axis(name, 0, ["1", "2"]).words for name in names] == [
        ["weight_", "decay"],
        ["lr"],
        ["max_epochs"],
        ["EarlyStopping", "patience"],
        ["a_very_", "long_name_", "of_a_key"],
    ]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (0.52, 0.77, [0.55, 0.6, 0.65, 0.7, 0.75]),
        (-5e6, -1e6, [-5e6, -4e6, -3e6, -2e6, -1e6]),
    ],
)
def test_ticks_are_round(low: float, high: float, expected: list[float]) -> None:
    assert round_numbers(low, high) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("low", "high", "first"),
    [
        (0.52, 0.77, ["0.55", "0.60"]),
        (0, 5, ["0", "1"]),
        (-1_234_900, -1_234_100, ["-1.2348M", "-1.2346M"]),
        (-5e6, -1e6, ["-5M", "-4M"]),
        (12_000, 15_000, ["12k", "13k"]),
        (1e-7, 4e-7, ["1e-07", "2e-07"]),
    ],
)
def test_texts_of_ticks_tell_them_apart(low: float, high: float, first: list[str]) -> None:
    texts = as_text(round_numbers(low, high))
    assert texts[:2] == first
    assert len({*texts}) == len(texts)


def rows(scores: list[float], keys: int = 3) -> list[dict[str, str]]:
    """Return candidates whose keys a, b, c, … differ."""
    ranked = sorted(scores, key=lambda score: -score if score == score else 1e300)
    return [
        {
            "params": f"module__a={i}, lr=1",
            "mean_test_score": str(score),
            "rank_test_score": str(ranked.index(score) + 1),
        }
        | {"in_best_set": "true" if i == 1 else "false", "constant": "1"}
        | {key: str(i + 1) for key in "abcdef"[:keys]}
        for i, score in enumerate(scores)
    ]


def laid_out(scores: list[float]) -> Parallel:
    found = parallel_coordinates(rows(scores), ["b", "a", "constant", "c"])
    assert found is not None
    return found


def test_the_best_is_on_top_and_axes_go_by_importance() -> None:
    chart = laid_out([0.5, 0.7, 0.75, float("nan")])
    assert [axis.name for axis in chart.axes] == ["score", "b", "a", "c"]
    assert [(line.kind, line.shade) for line in chart.lines] == [("other", 0), ("in-set", 0.8), ("best", 1)]
    assert chart.lines[-1].text == "rank 1: 0.7500; a=2, lr=1"
    assert (len(chart.lines), chart.n_candidates) == (3, 4)
    assert all(len(line.points.split()) == len(line.at.split()) == 4 for line in chart.lines)


def test_a_score_far_below_does_not_squeeze_the_others() -> None:
    chart = laid_out([-2e9, *(i / 10 for i in range(8))])
    lowest, *others = [float(line.points.split()[0].split(",")[1]) for line in chart.lines]
    assert lowest == BOTTOM
    assert others[0] - others[-1] > (BOTTOM - TOP) / 6
    assert [line.shade for line in chart.lines] == sorted(line.shade for line in chart.lines)


def test_few_keys_or_scores_have_no_chart() -> None:
    assert parallel_coordinates(rows([0.1, 0.2], keys=2), ["a", "b", "constant"]) is None
    assert parallel_coordinates(rows([0.1, float("nan")]), ["a", "b", "c"]) is None
    assert parallel_coordinates(rows([float("nan")] * 2), ["a", "b", "c"]) is None
    many = parallel_coordinates(rows([i / 1000 for i in range(400)]), ["a", "b", "c"])
    assert many is not None
    assert (len(many.lines), many.n_candidates) == (300, 400)
    assert many.lines[0].text.startswith("rank 300")
