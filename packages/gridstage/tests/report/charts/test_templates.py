"""What the templates of .dvc/plots show of small tables."""

import re
import xml.etree.ElementTree as ET
from typing import Any

import pytest

from gridstage.report.charts import render, stand_alone, suited
from packages.gridstage.tests.project import ROOT, text_of
from packages.gridstage.tests.read_sample import SAMPLE
from packages.gridstage.tests.report.charts.svg import (
    NAN,
    SVG,
    candidates,
    draw,
    fill,
    read,
    texts,
)

Row = dict[str, str]


def shown(template: str, rows: list[Row], names: Any = None) -> list[str]:
    """Return the texts of a chart, of these alone if there are names."""
    return [
        text
        for text in texts(render(fill(template, rows, "x", "r2")))
        if names is None or text in names
    ]


def test_every_template_is_drawn_in_dvc_yaml() -> None:
    text = text_of(ROOT / "dvc.yaml")
    for template in (ROOT / ".dvc/plots").glob("*.json"):
        assert re.search(rf"template: {template.stem}\b", text)


@pytest.mark.parametrize("template", ["candidates", "leaderboard", "evaluation"])
def test_without_intervals_nothing_speaks_of_a_test(template: str) -> None:
    same = dict.fromkeys(
        "ci95 best_ci95 difference_ci95 p_value in_best_set best_score_corrected".split(),
        "nan",
    )
    same |= {"simplest": "false", "standing": ""}
    rows = [
        same
        | {
            "params": f"lr={name}",
            "best_params": f"lr={name}",
            "experiment": name,
            "setting": name,
        }
        | {
            "mean_test_score": score,
            "best_score": score,
            "difference": score,
            "rank_test_score": str(rank),
        }
        | {
            "kept": str(name == "combined").lower(),
            "answer": str(name == "linear").lower(),
        }
        for rank, (name, score) in enumerate(
            {"combined": "0.5", "mean": "-0.25", "linear": "0.25"}.items(), start=1
        )
    ]
    drawn = texts(render(suited(fill(template, rows, "r2, mean of 5, 95 % interval"))))
    assert {"r2, mean of 5", "0.500"} <= set(drawn)
    assert not [
        text
        for text in drawn
        if re.search("interval|better|as good|worse|may be|correct|←|×", text)
    ]
    if template == "evaluation":
        assert [text for text in drawn if text.startswith("the ")] == [
            "the answer",
            "the kept net",
        ]


def test_the_axis_of_a_score_in_a_unit_names_it() -> None:
    spec = fill(
        "candidates",
        candidates({"lr=1": -3.0, "lr=2": -2.0}),
        "neg_mean_absolute_error, mean of 5 splits",
    )
    assert "neg_mean_absolute_error in k€, mean of 5 splits" in texts(
        render(suited(spec, "k€"))
    )
    assert suited(spec) == spec


def test_only_a_grid_of_two_keys_is_a_heatmap() -> None:
    def heatmap(*settings: str) -> str | None:
        drawn = draw(candidates({params: 0.1 * i for i, params in enumerate(settings)}))
        return next((text for text in drawn if text.startswith("mean by")), None)

    assert heatmap("lr=1", "lr=2") is None
    assert (
        heatmap("a=1, b=1, c=1", "a=1, b=2, c=1", "a=2, b=1, c=1", "a=2, b=2, c=2")
        is None
    )
    # The key with fewer values goes across, so the heatmap is as narrow as it can be.
    two = [f"module__a={a}, lr={b}" for a in (1, 2) for b in ("[1, 2]", 2, 3)]
    assert heatmap(*two) == "mean by lr (down), a (across)"


def test_candidates_stand_from_the_best_down_and_diverged_ones_have_a_row() -> None:
    rows = candidates({"lr=1": 0.5, "lr=2": 0.7, "lr=3": 0.6, "lr=4": NAN})
    rows[0]["in_best_set"] = rows[2]["in_best_set"] = "true"
    legend = [
        "the highest mean",
        "may be the best",
        "the simplest of these",
        "worse than another",
    ]
    assert shown("candidates", rows, [*"1234", "× diverged", *legend]) == [
        *"2314",
        "× diverged",
        *legend,
    ]


def test_leaders_stand_from_the_best_down() -> None:
    rows = read(SAMPLE / "metrics/leaderboard.csv")
    ranked = sorted(rows, key=lambda row: -float(row["best_score_corrected"]))
    names = [row["experiment"] for row in ranked]
    drawn = ET.fromstring(render(fill("leaderboard", rows))).iter(f"{SVG}text")
    heights = {
        text.text: float(text.attrib["transform"].split(",")[1][:-1])
        for text in drawn
        if text.text in names
    }
    assert sorted(heights, key=lambda name: heights[name]) == names
    legend = "point: corrected; tick: plain mean"
    rows = [row | {"kept": "false"} for row in rows]
    for kept, end in (("true", "; diamond: the kept net"), ("false", "")):
        rows[0]["kept"] = kept
        assert f"{legend}{end}" in shown("leaderboard", rows)


