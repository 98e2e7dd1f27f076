"""Predicts rows of a CSV or a Parquet file, and prints a CSV.

The model is the answer, which is what the evaluation says to use, or with `--model net` the kept net. A note on
standard error says which, and others say that evaluate.use names another one now, and how many rows have notes.
Prints one line per row: the predicted label, with the probability of the second of two classes, or of each of several;
for a regression, the predicted number, and `low` and `high`, the ends of the interval that holds the true one with
90 %. With `--sets 0.9`, a column `set` has the labels, with | between them, that can't be excluded with 90 %. Then
comes a note, empty for most rows: inputs that are far outside of what the model was trained on, unknown categories, and
missing cells. The output has a header if `data.header` says that CSVs have one.

Example: gridstage predict data/new_rows.csv --model net
"""

import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from gridstage.common import Arguments, UserError, run
from gridstage.config import ANSWER, WINNER, Params, load_params
from gridstage.data import read_features
from gridstage.handover import (
    ANSWER_FILE,
    MODEL_FILE,
    Card,
    file_of,
    load_model,
    notices,
    predict,
    refuse_sets,
    sets_of,
)
from gridstage.model.settings import packages_of
from gridstage.repository.dvc_file import refuse_missing
from gridstage.search import doing

MODELS = {"answer": ANSWER_FILE, "net": MODEL_FILE}
NO_INTERVAL = "fewer than 9 rows or groups were predicted on fresh splits, or an earlier version saved it"

ARGUMENTS = Arguments("gridstage predict", __doc__)
ARGUMENTS.add_argument(
    "file",
    metavar="FILE",
    help="the rows to predict, CSV or Parquet, or - for standard input",
)
ARGUMENTS.add_argument(
    "--model",
    choices=list(MODELS),
    default="answer",
    help="the answer, or the kept net",
)
ARGUMENTS.add_argument(
    "--sets",
    metavar="LEVEL",
    help="print sets of labels, too: 0.50 to 0.99, in hundredths",
)


def check_card(path: Path, card: Card, params: Params) -> None:
    """Raise `UserError` if a model is not the kept net where that should be, or does not go with params.yaml."""
    if path.stem == MODEL_FILE.stem and card.kind != "net":
        remedy = "Run `dvc repro evaluate`, or predict with `--model answer`."
        raise UserError(f"{path} has {card.called}, which is not a net. {remedy}")
    spec, types = params.data, card.columns.types
    # With a header, columns that params.yaml does not list are features too, and stand in the file only.
    features = spec.features(spec.columns, params.cv.groups)
    fits = set(types) >= set(features) if spec.header else list(types) == features
    now = {key: spec.column(key).type for key in types}
    problem = ""
    if card.target != spec.target or not fits or now != types:
        problem = (
            f"{card.target} from {', '.join(types)}, but params.yaml has other columns"
        )
    elif card.classes and card.classes != list(spec.labels_of(len(card.classes))):
        problem = f"the classes {', '.join(card.classes)}, but params.yaml has others"
    if problem:
        raise UserError(f"{path} predicts {problem}. Run `dvc repro evaluate`.")


def main(arguments: Namespace) -> None:
    path, params = file_of(MODELS[arguments.model]), load_params()
    model, card = load_model(path, packages_of(params))
    check_card(path, card, params)
    if arguments.sets is not None:
        refuse_sets(card, arguments.sets)
    source, has_sets = arguments.file, arguments.sets is not None
    name = "standard input" if source == "-" else source
    with doing(f"predicting {name}"):
        rows, X = read_features(
            _content(source), card.columns.types, params.data, name, card.may_lack
        )
        table = predict(model, card, X)
    notes, sentences = notices(card, rows, X)
    more = {"set": sets_of(table, card, arguments.sets)} if has_sets else {}
    for key, column in (more | {"note": notes}).items():
        table[_free(key, table)] = column
    for note in [*sentences, *_on_model(path, card, params, arguments.model)]:
        print(f"note: {note}", file=sys.stderr)
    # Of probabilities, or of numbers, with the precision of a float32.
    form, header = "%.6f" if card.classes else "%.7g", params.data.header
    table.to_csv(
        sys.stdout, index=False, header=header, float_format=form, lineterminator="\n"
    )


def _on_model(path: Path, card: Card, params: Params, asked: str) -> Iterator[str]:
    """Yield what there is to say of the model."""
    use = params.evaluate.use
    if asked == "answer" and use not in {ANSWER, WINNER, card.name}:
        now = f"evaluate.use in params.yaml is {use} now"
        yield f"{path} is {card.name}, but {now}; `dvc repro evaluate` saves that one"
    if not card.classes and card.interval is None:
        yield f"{path} has no interval: {NO_INTERVAL}"
    by = f"predicted by {card.called}, {path}"
    if card.threshold is not None:
        start = f"from a probability of {card.threshold:g} on, as evaluate.costs says"
        by += f", which predicts {card.classes[1]} {start}"
    yield by


def _free(name: str, table: pd.DataFrame) -> str:
    """Return a name for a column that no other column of the table has, such as a target that is called `note`."""
    return _free(f"{name}_", table) if name in table else name


def _content(source: str) -> bytes:
    """Read the file to predict."""
    if source == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(source).read_bytes()
    except OSError as error:
        refuse_missing(source)
        remedy = "Name a CSV or Parquet file, or - for standard input."
        raise UserError(f"{source} can't be read: {error.strerror}. {remedy}") from None


if __name__ == "__main__":
    run(main, ARGUMENTS)
