"""Predicts rows of a CSV.

The model is the answer, which is what the evaluation says to use, or with `--model net` the kept net. A note on
standard error says which, and others say that evaluate.use names another one now, and name the columns with numbers
far outside of those that it was trained on.
Prints one line per row: the predicted label, with the probability of the second of two classes, or of each of several;
for a regression, the predicted number. The output has a header if `data.header` says that the CSV has one.
"""

import sys
from argparse import Namespace
from pathlib import Path

from stages.lib.common import Arguments, UserError, run
from stages.lib.config import ANSWER, WINNER, Params, load_params
from stages.lib.data import read_features
from stages.lib.data.csv_file import csv_text
from stages.lib.handover import ANSWER_FILE, MODEL_FILE, Card, load_model, predict
from stages.lib.model.settings import packages_of

MODELS = {"answer": ANSWER_FILE, "net": MODEL_FILE}

ARGUMENTS = Arguments("stages.predict", __doc__)
ARGUMENTS.add_argument("file", metavar="FILE.csv", help="the rows to predict, or - for standard input")
ARGUMENTS.add_argument("--model", choices=list(MODELS), default="answer", help="the answer, or the kept net")


def check_card(path: Path, card: Card, params: Params) -> None:
    """Raise `UserError` if a model is not the kept net where that should be, or does not go with params.yaml."""
    if path == MODEL_FILE and card.kind != "net":
        remedy = "Run `dvc repro evaluate`, or predict with `--model answer`."
        raise UserError(f"{path} has {card.called}, which is not a net. {remedy}")
    spec, types = params.data, card.columns.types
    # With a header, columns that params.yaml does not list are features too, and stand in the CSV only.
    features = spec.features(spec.columns, params.cv.groups)
    fits = set(types) >= set(features) if spec.header else list(types) == features
    problem = ""
    if card.target != spec.target or not fits or any(spec.column(key).type != kind for key, kind in types.items()):
        problem = f"{card.target} from {', '.join(types)}, but params.yaml has other columns"
    elif card.classes and card.classes != list(spec.labels_of(len(card.classes))):
        problem = f"the classes {', '.join(card.classes)}, but params.yaml has others"
    if problem:
        raise UserError(f"{path} predicts {problem}. Run `dvc repro evaluate`.")


def main(arguments: Namespace) -> None:
    source, path = arguments.file, MODELS[arguments.model]
    name = "standard input" if source == "-" else source
    params = load_params()
    spec = params.data
    model, card = load_model(path, packages_of(params))
    check_card(path, card, params)
    try:
        content = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    except OSError as error:
        raise UserError(f"{name} can't be read: {error.strerror}. Name a CSV file, or - for standard input.") from None
    X = read_features(content, card.columns.types, spec, name, may_lack=card.may_lack)
    predictions = predict(model, card, X)
    if far := list(card.far_outside(X)):
        lines = csv_text(content, spec, name).rows({row for _, row in far})
        for sentence, row in far:
            print(f"note: {sentence}: first in line {lines[row][0]}", file=sys.stderr)
    if path == ANSWER_FILE and params.evaluate.use not in {ANSWER, WINNER, card.name}:
        asked = f"evaluate.use in params.yaml is {params.evaluate.use} now"
        print(f"note: {path} is {card.name}, but {asked}; `dvc repro evaluate` saves that one", file=sys.stderr)
    print(f"note: predicted by {card.called}, {path}", file=sys.stderr)
    form = "%.6f" if card.classes else "%.7g"  # of probabilities, or of numbers, with the precision of a float32
    predictions.to_csv(sys.stdout, index=False, header=spec.header, float_format=form, lineterminator="\n")


if __name__ == "__main__":
    run(main, ARGUMENTS)