def test_the_evaluation_has_scores_and_differences_in_their_order() -> None:
    contenders = {
        "constant": (NAN, NAN),
        "joint": (0.76, 0.01),
        "dropout": (0.7, -0.02),
        "linear": (0.72, NAN),
        "boosting": (0.75, 0.03),
    }
    rows = [
        {"setting": name, "mean_test_score": str(score), "difference": str(difference)}
        | {
            "kept": str(name == "joint").lower(),
            "answer": str(name == "linear").lower(),
            "params": "",
        }
        | {"ci95": "0.03", "difference_ci95": "0.02", "rank_test_score": "1"}
        for name, (score, difference) in contenders.items()
    ]
    ranked = "boosting joint linear dropout constant boosting joint dropout".split()
    assert shown("evaluation", rows, contenders) == ranked
    legend = ["the answer", "the kept net", "another model"]
    assert shown("evaluation", rows, legend) == legend
    assert {"difference to the model to use, 95 % interval", "0.760", "× no score"} <= {
        *shown("evaluation", rows)
    }


def test_learning_curves_have_a_panel_for_what_there_is() -> None:
    def curves(setting: str, held_out: bool = True) -> list[Row]:
        values = {
            "train_loss": 0.5,
            "valid_loss": 0.6 if held_out else NAN,
            "valid_score": 0.7 if held_out else NAN,
        }
        ends = {
            f"{key}{end}": str(value)
            for key, value in values.items()
            for end in ("_low", "", "_high")
        }
        return [
            {"setting": setting, "params": "lr=1", "also": "", "epoch": str(epoch)}
            | ends
            for epoch in (1, 2, 3)
        ]

    panels = ["loss in training", "loss on the hold-out", "r2 on the hold-out"]
    assert shown("curves", curves("best") + curves("starting_point"), panels) == panels
    assert shown("curves", curves("best", held_out=False), panels) == panels[:1]
    assert {"best", "simplest", "starting point", "epoch"} <= {
        *shown("curves", curves("best"))
    }


def test_important_settings_come_first_and_say_whether_they_were_shown_to_matter() -> (
    None
):
    rows = [
        {"key": key, "importance": importance, "importance_std": "0.02", "p_value": p}
        for key, importance, p in (
            ("callbacks__EarlyStopping__patience", "-0.01", "nan"),
            ("module__n_neurons", "0.25", "0.049"),
            ("lr", "0.5", "0.0001"),
        )
    ]
    names = ["lr", "n_neurons", "EarlyStopping patience"]
    assert shown("importance", rows, names) == names
    told = {
        "0.50  p < 0.001",
        "0.25  p = 0.049",
        "−0.01",
        "full: p < 0.05; hollow: not shown to matter",
    }
    assert told <= {*shown("importance", rows)}
    # Another revision has the same rows in the same places, and may lack some.
    both = rows + [row | {"rev": "main"} for row in rows[1:]]
    assert shown("importance", both, names) == names * 2
    assert shown("importance", both, ["main", "workspace"]) == ["main", "workspace"]


def test_predictions_of_classes_have_curves_and_a_confusion_matrix() -> None:
    def point(panel: str, x: float, y: float, series: str, **cells: object) -> Row:
        cells = dict.fromkeys(("low", "high", "count", "label"), "") | cells
        return {
            key: str(cell)
            for key, cell in {
                "panel": panel,
                "series": series,
                "x": x,
                "y": y,
                **cells,
            }.items()
        }

    ends = ((0, 0), (0.2, 0.7), (1, 1))
    rows = [point("ROC", x, y, "yes", label="area 0.750") for x, y in ends]
    rows += [
        row | {"panel": "precision and recall", "label": "average precision 0.6"}
        for row in rows
    ]
    rows += [
        point("calibration", x, y, "yes", low=y / 2, high=y, count=9) for x, y in ends
    ]
    rows += [
        point("confusion", j, i, observed, count=3 * i + j + 1, label=predicted)
        for i, observed in enumerate(("no", "yes"))
        for j, predicted in enumerate(("no", "yes"))
    ]
    found = shown("diagnostics", rows)
    headings = [
        "ROC: true by false positives",
        "precision by recall",
        "observed share by probability",
    ]
    assert [text for text in found if text in headings] == headings
    # 1 + 2 rows of class no, and 4 + 5 of class yes.
    assert {
        "1 (33%)",
        "2 (67%)",
        "4 (44%)",
        "5 (56%)",
        "area 0.750",
        "average precision 0.6",
        "class yes",
    } <= {*found}
    # What is written on curves stands on a white text, which keeps them away.
    assert [found.count(text) for text in ("area 0.750", "1 (33%)")] == [2, 1]
    # Two classes without labels are called what they are.
    labels = {"yes": "1", "no": "0"}
    unnamed = [
        row | {key: labels.get(row[key], row[key]) for key in ("series", "label")}
        for row in rows
    ]
    named = ["not positive", "positive", "not positive", "positive", "class positive"]
    assert shown("diagnostics", unnamed, named) == named


