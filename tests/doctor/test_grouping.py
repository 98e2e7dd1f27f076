"""Problems that are alike are one line, those that differ are not."""

from stages.lib.common import Problem, in_params
from stages.lib.doctor import grouped

LR = "experiments.mine.grid.lr"


def test_values_of_a_list_with_one_remedy_are_one_problem() -> None:
    first, *others = [(in_params(f"{LR}[{i}]", f"is '{word}'", "write a number"), "") for i, word in enumerate("abc")]
    (problem,) = grouped([first, *others])
    assert (problem.key, problem.finding, problem.alike) == (f"{LR}[0]", "is 'a'", " (2 more such values)")


def test_other_remedies_and_other_keys_stay() -> None:
    problems = [
        in_params(f"{LR}[0]", "is -1", "it should be greater than 0"),
        in_params(f"{LR}[1]", "is 'a'", "it should be a valid number"),
        in_params("experiments.other.grid.lr[0]", "is -1", "it should be greater than 0"),
        Problem("has 2 columns", file="a.csv", line=1),
        Problem("has 2 columns", file="a.csv", line=2),
    ]
    assert grouped((problem, "") for problem in problems) == problems


def test_a_problem_without_a_place_names_its_experiments_and_is_told_once() -> None:
    failed, elsewhere = Problem("A trial failed", "Fix it."), Problem("is missing", file="x.csv")
    found = grouped([(failed, "mine"), (elsewhere, "mine"), (failed, "other"), (elsewhere, "other")])
    assert [(each.key, each.finding) for each in found] == [
        ("experiments.mine and 1 more", ": A trial failed"),
        ("", "is missing"),
    ]
