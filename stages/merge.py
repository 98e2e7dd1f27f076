"""Unites the results of both sides, after `git merge` has stopped with conflicts: `make merge`.

Takes each stage's results from the side that ran it with the code, data and params as they are merged now, runs the
stages that neither side ran so, and adds all results to the commit that is to come. Where code, data, params.yaml or
the text of a page has conflicts, it changes nothing, and names them.
"""

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from stages.lib.common import UserError, join_words, run, write_text
from stages.lib.config import load_params
from stages.lib.merge import in_words, merged_page, unite
from stages.lib.repository import LOCK
from stages.lib.repository.dvc import dvc
from stages.lib.repository.dvc_file import refuse_other_version
from stages.lib.repository.git import git
from stages.lib.repository.recorded import Recorded
from stages.lib.repository.revisions import Stopped, commit_of, stopped, unmerged
from stages.lib.repository.snapshot import Snapshot
from stages.lib.repository.staleness import WRITTEN, is_result
from stages.lib.results import remove_strays

# Its blocks are made from the results.
PAGE = "README.md"


def main() -> None:
    merge, files = stopped(), unmerged()
    if merge is None:
        raise UserError(
            "No merge waits here. Run `git merge BRANCH` first; after its commit, `dvc repro` is enough."
        )
    page = merged_page(PAGE) if PAGE in files else None
    if own := [
        file for file in files if not is_result(file) and (file != PAGE or page is None)
    ]:
        raise UserError(
            f"Both sides changed {join_words(own)}, and only you know what is to stay. Edit what git has left there, "
            f"run `git add {' '.join(own)}`, then `make merge` again. Nothing was changed."
        )
    params = load_params()
    refuse_other_version(
        params.data.path
    )  # DVC would take the table of before for a new version
    if page is not None:
        write_text(PAGE, page)
    remove_strays(params.experiments)
    here, *sides = _sides(merge)
    print(*in_words(unite(here, sides)), sep="\n", flush=True)
    if dvc("repro", output=None).returncode:
        raise UserError("`dvc repro` failed; what it says is above.")
    subprocess.run([sys.executable, "-m", "stages.docs"], check=True)
    git(
        "add",
        "--all",
        "--",
        *(path for path in (LOCK, *WRITTEN, PAGE) if Path(path).exists()),
    )
    print(
        f"All results are united, and added. Look at `git status`, then run `{merge.go_on}`."
    )


def _sides(merge: Stopped) -> list[Recorded]:
    """Return the working tree, HEAD, the other side, and the working tree once more, if DVC has run there since."""
    here = Recorded(Snapshot.of(None))
    sides = [
        Recorded(Snapshot("HEAD", commit_of("HEAD"))),
        Recorded(Snapshot(merge.name, merge.commit)),
    ]
    with suppress(UserError):  # dvc.lock may have conflict markers
        sides += [here] * bool(here.stages)
    return [here, *sides]


if __name__ == "__main__":
    run(main)
