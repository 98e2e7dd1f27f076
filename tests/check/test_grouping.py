"""Problems that are alike are one line, those that differ are not."""

from stages.lib.check import grouped
from stages.lib.check.grouping import Problem

PLACE = "params.yaml: experiments.mine.grid.lr"


def test_values_of_a_list_with_one_problem_are_one_line() -> None:
    problems = [Problem(f"{PLACE}[{i}] is '{word}': it should be a valid number") for i, word in enumerate("abc")]
    assert grouped(problems) == [f"{PLACE}[0] is 'a': it should be a valid number (2 more such values)"]


def test_other_problems_and_other_keys_stay() -> None:
    problems = [
        Problem(f"{PLACE}[0] is -1: it should be greater than 0"),
        Problem(f"{PLACE}[1] is 'a': it should be a valid number"),
        Problem("params.yaml: experiments.other.grid.lr[0] is -1: it should be greater than 0"),
        Problem("params.yaml: seed is -1: it should be 0 or more"),
    ]
    assert grouped(problems) == [problem.sentence for problem in problems]


def test_a_key_that_several_optimizers_lack_is_one_line() -> None:
    problems = [
        Problem(f"params.yaml: model.optimizer__momentum: {name} takes no 'momentum'") for name in ("Adam", "AdamW")
    ]
    problems.append(Problem("params.yaml: model.optimizer__momentum: NAdam takes no 'momentum'; did you mean 'x'?"))
    assert grouped(problems) == [f"{problems[0].sentence} (2 more such values)"]


def test_a_sentence_without_a_place_names_its_experiments() -> None:
    failed = "A trial of one epoch failed: ValueError: no"
    assert grouped([Problem(failed, "mine")]) == [f"params.yaml: experiments.mine: {failed}"]
    assert grouped([Problem(failed, "mine"), Problem(failed, "other")]) == [
        f"params.yaml: experiments.mine and 1 more: {failed}"
    ]
    assert grouped([Problem("data/x.csv is missing")] * 2) == ["data/x.csv is missing"]