def test_the_inputs_of_the_answer_and_of_the_net_have_one_axis() -> None:
    rows = [
        {
            "model": model,
            "role": role,
            "column": column,
            "importance": mean,
            "ci95": "0.02",
            "below_rope": "false",
        }
        for model, role, column, mean in (
            *(
                ("logistic_regression", "answer", "age", "0.1"),
                ("logistic_regression", "answer", "fare", "-0.0011"),
            ),
            *(("joint", "net", "fare", "0.3"), ("joint", "net", "age", "0.1")),
        )
    ]
    # The column that matters most to any of them comes first in both.
    assert shown("inputs", rows, ["age", "fare"]) == ["fare", "age"] * 2
    assert {
        "★ logistic_regression, the answer",
        "◆ joint, the kept net",
        "0.300",
        "−0.001",
    } <= {*shown("inputs", rows)}
    untested = [row | {"ci95": "nan", "below_rope": "nan"} for row in rows]
    assert {"0.300", "fare"} <= {*shown("inputs", untested)}


def test_thresholds_have_shares_and_with_costs_a_panel_of_them() -> None:
    def rows(model: str, role: str, cost: str, chosen: str = "") -> list[Row]:
        cells = {
            "precision": "0.5",
            "recall": "0.9",
            "false_alarms": "0.2",
            "predicted": "0.5",
        }
        points = (
            {"0.0": "1.0", "0.17": cost, "1.0": "1.7"}
            if cost != "nan"
            else dict.fromkeys(("0.0", "0.17"), cost)
        )
        return [
            {
                "model": model,
                "role": role,
                "threshold": each,
                "cost": own,
                "chosen": str(each == chosen).lower(),
            }
            | cells
            for each, own in points.items()
        ]

    shares = ["★ tree, the answer", "◆ joint, the kept net"]
    costs = ["★ tree: cost per row", "◆ joint: cost per row"]
    legend = ["precision", "recall", "false alarms"]
    without = [*rows("tree", "answer", "nan"), *rows("joint", "net", "nan")]
    assert shown("thresholds", without, [*shares, *costs, *legend]) == [
        *shares,
        *legend,
    ]
    with_costs = [
        *rows("tree", "answer", "0.4534", "0.17"),
        *rows("joint", "net", "0.6", "1.0"),
    ]
    drawn = shown("thresholds", with_costs)
    assert {*shares, *costs, *legend, "0.17: 0.453", "no row: 1.7"} <= {*drawn}
    assert "cost" not in drawn
    one = rows("joint", "net and answer", "0.4", "0.0")
    assert {"★ ◆ joint, the kept net and answer", "all rows: 1"} <= {
        *shown("thresholds", one)
    }
    # Another revision has panels of its own.
    both = one + [row | {"rev": "main"} for row in one]
    assert sum(text.endswith(", main") for text in shown("thresholds", both)) == 2


def test_candidates_are_lines_across_axes_in_the_order_of_the_table() -> None:
    keys = ("score", "module__n_neurons", "callbacks__EarlyStopping__patience")
    rows = [
        {
            "candidate": str(candidate),
            "key": key,
            "value": f"{key[0]}{candidate}",
            "place": str((30 - candidate) / 30),
            "score": "0.5",
            "in_best_set": "true",
        }
        for key in keys
        for candidate in range(1, 30)
    ]
    drawn = render(fill("parallel", rows))
    names = ["score", "n_neurons", "EarlyStopping", "patience"]
    found = [part.strip() for part in ET.fromstring(drawn).itertext()]
    assert [text for text in found if text in names] == names
    # Of 29 values, every third has a label, from the top down, over a white one that keeps lines away.
    labels = [text for text in found if text.startswith("s") and text[1:].isdigit()]
    assert labels == [f"s{number}" for number in range(1, 30, 3)] * 2
    stroked = [path.get("stroke") for path in ET.fromstring(drawn).iter(f"{SVG}path")]
    assert (stroked.count("#1f83c9"), stroked.count("#d55e00")) == (28, 1)
    page = stand_alone(drawn)
    assert "text[stroke=white]" in page
    assert "text[stroke=white]" not in stand_alone("<svg></svg>")
    both = rows + [row | {"rev": "main"} for row in rows]
    assert {"main", "workspace"} <= {*texts(render(fill("parallel", both)))}
