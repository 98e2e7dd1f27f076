"""Says whether the results are those that are committed, byte for byte; `make repro` ends with it.

Exits with status 1 if git can't compare them.
"""

from stages.lib.changes.revisions import differing_results
from stages.lib.common import UserError, run


def main() -> None:
    try:
        differing = differing_results()
    except UserError as error:
        raise UserError(f"The results could not be compared with the committed ones: {error}") from None
    if differing:
        print("These files differ from the committed ones:", *differing, sep="\n")
    else:
        print("Every metric and the model are byte-identical to the committed ones.")


if __name__ == "__main__":
    run(main)
