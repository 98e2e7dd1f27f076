"""What is said of the answer: which model to use, how sure that is, and why."""

import numpy as np
import pytest

from gridstage.results.answer import Answer
from gridstage.told.answer import (
    files_told,
    gained,
    glossary,
    in_words,
    lead,
    ranking,
)
from packages.gridstage.tests.evaluate.contests import (
    CONSTANT,
    IN_TIME,
    LINEAR,
    ask,
    scores,
)

# What is said of the files.
KEPT = "models/best.onnx is the kept net, joint."
BOTH = "models/best.onnx and models/answer.onnx are the kept net, joint."
OF = "; always naming the most frequent class gets 0.650. "
PICKED = "but it was picked as the best of 179; "
RULE = "is used if it is better by 0.01 with a chance of 80 %; "


@pytest.mark.parametrize(
    ("contenders", "worth", "said"),
    [
        pytest.param(
            {"joint": scores(0.8)} | LINEAR | CONSTANT,
            {"joint": 0.79},
            f"Use the net joint: accuracy 0.790 on new rows (95 %: 0.760 to 0.820){OF}It shows 0.800, {PICKED}that "
            "luck is taken off here. logistic_regression, which is simpler, gets 0.740. A less simple model "
            f"{RULE}joint has more than 99 %.",
            id="the kept net",
        ),
        pytest.param(
            {"joint": scores(0.7), "simplest": scores(0.8, seed=2)} | LINEAR | CONSTANT,
            {},
            f"Use the net simplest: accuracy 0.800 on new rows (95 %: 0.772 to 0.828){OF}That is the simplest "
            "candidate of the best search among those that may be its best. It is the best of two nets on these "
            "splits; that luck is not taken off. logistic_regression, which is simpler, gets 0.740. The net simplest "
            "is used if it is better by 0.01 with a chance of 87 %, because it is the best of two; it has more than "
            "99 %.",
            id="the simplest net",
        ),
        pytest.param(
            {
                "joint": scores(0.765),
                "simplest": scores(0.7635, seed=3),
                "starting_point": scores(0.74, seed=5),
            }
            | LINEAR
            | CONSTANT,
            {"joint": 0.7615},
            f"{OF}The best net, simplest, gets 0.763. It is used if it is better by 0.01 with a chance of 90 %, "
            "because it is the best of three; it has 85 %.",
            id="the best of three, which needs more than one that is named",
        ),
        pytest.param(
            {"joint": scores(0.735), "random_forest": scores(0.8, seed=4)}
            | LINEAR
            | CONSTANT,
            {"joint": 0.725},
            f"logistic_regression, which is simpler, gets 0.740. A less simple model {RULE}random_forest has more than "
            f"99 %. The best net, joint, shows 0.735, {PICKED}without that luck it gets 0.725. Over random_forest, "
            "joint has a chance of less than 1 %.",
            id="a forest",
        ),
        pytest.param(
            {"joint": scores(0.763), "random_forest": scores(0.755, seed=4)} | LINEAR,
            {},
            f"A less simple model {RULE}joint is, than logistic_regression, but not than random_forest.",
            id="a forest that only the net makes way for",
        ),
        pytest.param(
            {
                "joint": scores(0.766),
                "dropout": scores(0.76, seed=9),
                "random_forest": scores(0.755, seed=4),
            }
            | LINEAR,
            {},
            "The net joint is used if it is better by 0.01 with a chance of 87 %, because it is the best of two; joint "
            "is, than logistic_regression, but not than random_forest. The best net, joint, gets 0.766. Over "
            "random_forest, joint has a chance of 53 %, and needs 87 % as the best of two.",
            id="a forest that the best of two nets makes way for",
        ),
        pytest.param(
            {"joint": scores(0.76)} | LINEAR | CONSTANT,
            {"joint": 0.745},
            f"The best net, joint, shows 0.760, {PICKED}without that luck it gets 0.745. A net {RULE}joint has",
            id="a net that owes its gain to luck",
        ),
        pytest.param(
            {"joint": scores(0.7601)} | LINEAR | CONSTANT,
            {"joint": 0.7599},
            f"The best net, joint, gets 0.760. A net {RULE}joint has",
            id="a net that owes too little to luck to be seen",
        ),
        pytest.param(
            {"joint": scores(0.8001)} | LINEAR | CONSTANT,
            {"joint": 0.7999},
            f"{OF}It was picked as the best of 179; that luck is taken off here.",
            id="the kept net, which owes so little",
        ),
        pytest.param(
            {"net": scores(0.73), "joint": scores(0.64)} | LINEAR | CONSTANT,
            {"net": 0.735},
            "The best net was picked as the best of 179; without that luck it gets 0.735. A net "
            f"{RULE}the net has",
            id="a net that is worth more than it shows, and is called net",
        ),
        pytest.param(
            {"joint": scores(0.65)} | LINEAR | CONSTANT,
            {},
            "No net has a score that is surely better than that of the constant.",
            id="no net that is better than the constant",
        ),
        pytest.param(
            {"joint": scores(0.74), "logistic_regression": scores(0.65, seed=1)}
            | CONSTANT,
            {},
            f"{OF}No simpler model is surely better than that.",
            id="a net beside which there is no simpler model",
        ),
        pytest.param(
            {"joint": scores(0.652), "logistic_regression": scores(0.64, seed=1)}
            | CONSTANT,
            {"joint": 0.649},
            "Use none of these models: always naming the most frequent class gets accuracy 0.650, and they could be no "
            f"better. The best of them, joint, shows 0.652, {PICKED}without that luck it gets 0.649. The chance that "
            "it is better at all is 48 %, and 97.5 % are needed.",
            id="nothing better than the constant",
        ),
        pytest.param(
            {"joint": np.full(30, np.nan)} | CONSTANT,
            {},
            "Use none of these models: none of them has a score.",
            id="no score",
        ),
    ],
)
def test_the_lead_says_which_model_how_sure_that_is_and_why(
    contenders: dict[str, np.ndarray], worth: dict[str, float], said: str
) -> None:
    assert said in lead(ask(contenders, None, **worth))


