"""A problem is an object with the line of its key; an error of the user's own code is told with its place."""

from pathlib import Path

import pytest

from gridstage.common import (
    Problem,
    UserError,
    as_user_error,
    described,
    in_params,
    own_place,
    write_text,
)

TEXT = """\
seed: 7
data:
  columns:
    a.b: {min: 0}
    a: {min: 0}
experiments:
  mine:
    grid:
      lr: {uniform: [0.1, 0.2]}
      optimizer:
      - SGD
      - Adam
"""


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("seed", 1),
        ("experiments.mine.grid.optimizer[1]", 12),
        ("experiments.mine.grid.lr.uniform[0]", 9),
        ("experiments.mine.grid.lr, 0.15 of uniform 0.1 to 0.2", 9),
        # The longest key that fits, and no key that only begins like the place.
        ("data.columns.a.b.min", 4),
        ("data.columns.a", 5),
        # What is missing has the line of what it belongs to.
        ("experiments.mine.n_candidates", 7),
        ("experiments.mine.grid.optimizer[7]", 10),
        ("model", 0),
    ],
)
def test_a_key_has_a_line(here: Path, key: str, line: int) -> None:
    write_text("params.yaml", TEXT)
    end = f" (line {line})" if line else ""
    assert (
        str(in_params(key, "is wrong", "set it to 1"))
        == f"params.yaml: {key} is wrong; set it to 1{end}"
    )


@pytest.mark.parametrize(
    ("problem", "sentence"),
    [
        (Problem("It failed"), "It failed"),
        (Problem("It failed.", "Look."), "It failed. Look."),
        (
            Problem("is missing", "Run `dvc repro`", "a.csv"),
            "a.csv is missing. Run `dvc repro`.",
        ),
        (Problem(": no table", "is it one?", "a.csv"), "a.csv: no table; is it one?"),
        (Problem("is wrong", key="seed"), "seed is wrong"),
        (Problem(", `x`: bad", file="dvc.yaml", line=3), "dvc.yaml: line 3, `x`: bad"),
        (
            Problem(": 1 is small", "fix it", "a.csv", line=4, column="age"),
            "a.csv: line 4, column age: 1 is small; fix it",
        ),
    ],
)
def test_a_problem_is_one_sentence(here: Path, problem: Problem, sentence: str) -> None:
    write_text("params.yaml", TEXT)
    assert str(problem) == sentence


@pytest.mark.parametrize(
    "text", ["seed: [1\n", "\x00", "[" * 5000], ids=["broken", "control", "deep"]
)
def test_a_file_that_is_not_yaml_has_no_lines(here: Path, text: str) -> None:
    write_text("params.yaml", text)
    assert str(in_params("seed", "is -1")) == "params.yaml: seed is -1"


def test_an_error_has_problems_and_sentences() -> None:
    error = UserError(Problem("is odd", key="seed"), "It failed.")
    assert error.problems == [Problem("is odd", key="seed"), Problem("It failed.")]
    assert str(error) == "seed is odd\nIt failed."


OWN = "def fails():\n    raise KeyError('b')\n\ndef leaves():\n    import math\n    return math.sqrt(-1)\n"


@pytest.fixture
def own(here: Path) -> dict[str, object]:
    """Change to a folder with a file, and return what is in it."""
    write_text(here / "my_net.py", OWN)
    content: dict[str, object] = {}
    exec(compile(OWN, str(here / "my_net.py"), "exec"), content)
    return content


def raised(function: object) -> BaseException:
    try:
        function()  # type: ignore[operator]
    except BaseException as error:
        return error
    raise AssertionError


def test_the_place_is_the_deepest_in_ones_own_code(own: dict[str, object]) -> None:
    assert described(raised(own["fails"])) == "KeyError: 'b', at my_net.py, line 2"
    assert (
        described(raised(own["leaves"]))
        == "ValueError: math domain error, at my_net.py, line 6"
    )
    assert own_place(raised(lambda: [][0])) is None


@pytest.mark.parametrize("error", [SystemExit(3), ValueError("of two\nlines.")])
def test_whatever_is_raised_becomes_a_sentence(error: BaseException) -> None:
    with pytest.raises(UserError) as caught, as_user_error("It failed", "Mend it."):
        raise error
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"It failed: {type(error).__name__}: ")
    assert caught.value.__cause__ is error


def test_memory_that_is_used_up_is_no_fault_of_the_code() -> None:
    with pytest.raises(MemoryError), as_user_error("It failed", "Mend it."):
        raise MemoryError
