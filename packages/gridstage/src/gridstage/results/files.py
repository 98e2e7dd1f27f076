"""The table of all files under metrics/: the path of each, the stage that writes it, and what is in it.

Examples
--------
>>> files.SUMMARY.at("dropout")
'metrics/search/dropout/summary.json'
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel

from gridstage.results.answer import Answer
from gridstage.results.evaluation import ErrorsByModel, Evaluation
from gridstage.results.record import Numbers, TableCounts
from gridstage.results.search import BestParams, SearchSummary

R = TypeVar("R", bound=BaseModel)


@dataclass(frozen=True)
class File:
    """A file that a stage writes; `{name}` in its path and stage stands for an experiment.

    `what` ends the sentence "metrics/search/lr/summary.json is not …".
    """

    path: str
    stage: str
    what: str

    def at(self, name: str = "") -> str:
        """Return the path of the file of an experiment."""
        return self.path.format(name=name)

    def again(self, name: str = "") -> str:
        """Return the sentence that says what to run if the file is missing or broken."""
        return f"Run `dvc repro {self.stage.format(name=name)}`."


@dataclass(frozen=True)
class Csv(File):
    """A CSV with the columns that are `needed` and others; `columns.py` has their types."""

    needed: tuple[str, ...]


@dataclass(frozen=True)
class Json(File, Generic[R]):
    """A JSON object of some kind; its numbers are written with 12 significant digits."""

    kind: type[R]


def _table(path: str, stage: str, what: str, columns: str) -> Csv:
    return Csv(f"metrics/{path}.csv", stage, what, tuple(columns.split()))


def _json(path: str, stage: str, what: str, kind: type[R]) -> Json[R]:
    return Json(f"metrics/{path}.json", stage, what, kind)


_OF_A_ROW = "params mean_test_score std_test_score rank_test_score"

DATA = _json("data", "fetch", "what the stage fetch writes", TableCounts)

# Of each search, in a folder of its own.
CANDIDATES = _table(
    "search/{name}/candidates",
    "search@{name}",
    "the candidates of a search",
    f"{_OF_A_ROW} n_weights n_epochs n_stuck stuck_splits ci95 p_value split0_test_score",
)
# Pairs of draws that correct the best score for its luck: what was chosen by, and what was left out of the choice.
DRAWS = _table(
    "search/{name}/draws",
    "search@{name}",
    "the draws of a search",
    "selecting left_out",
)
# What the picks of a search reach on the splits of the evaluation.
FRESH = _table(
    "search/{name}/fresh",
    "search@{name}",
    "what the picks of a search reach on fresh splits",
    "setting params ci95 split0_test_score digest",
)
SUMMARY = _json(
    "search/{name}/summary",
    "search@{name}",
    "the result of a search",
    SearchSummary,
)
# Of so many repeats, at the most, the learning curves of a search are kept.
WATCHED_REPEATS = 3
# What DVC plots stays in folders by kind: a plot can't be inside of an output folder.
CURVES = _table(
    "curves/{name}",
    "search@{name}",
    "a table of learning curves",
    "setting params epoch train_loss valid_loss valid_score",
)
COMPARED = _table(
    "compared/{name}",
    "compare@{name}",
    "the comparison of a search's candidates",
    f"{_OF_A_ROW} ci95 in_best_set p_value_holm worse equal better simplest",
)
IMPORTANCE = _table(
    "importance/{name}",
    "compare@{name}",
    "a table of importances",
    "key importance importance_std p_value",
)
# Of a search of fewer than three keys, a header alone.
PARALLEL = _table(
    "parallel/{name}",
    "compare@{name}",
    "where the candidates of a search stand on parallel axes",
    "candidate key value place score in_best_set",
)

# Of all searches.
BEST_PARAMS = _json(
    "best_params", "best_params", "what the stage best_params writes", BestParams
)
# What it shows of a search is in the summary, or follows from a comparison of searches.
LEADERBOARD = _table(
    "leaderboard",
    "best_params",
    "the leaderboard of the searches",
    "experiment best_params best_score best_std best_ci95 best_score_corrected best_score_corrected_low "
    "best_score_corrected_high n_candidates n_fits n_in_best_set best_n_stuck tied_with_above kept",
)

# Of the models that are not nets.
_OF_A_CHART = "panel series x y low high count label"
BASELINES = _table(
    "baselines/scores",
    "baselines",
    "the scores of the baselines",
    "setting params ci95 split0_test_score",
)
BASELINE_DIAGNOSTICS = _table(
    "baselines/diagnostics",
    "baselines",
    "the predictions of the baselines",
    f"{_OF_A_CHART} model",
)
BASELINE_THRESHOLDS = _table(
    "baselines/thresholds",
    "baselines",
    "what the baselines predict by threshold",
    "split false_positives true_positives others_false_positives others_true_positives model",
)
BASELINE_INPUTS = _table(
    "baselines/inputs",
    "baselines",
    "what inputs are worth to the baselines",
    "model column importance ci95",
)
# By model, what its card says of how far its predictions may be off.
BASELINE_ERRORS = _json(
    "baselines/errors", "baselines", "the errors of the baselines", ErrorsByModel
)

# Of the evaluation.
EVALUATION = _json(
    "evaluation", "evaluate", "what the stage evaluate writes", Evaluation
)
ANSWER = _json("evaluation/answer", "evaluate", "the answer of the evaluation", Answer)
CONTENDERS = _table(
    "evaluation/contenders",
    "evaluate",
    "the contenders of the evaluation",
    f"setting {_OF_A_ROW} ci95 difference kept answer n_stuck stuck_splits split0_test_score",
)
DIAGNOSTICS = _table(
    "evaluation/diagnostics", "evaluate", "the predictions of the kept net", _OF_A_CHART
)
ANSWER_DIAGNOSTICS = _table(
    "evaluation/answer_diagnostics",
    "evaluate",
    "the predictions of the answer",
    _OF_A_CHART,
)
INPUTS = _table(
    "evaluation/inputs",
    "evaluate",
    "what inputs are worth",
    "model role column importance ci95 below_rope",
)
ERRORS = _json(
    "evaluation/errors", "evaluate", "the errors of the saved models", ErrorsByModel
)
THRESHOLDS = _table(
    "evaluation/thresholds",
    "evaluate",
    "what thresholds give",
    "model role threshold predicted precision recall false_alarms cost chosen",
)
# The few numbers that DVC compares commits by: one file for each search, and `evaluation`.
SCORES = _json(
    "scores/{name}", "evaluate", "the metrics that commits are compared by", Numbers
)
# The charts, and for each a hash of what it was drawn from, and of the chart.
CHARTS = "metrics/charts"
DRAWN = File(f"{CHARTS}/drawn.json", "charts", "the hashes of the charts")

# The models that the stage evaluate saves: the kept net, and the answer.
MODEL_FILE, ANSWER_FILE = Path("models/best.onnx"), Path("models/answer.onnx")

# What all of them say, for readers.
PAGE = Path("metrics/README.md")

OF_EXPERIMENTS = (
    CANDIDATES,
    DRAWS,
    FRESH,
    SUMMARY,
    CURVES,
    COMPARED,
    IMPORTANCE,
    PARALLEL,
)
