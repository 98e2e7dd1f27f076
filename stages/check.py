"""Checks params.yaml, the table and the nets before anything runs, and says what each search takes: `make check`.

Lists all problems at once, and exits with status 1 if there are any. It changes no file.
"""

import sys

from stages.lib.check import check
from stages.lib.common import UserError, run
from stages.lib.config import PARAMS_FILE


def main() -> None:
    findings = check()
    for note in findings.notes:
        print(f"note: {note}", file=sys.stderr)
    if findings.problems:
        raise UserError(*findings.problems)
    rows = "" if findings.n_rows is None else f", {findings.n_rows:,} rows"
    print(f"{PARAMS_FILE}: fine{rows}")
    for line in findings.searches:
        print(line)


if __name__ == "__main__":
    run(main)
