"""Predicts rows of a CSV with the saved model: `python -m stages.predict FILE.csv`, or `-` for standard input.

Prints one line per row: the predicted label, with the probability of the second of two classes, or of each of several;
for a regression, the predicted number. The output has a header if `data.header` says that the CSV has one. Where the
evaluation advises another model, a note on standard error says so.
"""

import sys
from pathlib import Path

from stages.lib.common import UserError, only_argument, read_json, reading, run
from stages.lib.config import load_params
from stages.lib.data import is_feature, read_features
from stages.lib.winners.card import Card
from stages.lib.winners.model_file import MODEL_FILE, load_model, predict

# Significant digits of a predicted number: the precision of a float32.
DIGITS = 7
# Of the probabilities of classes.
DECIMALS = 6


def read_bytes(source: str, shown: str) -> bytes:
    """Return the content of a file, or of standard input if `source` is `-`; a `UserError` calls it `shown`."""
    try:
        return sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    except OSError as error:
        raise UserError(f"{shown} can't be read: {error.strerror}. Name a CSV file, or - for standard input.") from None


def may_lack(card: Card) -> set[str]:
    """Return the features of which the model takes missing cells: those that it imputes, or knows as a category."""
    impute = card.prepare.impute
    imputed = {key for key, kind in card.types.items() if impute and (kind != "category" or impute == "most_frequent")}
    return imputed | set(card.columns.lacking)


def other_advice(path: Path) -> str:
    """Return what the evaluation says, if it advises another model than the saved net; else ""."""
    if not path.is_file():
        return ""
    found = read_json(path, "Run `dvc repro evaluate`.")
    with reading(path, "not the result of an evaluation", "Run `dvc repro evaluate`."):
        return "" if found.get("use") == found["kept"] else found["answer"]


def main() -> None:
    source = only_argument("python -m stages.predict FILE.csv", "a CSV file or - for standard input")
    shown = "standard input" if source == "-" else source
    params = load_params()
    spec = params.data
    estimator, card = load_model(MODEL_FILE, params.model.source)
    # With a header, columns that are not listed are features too, and stand in the CSV only.
    listed = [key for key in spec.columns if is_feature(key, spec, params.cv.groups)]
    known = set(card.types) >= set(listed) if spec.header else card.features == listed
    if card.target != spec.target or not known or any(spec.column(key).type != card.types[key] for key in card.types):
        raise UserError(
            f"{MODEL_FILE} predicts {card.target} from {', '.join(card.features)}, but params.yaml has other columns. "
            "Run `dvc repro evaluate`."
        )
    labels = list(spec.labels) or [str(number) for number in range(len(card.classes))]
    if card.classes and card.classes != labels:
        raise UserError(
            f"{MODEL_FILE} predicts the classes {', '.join(card.classes)}, but in params.yaml they are "
            f"{', '.join(labels)}. Run `dvc repro evaluate`."
        )
    X = read_features(read_bytes(source, shown), card.types, spec, shown, may_lack=may_lack(card))
    form = f"%.{DECIMALS}f" if card.classes else f"%.{DIGITS}g"
    predictions = predict(estimator, card, X)
    predictions.to_csv(sys.stdout, index=False, header=spec.header, float_format=form, lineterminator="\n")
    if advice := other_advice(Path("metrics/evaluation.json")):
        print(f"note: the evaluation advises another model. {advice}", file=sys.stderr)


if __name__ == "__main__":
    run(main)
