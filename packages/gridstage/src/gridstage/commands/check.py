"""Checks params.yaml, the table and the nets before anything runs, and says what each search takes.

Lists all problems at once, and exits with status 1 if there are any. It changes no file.

Example: gridstage check
"""

import sys

from gridstage.check import check
from gridstage.common import UserError, run
from gridstage.config import PARAMS_FILE


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
