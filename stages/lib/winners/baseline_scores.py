"""The files of the baselines, which the stage baselines writes and the evaluation reads: scores, and what was seen."""

from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path

import pandas as pd

from stages.lib.common import UserError, format_score, read_text, reading, score_decimals
from stages.lib.common.tables import print_rows
from stages.lib.config import CV
from stages.lib.scores import reached
from stages.lib.scores.reached import Reached
from stages.lib.search.result import SCORE

BASELINES = Path("metrics/baselines.csv")
# How each predicts, and what its inputs are worth to it.
DIAGNOSTICS, INPUTS = Path("metrics/baselines/diagnostics.csv"), Path("metrics/baselines/inputs.csv")
_AGAIN = "Run `dvc repro baselines`."
# More than in other files, so that means and tests of what is read are those of what was written.
_DIGITS = 12


def to_csv(contenders: Mapping[str, Reached], cv: CV) -> str:
    """Write what the baselines reach as CSV, one row each."""
    return reached.to_csv(contenders, cv, _DIGITS)


def read_baselines(cv: CV, n_splits: int) -> dict[str, Reached]:
    """Return what `to_csv` has written; raises `UserError` if it is missing, broken, or of other splits or scorers."""
    text = read_text(BASELINES, _AGAIN)
    with reading(BASELINES, "not what the stage baselines writes", _AGAIN):
        try:
            return reached.read_csv(text, cv, n_splits)
        except reached.OtherSplitsError:
            raise UserError(f"{BASELINES} is of other splits or scorers than those in params.yaml. {_AGAIN}") from None


def print_scores(contenders: Mapping[str, Reached], title: str) -> None:
    """Print the mean and the spread of each baseline's scores."""
    means = {name: float(found.scores[SCORE].mean()) for name, found in contenders.items()}
    decimals = score_decimals(means.values())
    rows = []
    for name, mean in means.items():
        spread = float(contenders[name].scores[SCORE].std())
        rows.append([name, format_score(mean, decimals), format_score(spread, decimals), contenders[name].params])
    print(title)
    print_rows(("setting", "mean", "std", "model"), rows, numbers=("mean", "std"))


def read_seen(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """Return `DIAGNOSTICS` or `INPUTS` as text, with these columns beside `model`.

    Raises
    ------
    UserError
        If the file is missing, or has other columns.
    """
    text = read_text(path, _AGAIN)
    with reading(path, "not what the stage baselines writes", _AGAIN):
        table = pd.read_csv(StringIO(text), dtype=str, keep_default_na=False)
        return table[["model", *columns]]
