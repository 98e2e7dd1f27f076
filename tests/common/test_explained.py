"""How an error of the user's own code is told: its type, its message, its place, and how to see all of it."""

from pathlib import Path

import pytest

from stages.lib.common import UserError, described, explained, own_place

OWN = "def fails():\n    raise KeyError('b')\n\ndef leaves():\n    import math\n    return math.sqrt(-1)\n"


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """Change to a folder with a file, and return what is in it."""
    (tmp_path / "my_net.py").write_text(OWN, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    content: dict[str, object] = {}
    exec(compile(OWN, str(tmp_path / "my_net.py"), "exec"), content)
    return content


def raised(function: object) -> BaseException:
    try:
        function()  # type: ignore[operator]
    except BaseException as error:
        return error
    raise AssertionError


def test_the_place_is_the_deepest_in_ones_own_code(own: dict[str, object]) -> None:
    assert described(raised(own["fails"])) == "KeyError: 'b', at my_net.py, line 2"
    assert described(raised(own["leaves"])) == "ValueError: math domain error, at my_net.py, line 6"
    assert own_place(raised(lambda: [][0])) is None


@pytest.mark.parametrize("error", [SystemExit(3), ValueError("of two\nlines.")])
def test_whatever_is_raised_becomes_a_sentence(error: BaseException) -> None:
    with pytest.raises(UserError) as caught, explained("It failed", "Mend it."):
        raise error
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"It failed: {type(error).__name__}: ")
    assert caught.value.__cause__ is error


def test_memory_that_is_used_up_is_no_fault_of_the_code() -> None:
    with pytest.raises(MemoryError), explained("It failed", "Mend it."):
        raise MemoryError
