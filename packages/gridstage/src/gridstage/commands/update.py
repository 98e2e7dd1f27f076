"""Brings the project in this folder to the version of gridstage that is installed, and commits nothing.

A file that you have not changed is replaced; one that you have changed is merged. params.yaml, nets/, data/ and
README.md stay as they are. Exits with status 1 if both sides have changed the same lines of a file.

Example: gridstage update
"""

from pathlib import Path

import gridstage
from gridstage.common import UserError, join_words, run
from gridstage.project import update
from gridstage.project.changelog import changelog, sections_between
from gridstage.project.files import texts_of

# What may be done with a file, and how it is told.
_DONE = {
    "replaced": "replaced",
    "merged": "merged with your changes",
    "added": "added",
    "removed": "removed",
    "conflicts": "with conflicts",
}
_NEXT = (
    "Nothing is committed; `git diff` shows what is new. Now run `pip install -r requirements.txt`, `gridstage check`, "
    "`dvc repro` and `gridstage diff`."
)


def main() -> None:
    version = gridstage.__version__
    found = update.plan(version, texts_of(Path()))
    if found is None:
        print(f"The project is of gridstage {version} already; nothing is to do.")
        return
    update.write(found)
    print(f"From gridstage {found.old.version} to {version}:")
    for done, told in _DONE.items():
        if paths := found.paths(done):
            print(f"- {told}: {', '.join(paths)}")
    if yours := [
        path for path in found.paths("kept") if not found.outcomes[path].reason
    ]:
        print(f"- changed by you alone, and left: {', '.join(yours)}")
    for reason in found.reasons():
        print(f"- {reason}")
    if news := sections_between(changelog(), found.old.version, version):
        print(f"\n{news}")
    if conflicts := found.paths("conflicts"):
        raise UserError(
            f"You and gridstage {version} have changed the same lines of {join_words(conflicts)}. Edit what is between "
            f"the conflict markers there. {_NEXT}"
        )
    print(f"\n{_NEXT}")


if __name__ == "__main__":
    run(main)