def test_the_ranking_goes_by_what_models_are_worth_and_says_why_they_are_left_out() -> (
    None
):
    nets = {
        "joint": scores(0.8),
        "dropout": scores(0.78, seed=1),
        "combined": scores(0.64, seed=5),
        "simplest": scores(0.76, seed=6),
    }
    stuck = {"dropout": np.arange(30) < 2}
    found = ask(
        nets | {"random_forest": np.full(30, np.nan)} | LINEAR | CONSTANT,
        stuck=stuck,
        joint=0.75,
    )
    shown = ranking(found)
    columns = [[*column] for column in zip(*shown.rows, strict=True)]
    cells = dict(zip(shown.headings, columns, strict=True))
    assert cells["model"] == [
        "dropout",
        "simplest",
        "joint",
        *LINEAR,
        *CONSTANT,
        "combined",
        "random_forest",
    ]
    assert cells["mean"][:3] == ["0.780", "0.760", "0.800"]
    assert (cells["worth"][2], cells["95 %"][2]) == ("0.750", "0.720 to 0.780")
    assert cells["note"] == [
        *("the answer; kept; 2 stuck", "not the best", "not the best", ""),
        *("ignores inputs", "no sure gain", "no score"),
    ]
    assert cells["chance"][0] == ""
    assert found["joint"].left_out == "other_of_its_kind"
    assert [in_words(chance) for chance in (0.0, 0.799999, 0.991)] == [
        "less than 1 %",
        "79 %",
        "more than 99 %",
    ]


