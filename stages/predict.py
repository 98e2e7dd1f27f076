"""Predicts rows of a CSV with the saved model: `python -m stages.predict FILE.csv`, or `-` for standard input.

A line a row goes to standard output: the probability of the second of two classes, of each class of several, or the
predicted number. There is a header where `data.header` says that the CSV has one.
"""

import csv
import sys
from pathlib import Path

from stages.lib.errors import UserError, run
from stages.lib.model_file import MODEL_FILE, load_model, predict
from stages.lib.outputs import DECIMALS
from stages.lib.params import load_params
from stages.lib.table import read_features


def read_text(source: str) -> str:
    """Return the text of a file, or of standard input where `source` is `-`; raises `UserError` where it can't."""
    try:
        content = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
        return content.decode()
    except OSError as error:
        raise UserError(
            f"{source} can't be read: {error.strerror}. Name a CSV file, or - for standard input."
        ) from None
    except UnicodeDecodeError as error:
        raise UserError(f"{source} is no text: byte {error.start} is no UTF-8. Is it the right file?") from None


def main() -> None:
    if len(sys.argv) != 2:
        raise UserError("one argument is needed, a CSV file or - for standard input: python -m stages.predict FILE.csv")
    source = sys.argv[1]
    spec = load_params().data
    estimator, card = load_model(MODEL_FILE)
    listed = [key for key in spec.columns if key != spec.target]
    if card.target != spec.target or not (spec.header or card.features == listed):
        raise UserError(
            f"{MODEL_FILE} predicts {card.target} from {', '.join(card.features)}, and params.yaml has other columns. "
            "Run `dvc repro evaluate`."
        )
    X = read_features(read_text(source), card.features, spec, "standard input" if source == "-" else source)
    names, predictions = predict(estimator, card, X)
    output = csv.writer(sys.stdout, lineterminator="\n")
    if spec.header:
        output.writerow(names)
    output.writerows([[f"{number:.{DECIMALS}f}" for number in row] for row in predictions])


if __name__ == "__main__":
    run(main)
