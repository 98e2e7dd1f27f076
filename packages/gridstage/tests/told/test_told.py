"""What is told of the evaluation, what inputs are worth, and how often a net is advised whose true gain is known."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks.simulation.answers import judge_answer
from gridstage.config import Params
from gridstage.results import Results, files
from gridstage.results.reading import WorkingTree
from gridstage.scores.shuffled import inputs_table, with_standing
from gridstage.told.evaluation import (
    describe_inputs,
    inputs_told,
    paragraphs,
    read_note,
)
from packages.gridstage.tests.evaluate.contests import FOLDS, IN_TIME
from packages.gridstage.tests.project import real_params
from packages.gridstage.tests.read_sample import SAMPLE
from packages.gridstage.tests.refusals import refused
from packages.gridstage.tests.results.texts import Texts
from resampled.means.ttest import half_width
from resampled.resampling import Resampling

RNG = np.random.default_rng(5)
FEATURES = ("a", "b", "c")
KEPT = "models/best.onnx is the kept net, joint."


def told(**changes: Any) -> tuple[Results, Params]:
    """Return the results of the sample, and its params with changes."""
    return Results(WorkingTree(SAMPLE)), Params.model_validate(real_params() | changes)


def test_the_answer_is_told_as_it_is_written() -> None:
    results, params = told(
        statistics={"rope": 0.5}
    )  # what params.yaml says now changes nothing
    answer = results.read(files.ANSWER)
    first, files_of = paragraphs(results, params, answer)
    assert first.startswith(
        "Use logistic_regression: accuracy 0.771 on new rows (95 %: 0.723 to 0.819); always naming the "
    )
    assert (
        "It is used if it is better by 0.01 with a chance of 93 %, because it is the best of five; "
        "it has less than 1 %." in first
    )
    assert files_of == f"models/answer.onnx is logistic_regression; {KEPT}"
    words = inputs_told(results, answer)
    assert words.index(
        "logistic_regression loses the most accuracy for glucose"
    ) < words.index("joint loses the most")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            [[["glucose", "bmi"], 0.9981]],
            "diabetes is given away by glucose and bmi alone: for 99.81 % of the rows, the",
        ),
        ([], "Such a score is rare: is a column made from diabetes?"),
    ],
)
def test_what_gives_the_target_away_follows_the_lead(
    given: list[Any], said: str
) -> None:
    results, params = told()
    paths = results.source.files("metrics", ".json").values()
    texts = Texts({path: results.source.text(path) or "" for path in paths})
    texts.put(
        files.EVALUATION,
        results.read(files.EVALUATION).content() | {"given_away": given},
    )
    assert paragraphs(Results(texts), params, Results(texts).read(files.ANSWER))[
        1
    ].startswith(said)


def test_a_note_is_on_few_rows_and_groups() -> None:
    results, params = told()
    assert read_note(results, params) is None
    texts, evaluation = Texts(), results.read(files.EVALUATION).content()
    texts.put(
        files.EVALUATION, evaluation | {"classes": {"0": 500, "1": 12}, "n_groups": 4}
    )
    assert "the rarest class has 12 rows (fewer than 20) and there are 4 groups" in str(
        read_note(Results(texts), params)
    )
    in_time = params.model_copy(
        update={"cv": params.cv.model_copy(update={"splitter": "time"})}
    )
    assert read_note(Results(texts), in_time) is None


@pytest.mark.parametrize(
    "changes",
    [{"why": "luck"}, {"more": 1}],
    ids=["a word", "a key"],
)
def test_an_answer_that_no_stage_writes_is_refused(changes: dict[str, Any]) -> None:
    texts = Texts()
    texts.put(files.ANSWER, told()[0].read(files.ANSWER).content() | changes)
    with refused(
        r"answer.json is not the answer of the evaluation. Run `dvc repro evaluate`"
    ):
        Results(texts).read(files.ANSWER)


def table(resampling: Resampling = FOLDS) -> pd.DataFrame:
    """Return the table of two models, the first of which needs the second column most, and the others hardly."""
    net = np.column_stack(
        [
            0.002 + 0.001 * RNG.normal(size=30),
            0.2 + 0.01 * RNG.normal(size=30),
            np.zeros(30),
        ]
    )
    return inputs_table(
        {"net": net, "constant": np.zeros((30, 3))}, FEATURES, resampling
    )


def test_the_largest_comes_first_with_the_corrected_interval() -> None:
    by_split = RNG.normal([0, 5, 1], size=(30, 3))
    found = inputs_table({"net": by_split}, FEATURES, FOLDS)
    assert tuple(found) == files.BASELINE_INPUTS.needed
    assert found["column"].tolist() == ["b", "c", "a"]
    assert found["importance"].to_numpy() == pytest.approx(
        by_split.mean(axis=0)[[1, 2, 0]]
    )
    assert found["ci95"].to_numpy() == pytest.approx(
        half_width(by_split.T, FOLDS)[[1, 2, 0]]
    )


def test_what_costs_less_than_the_rope_is_told_with_a_reminder() -> None:
    found = with_standing(table(), {"constant": "answer", "net": "net"}, rope=0.01)
    assert found["role"].tolist() == ["answer"] * 3 + ["net"] * 3
    assert found["below_rope"].tolist() == [True] * 3 + [False, True, True]
    text = describe_inputs(found, "net", "accuracy", 0.01)
    assert text.startswith(
        "When a column is shuffled, net loses the most accuracy for b (0.1979 ± "
    )
    assert text.endswith(
        "). For a and c, net loses less than 0.01 with 95 %. Columns that are correlated stand in for each other, so "
        "without all of these it may lose more."
    )
    assert (
        describe_inputs(found, "constant", "accuracy", 0.01)
        == "constant looks at none of the inputs."
    )
    none = with_standing(table().query("column != 'c'"), {"net": "net"}, rope=0.001)
    assert describe_inputs(none, "net", "r2", 0.001).endswith(
        "For no column is it certain, with 95 %, that net loses less than 0.001."
    )


def test_without_intervals_or_scores_nothing_is_below_the_rope() -> None:
    found = with_standing(table(IN_TIME), {"net": "net"}, rope=0.01)
    assert found[["ci95", "below_rope"]].isna().all(axis=None)
    assert not {"±", "95 %"} & {
        *describe_inputs(found, "net", "accuracy", 0.01).split()
    }
    by_split = np.ones((5, 3))
    by_split[2] = np.nan
    found = with_standing(
        inputs_table({"net": by_split}, FEATURES, FOLDS), {"net": "net"}, rope=0.01
    )
    assert found["below_rope"].isna().all()
    for each in (found, found[:0]):  # of a baseline without a score, there are no rows
        assert describe_inputs(each, "net", "r2", 0.01).startswith(
            "What the inputs are worth to net is unknown, bec"
        )


# Drawn in a hundredth of a second.
CALM, WITHOUT_CHANCE = (
    f"{training}, 16 nets, 5 folds, 2 repeats"
    for training in ("calm", "no chance in training")
)


def test_a_net_that_is_better_is_advised_and_an_equal_one_hardly_ever() -> None:
    equal, better = (
        [judge_answer(CALM, gain, draw) for draw in range(40)] for gain in (0.0, 0.03)
    )
    assert np.mean([each["by the rule"] for each in equal]) <= 0.1
    assert np.mean([each["by the rule"] for each in better]) >= 0.3


def test_the_luck_of_the_choice_does_not_speak_for_a_net() -> None:
    drawn = [judge_answer(WITHOUT_CHANCE, 0.0, draw) for draw in range(40)]
    assert np.mean([each["by the means"] for each in drawn]) >= 0.6
    assert np.mean([each["by the rule"] for each in drawn]) <= 0.2
