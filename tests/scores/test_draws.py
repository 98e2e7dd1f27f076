"""The corrected score in the metrics of a search, and the file of its draws."""

from pathlib import Path

import numpy as np
import pytest

from resampled.means.corrected import Corrected, Draws
from stages.lib.common import UserError, write_text
from stages.lib.scores import CORRECTED
from stages.lib.scores.draws import corrected_of, read_draws, to_csv

DRAWS = Draws(np.array([0.123456789, np.nan]), np.array([-1e-7, 0.5]))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(None, "metrics/draws/a.csv is missing"), ("x\n1\n", "is not the draws of a search. Run `dvc repro search@a`.")],
)
def test_a_bad_file_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    if content:
        write_text("metrics/draws/a.csv", content)
    with pytest.raises(UserError) as caught:
        read_draws("a")
    assert sentence in str(caught.value)


def test_the_file_gives_back_the_draws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_text("metrics/draws/a.csv", to_csv(Corrected(0.7, 0.6, 0.8, "splits", draws=DRAWS)))
    found = read_draws("a")
    np.testing.assert_array_equal(found.selecting, [0.123457, np.nan])
    np.testing.assert_array_equal(found.left_out, [-1e-7, 0.5])


def test_without_a_corrected_score_there_are_no_draws() -> None:
    assert to_csv(None) == "selecting,left_out\n"
    assert corrected_of({"best_score": 0.7}) is None


def test_what_halving_has_left_is_no_other_way_to_draw() -> None:
    """So a search that was halved shares its draws with the others."""
    metrics = dict(zip(CORRECTED, (0.7, 0.67, 0.73), strict=True)) | {"corrected_noise": 0.001}
    over = "rows and repeats, among the 2 trained to the end"
    assert corrected_of(metrics | {"corrected_over": over}) == Corrected(0.7, 0.67, 0.73, "rows and repeats", 0.001)
