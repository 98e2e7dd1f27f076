"""Says whether the results are those that are committed, byte for byte.

Exits with status 1 if git can't compare them.

Example: gridstage reproduced
"""

from pathlib import Path

from gridstage.common import run
from gridstage.project.pins import differing_packages
from gridstage.repository.revisions import differing_results
from gridstage.results import Results
from gridstage.told.scores import processor_told

_WRITTEN = "metrics", "models", "large", "dvc.lock"
_WHAT_ELSE = (
    "All other differences come from other settings, code, data or packages: `dvc status` and `git diff` show them. "
    "`git restore {}` takes this run back."
)


def main() -> None:
    differing = differing_results()
    if not differing:
        print("Every metric and the model are byte-identical to the committed ones.")
        return
    print("These files differ from the committed ones:", *differing, sep="\n")
    packages = [f"note: {told}" for told in differing_packages()]
    # git restores nothing if one of them is not there, as where no model is large.
    written = [name for name in _WRITTEN if Path(name).exists()]
    way_back = _WHAT_ELSE.format(" ".join(written))
    print(*packages, *processor_told(Results()), way_back, sep="\n")


if __name__ == "__main__":
    run(main)
