"""What a YAML parser blames on a later line, or not at all, is found in the text."""

from pathlib import Path

import pytest

from stages.lib.common import UserError
from stages.lib.config import load_params
from tests.read_sample import SAMPLE

TEXT = (SAMPLE / "params.yaml").read_text(encoding="utf-8")


def line_of(text: str) -> int:
    return TEXT.partition(text)[0].count("\n") + 1


SEED, LR = line_of("\nseed: 7") + 1, line_of("\n  lr: ") + 1


def refusal(folder: Path, old: str, new: str) -> str:
    """Return why params.yaml is refused once a part of it is replaced."""
    path = folder / "params.yaml"
    path.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(UserError) as caught:
        load_params(path)
    return str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("\nseed: 7", "\nseed:7", f"line {SEED}, `seed:7`: write `seed: 7`."),
        ("\nseed: 7", "\nseed = 7", f"line {SEED}, `seed = 7`: write `seed: 7`."),
        (
            "\nseed: 7",
            "\nseed:\u00a07",
            f"line {SEED} has a no-break space (U+00A0); write a plain",
        ),
        ("\nseed: 7", "\nseed: 7\u200b", f"line {SEED} has a zero width space (U+200B)"),
        ("\n  lr: ", "\n\u00a0 lr: ", f"line {LR} has a no-break space (U+00A0)"),
        ("\n  lr: ", "\n\tlr: ", f"line {LR} is indented with a tab; YAML takes blanks alone."),
        ("\n  n_splits: ", "\n  n_splits:", "`: write `n_splits: "),
        (
            "\nseed: 7",
            "\n<<<<<<< HEAD\nseed: 7\n=======\nseed: 8\n>>>>>>> other",
            f"line {SEED} is a conflict marker of git.",
        ),
        ("\n  separator: ','", "\n  separator: ',", "`separator: ',`: a quotation mark is not closed."),
        ("\ncv:", "\ncv: [", "`cv: [`: a bracket is not closed"),
    ],
)
def test_the_line_at_fault_is_named(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    assert sentence in refusal(tmp_path, old, new)


_BEFORE, _KEY, _BEHIND = TEXT.partition("      module__n_neurons:\n      - 1\n")
WIDTHS = _KEY + _BEHIND.partition("    fixed:\n")[0]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("\n  scale:\n", "\n  scale: min-max\n", "'robust_clipped' or 'quantile'; did you mean 'minmax'?"),
        ("\n  impute:\n", "\n  impute: False\n", "'median' or 'most_frequent'; for nothing, write null"),
        (
            WIDTHS,
            "      module__n_neurons: [range(4, 9)]\n",
            "has 'range(4', but YAML calls no function; list",
        ),
        (WIDTHS, "      module__n_neurons:\n      - 1\n       - 5\n", "has '1 - 5', which is two items; begin each"),
        (WIDTHS, "      module__n_neurons: {1, 5}\n", "values stand in brackets: [1, 5]"),
        (WIDTHS, '      module__n_neurons: "[1, 5]"\n', "it should be a valid list; remove the quotation marks"),
    ],
)
def test_what_is_meant_is_named(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    assert sentence in refusal(tmp_path, old, new)


@pytest.mark.parametrize("comment", ["# a\u00a0comment", "# seed = 7", "# \tseed:7"])
def test_comments_may_have_anything(tmp_path: Path, comment: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(f"{comment}\n{TEXT}", encoding="utf-8")
    load_params(path)
