"""What the blocks of README.md say of results: of each kind of run, only what holds."""

from pathlib import Path

import pandas as pd
import pytest

from stages.lib.config import Params
from stages.lib.docs import contents
from stages.lib.results import files, write
from tests.project import small_params

OTHERS = {"simplest": 0.7, "starting_point": 0.68, "logistic_regression": 0.75}
START = "The settings that every search starts from score 0.6800."
KEPT = "The net neurons, which is kept, scores 0.7400, and logistic_regression 0.7500."
LEAD = "Put together, the picks of the grid searches score"
MORE = "more than the settings that every search starts from, 0.6800."


@pytest.mark.parametrize(
    ("scores", "sentences"),
    [
        ({"neurons": 0.74}, f"{START} {KEPT}"),  # one search has no combination
        ({"dropout": 0.7, "neurons": 0.74, "combined": 0.69}, f"{LEAD} 0.6900, {MORE} {KEPT}"),
        ({"dropout": 0.7, "neurons": 0.74, "combined": 0.68}, f"{LEAD} 0.6800, no {MORE} {KEPT}"),
        ({"dropout": 0.7, "neurons": 0.74, "combined": float("nan")}, f"{START} {KEPT}"),  # diverged
        ({"neurons": float("nan")}, START),
    ],
)
def test_only_what_holds_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scores: dict[str, float], sentences: str
) -> None:
    monkeypatch.chdir(tmp_path)
    raw = small_params()
    raw["experiments"] = {name: raw["experiments"][name] for name in scores if name in raw["experiments"]}
    others = dict.fromkeys(files.CONTENDERS.needed, 0) | {"answer": False, "stuck_splits": ""}
    rows = [
        others | {"setting": name, "mean_test_score": score, "kept": name == "neurons"}
        for name, score in (OTHERS | scores).items()
    ]
    write(files.CONTENDERS, pd.DataFrame(rows))
    assert contents(Params.model_validate(raw), ["comparison"])["comparison"].replace("\n", " ") == sentences
