"""Says in words what a run is about: the table and its target, the score, and how rows are split."""

from pathlib import Path

from gridstage.common import counted, join_words
from gridstage.config import Params
from gridstage.config.schema import unit_of_score
from gridstage.results.record import TableCounts
from gridstage.told.evaluation import class_names

_MEANINGS = {
    "accuracy": "the share of rows whose class is predicted",
    "balanced_accuracy": "the share of a class's rows that are predicted, averaged over the classes",
    "r2": "the share of the target's variance that is predicted; 0 is what its mean scores, and less is possible",
    "roc_auc": "how well the probabilities rank the rows; 1 is perfect, and 0.5 is chance",
}

_SPLITS = {
    "stratified": "Folds keep the shares of the classes",
    "kfold": "Folds have equal parts of the rows",
    "group": "The rows of each {groups} are in one fold",
    "stratified_group": "The rows of each {groups} are in one fold, and folds nearly keep the shares of the classes",
    "time": "Rows are in the order of {order}, and nets are scored on later rows than those they are trained on",
}

# Of more classes, a sentence has the number alone.
_MOST_CLASSES = 6


def title(params: Params) -> str:
    """Return the target and the name of the file, such as "species in iris.csv"."""
    return f"{params.data.target} in {Path(params.data.path).name}"


def describe(params: Params, counts: TableCounts) -> list[str]:
    """Describe the table, and how it is scored, one paragraph each."""
    return [_table(params, counts), f"{_score(params)} {_splits(params)}"]


def class_counts(params: Params, counts: TableCounts) -> dict[str, int]:
    """Return the number of rows by the name of the class; empty for a regression."""
    names = class_names([*counts.classes])
    return dict(zip(names, counts.classes.values(), strict=True))


def _table(params: Params, counts: TableCounts) -> str:
    data, unit = params.data, params.data.columns[params.data.target].unit
    rows = f"{counts.rows:,} rows"
    part = f", of which {data.sample:.3g} are used" if data.sample < 1 else ""
    target = f", a number{unit and f' in {unit}'}"
    if params.model.classifies:
        classes = [
            f"{label} ({counted(n, 'row')}, {100 * n / counts.rows:.0f} %)"
            for label, n in class_counts(params, counts).items()
        ]
        few = 0 < len(classes) <= _MOST_CLASSES
        listing = (
            f"the classes {join_words(classes)}" if few else f"{len(classes)} classes"
        )
        target = f"{unit and f' ({unit})'}, with {listing}"
    return f"{rows} of {data.path}{part}. The target is {data.target}{target}."


def _score(params: Params) -> str:
    scoring = params.cv.scoring
    unit = unit_of_score(params)
    if scoring.startswith("neg_"):
        what = f"minus the {scoring.removeprefix('neg_').replace('_', ' ')}{unit and f', in {unit}'}"
        return f"The score is {scoring}: {what}; the nearer to 0, the better."
    meaning = (
        f": {_MEANINGS[scoring]}"
        if scoring in _MEANINGS
        else ", of which more is better"
    )
    return f"The score is {scoring}{meaning}."


def _splits(params: Params) -> str:
    cv = params.cv
    how = _SPLITS[cv.kind(params.model.classifies)].format(
        groups=cv.groups, order=cv.order or "the file"
    )
    if cv.keeps_time:
        return f"It is the mean over {cv.n_splits} splits. {how}."
    repeats = f"{cv.n_repeats} repeats of " if cv.n_repeats > 1 else ""
    return f"It is the mean over {repeats}{cv.n_splits} folds. {how}."
