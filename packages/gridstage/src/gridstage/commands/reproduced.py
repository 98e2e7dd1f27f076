"""Says whether the results are those that are committed, byte for byte.

Exits with status 1 if git can't compare them.

Example: gridstage reproduced
"""

from gridstage.common import run
from gridstage.project.pins import differing_packages
from gridstage.repository.revisions import differing_results
from gridstage.results import Results
from gridstage.told.scores import processor_told

_WHAT_ELSE = (
    "All other differences come from other settings, code, data or packages: `dvc status` and `git diff` show them. "
    "`git restore metrics models large dvc.lock` takes this run back."
)


def main() -> None:
    differing = differing_results()
    if not differing:
        print("Every metric and the model are byte-identical to the committed ones.")
        return
    print("These files differ from the committed ones:", *differing, sep="\n")
    packages = [f"note: {told}" for told in differing_packages()]
    print(*packages, *processor_told(Results()), _WHAT_ELSE, sep="\n")


if __name__ == "__main__":
    run(main)