def test_stuck_fits_of_the_answer_are_told() -> None:
    for n, fits in ((1, "1 of its fits is stuck"), (2, "2 of its fits are stuck")):
        found = ask({"joint": scores(0.8)} | LINEAR, stuck={"joint": np.arange(30) < n})
        assert f" {fits}: such a net gives nearly all rows the same answer." in lead(
            found
        )


def notes_of(answer: Answer) -> dict[str, str]:
    """Return the note beside each contender."""
    table = ranking(answer)
    note = table.headings.index("note")
    return {row[0]: row[note] for row in table.rows}


def test_no_row_is_better_than_the_answer_without_a_reason_beside_it() -> None:
    """A net and trees whose chance is too small, each with what it needs, and a net that is not the one named."""
    models = {
        "joint": scores(0.76),
        "dropout": scores(0.8, seed=9),
        "random_forest": scores(0.755, seed=4),
    }
    found = ask(models | LINEAR | CONSTANT, named="joint")
    assert notes_of(found) == {
        "dropout": "not named",
        "joint": "kept; needs 80 %",
        "random_forest": "needs 80 %",
        "logistic_regression": "the answer",
        "majority_class": "ignores inputs",
    }
    said = glossary(found)
    assert said["needs 80 %"] == "the chance from which on it would be used."
    assert said["not named"] == (
        "evaluate.keep names another net, which alone is compared."
    )
    found = ask({**models, "dropout": scores(0.758, seed=9)} | LINEAR)
    assert list(notes_of(found).values())[:2] == ["kept; needs 87 %", "not the best"]
    assert glossary(found)["needs 87 %"] == (
        "the chance from which on it would be used, as the best of two."
    )
    for gain in (0.0, 0.01, 0.02, 0.03, 0.06):
        for named in (None, "joint"):
            nets = {"joint": scores(0.75), "dropout": scores(0.75 + gain, seed=9)}
            trees = {"random_forest": scores(0.76, seed=4)}
            found = ask(nets | trees | LINEAR | CONSTANT, named=named)
            names = [each.name for each in found.contenders]
            better = found.contenders[: names.index(str(found.use))]
            assert all(each.left_out for each in better)


def test_the_net_that_is_worth_most_speaks_unless_one_is_named() -> None:
    nets = {"joint": scores(0.77), "dropout": scores(0.773, seed=1)} | CONSTANT
    assert (ask(nets).use, ask(nets).n_nets) == ("dropout", 2)
    assert ask(nets, dropout=0.769).use == "joint"
    found = ask(nets, named="joint")
    assert (found.use, found.n_nets, found.net_needed) == ("joint", 1, 0.8)
    assert (found["dropout"].left_out, files_told(found)) == ("not_named", BOTH)
    found = ask({"joint": scores(0.7), "dropout": scores(0.8, seed=1)} | CONSTANT)
    assert files_told(found) == BOTH.replace("joint", "dropout")
    found = ask(nets, "joint", dropout=0.772)
    assert (found.use, found.handed_over, found.asked) == ("dropout", "joint", True)
    assert files_told(ask({"joint": scores(0.7)} | LINEAR, "logistic_regression")) == (
        f"As evaluate.use says, models/answer.onnx is logistic_regression; {KEPT}"
    )


def test_a_named_net_that_may_be_no_better_than_the_constant_is_told() -> None:
    nets = {"joint": scores(0.64), "dropout": scores(0.8, seed=9)}
    found = ask(nets | LINEAR | CONSTANT, named="joint")
    assert (found.use, found.kept) == ("logistic_regression", "joint")
    assert lead(found).endswith(
        "The net that evaluate.keep names has no score that is surely better than that of the constant."
    )
    nets["joint"] = scores(0.755)
    assert "The net that evaluate.keep names, joint, gets 0.755. A net is used if" in (
        lead(ask(nets | LINEAR | CONSTANT, named="joint"))
    )


