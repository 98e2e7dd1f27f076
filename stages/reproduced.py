"""Says whether the results are those that are committed, byte for byte; `make repro` ends with it.

Exits with status 1 if git can't compare them.
"""

from stages.lib.common import run
from stages.lib.repository.revisions import differing_results
from stages.lib.results import Results
from stages.lib.told.scores import processor_told

_WHAT_ELSE = (
    "All other differences come from other settings, code, data or packages: `make status` and `git diff` show them. "
    "`git restore metrics models large dvc.lock` takes this run back."
)


def main() -> None:
    differing = differing_results()
    if not differing:
        print("Every metric and the model are byte-identical to the committed ones.")
        return
    print("These files differ from the committed ones:", *differing, sep="\n")
    print(*processor_told(Results()), _WHAT_ELSE, sep="\n")


if __name__ == "__main__":
    run(main)
