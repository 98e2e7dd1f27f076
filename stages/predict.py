"""Predicts rows of a CSV with the saved model: `python -m stages.predict FILE.csv`, or `-` for standard input.

Prints one line per row: the probability of the second of two classes, the probability of each of several classes, or
the predicted number. The output has a header if `data.header` says that the CSV has one.
"""

import csv
import sys
from pathlib import Path

from stages.lib.common import DECIMALS, UserError, run
from stages.lib.config import load_params
from stages.lib.data import read_features
from stages.lib.winners.model_file import MODEL_FILE, load_model, predict

# Significant digits of a predicted number: the precision of a float32.
DIGITS = 7


def read_text(source: str, shown: str) -> str:
    """Return the text of a file, or of standard input if `source` is `-`.

    Raises
    ------
    UserError
        If it can't be read, or is not text; the message calls the source `shown`.
    """
    try:
        content = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
        return content.decode()
    except OSError as error:
        raise UserError(f"{shown} can't be read: {error.strerror}. Name a CSV file, or - for standard input.") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{shown} is not text: byte {error.start} is not UTF-8. Is it the right file?") from None


def main() -> None:
    if len(sys.argv) != 2:
        raise UserError("one argument is needed, a CSV file or - for standard input: python -m stages.predict FILE.csv")
    source = sys.argv[1]
    shown = "standard input" if source == "-" else source
    spec = load_params().data
    estimator, card = load_model(MODEL_FILE)
    listed = [key for key in spec.columns if key != spec.target]
    if card.target != spec.target or not (spec.header or card.features == listed):
        raise UserError(
            f"{MODEL_FILE} predicts {card.target} from {', '.join(card.features)}, but params.yaml has other columns. "
            "Run `dvc repro evaluate`."
        )
    X = read_features(read_text(source, shown), card.features, spec, shown)
    names, predictions = predict(estimator, card, X)
    output = csv.writer(sys.stdout, lineterminator="\n")
    if spec.header:
        output.writerow(names)
    form = f".{DECIMALS}f" if card.classes else f".{DIGITS}g"
    output.writerows([[f"{number:{form}}" for number in row] for row in predictions])


if __name__ == "__main__":
    run(main)