def test_a_kept_net_that_diverged_is_told() -> None:
    diverged = scores(0.8)
    diverged[3] = np.nan
    models = {"joint": diverged, "dropout": scores(0.7)}
    models |= {"logistic_regression": scores(0.6)}
    found = ask(models, joint=0.7)
    assert (found.use, found.kept, found.n_nets) == ("dropout", "dropout", 1)
    assert (found["joint"].worth, found["joint"].left_out) == (None, "no_score")
    found = ask(models, named="joint", joint=0.7)
    assert files_told(found) == (
        f"models/answer.onnx is logistic_regression; {KEPT[:-1]}, which diverged on some splits; set evaluate.keep to "
        "another setting."
    )
    assert gained(found) == ""
    assert ask({"joint": diverged} | CONSTANT).handed_over == "majority_class"
    assert ask({"joint": diverged}).handed_over == "joint"


def test_what_tuning_gained_is_told_beside_where_it_began() -> None:
    nets = {
        "starting_point": scores(0.7),
        "combined": scores(0.72, seed=1),
        "joint": scores(0.8, seed=2),
    }
    assert gained(ask(nets, joint=0.79)) == (
        "The settings that every search starts from score 0.700. Put together, the picks of the grid searches score "
        "0.720. The kept net, joint, scores 0.800, and 0.790 without the luck of being picked."
    )
    (*_, last) = gained(ask(nets, joint=0.7999)).partition("The kept")
    assert last == " net, joint, scores 0.800."
    assert (
        gained(ask({"joint": scores(0.8), "combined": np.full(30, np.nan)}))
        == "The kept net, joint, scores 0.800."
    )


def test_an_interval_ends_where_the_scorer_does_and_a_net_called_net_has_no_second_name() -> (
    None
):
    found = ask({"net": scores(0.99)} | CONSTANT)
    assert found["net"].high == 1
    assert (found["net"].low or 1) < 0.98
    assert gained(found) == "The kept net scores 0.990."


def test_splits_in_the_order_of_time_have_neither_intervals_nor_probabilities() -> None:
    models = {
        "joint": np.array([-2.0, -3.0]),
        "linear_regression": np.array([-4.0, -5.0]),
        "mean": np.array([-9.0, -8]),
    }
    found = ask(models, resampling=IN_TIME)
    assert lead(found) == (
        "Use the net joint: accuracy -2.500 on the splits of the searches, because rows in the order of time can't be "
        "split in another way; always predicting the mean gets -8.500. linear_regression, which is simpler, gets "
        "-4.500. A less simple model is used if it is better by 0.01; joint gains 2.000."
    )
    assert ranking(found).headings == ["model", "mean", "note"]
    found = ask(models, resampling=IN_TIME, rope=3.0)
    assert found.use == "linear_regression"
    assert lead(found).endswith(
        "The best net, joint, gets -2.500. A net is used if it is better by 3; joint gains 2.000."
    )
    assert notes_of(found)["joint"] == "kept; gains too little"
    assert glossary(found) == {
        "gains too little": "it would be used if it were better by 3."
    }


def test_in_time_the_balanced_accuracy_of_a_constant_is_explained() -> None:
    models = {"joint": np.array([0.5, 0.6]), "majority_class": np.array([0.2, 0.25])}
    found = ask(models, resampling=IN_TIME)
    assert "majority_class" not in glossary(found)
    found = found.model_copy(update={"scoring": "balanced_accuracy"})
    assert glossary(found)["majority_class"] == (
        "1 / the number of classes in the test rows, as the mean over splits."
    )


def test_the_combination_speaks_by_the_name_of_a_pick_that_scores_the_same() -> None:
    found = ask(
        {
            "combined": scores(0.772),
            "joint": scores(0.772),
            "logistic_regression": scores(0.771, seed=1),
        }
    )
    assert (found.use, found.compared_with) == ("logistic_regression", "joint")
    assert ask({"joint": scores(0.8), "combined": scores(0.8)}).compared_with is None
