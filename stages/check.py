"""Checks params.yaml, the table and the nets before anything runs, and says what each stage will take: `make check`.

Lists all problems at once, and exits with status 1 if there are any. It changes no file.
"""

import sys

from stages.lib.check import check, in_words, print_plans
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
    if findings.plans:
        print_plans(findings.plans)
        for stage, seconds in findings.rest.items():
            print(f"{stage}: about {in_words(seconds)}")
        seconds = sum(plan.seconds for plan in findings.plans) + sum(
            findings.rest.values()
        )
        print(f"All together: about {in_words(seconds)}, one after the other")


if __name__ == "__main__":
    run(main)
