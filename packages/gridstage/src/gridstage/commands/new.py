"""Makes a project: `gridstage new FOLDER TABLE TARGET`, or `gridstage new FOLDER` for the example, the Pima data.

Copies the table to data/, and describes it in params.yaml as `gridstage adopt` does. Begins a git repository if the
folder is in none. No file is overwritten, and nothing is committed; if something is wrong, nothing is left behind.

Example: gridstage new my-project data/churn.csv churned
"""

import shlex
import shutil
from argparse import Namespace
from contextlib import chdir
from pathlib import Path

import gridstage
from gridstage import adopt, project
from gridstage.common import Arguments, UserError, counted, run, write_text
from gridstage.project import record
from gridstage.repository.git import git

ARGUMENTS = Arguments("gridstage new", __doc__)
ARGUMENTS.add_argument(
    "folder", metavar="FOLDER", help="the folder of the project, such as `.`"
)
ARGUMENTS.add_argument(
    "table", metavar="TABLE", nargs="?", help="a CSV or Parquet file"
)
ARGUMENTS.add_argument(
    "target", metavar="TARGET", nargs="?", help="the column to predict"
)
adopt.add_flags(ARGUMENTS)

# What git and DVC may make beside the files that are written here.
_OF_OTHERS = ".git", "data/.gitignore"


def main(options: Namespace) -> None:
    folder = Path(options.folder)
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder} is a file. Name a folder, a new one or an old one.")
    table = _table(options)
    # Looked up before a repository is begun, because it says where the workflows go.
    root = project.repository_of(folder)
    owned = project.texts_of(folder)
    texts = owned | project.begun_with(folder, example=table is None)
    copied = {} if table is None else _copied(table, folder)
    names = [*texts, *copied, record.RECORD]
    project.refuse_existing(folder, names)
    with project.undone_if_it_fails(folder, [*names, *_OF_OTHERS]):
        for name, text in texts.items():
            write_text(folder / name, text)
        for name, source in copied.items():
            (folder / name).parent.mkdir(exist_ok=True)
            shutil.copyfile(source, folder / name)
        record.write(folder, gridstage.__version__, owned)
        if root is None:
            git("init", "--quiet", "--initial-branch=main", str(folder))
        if table is not None:
            with chdir(folder):
                _adopt(f"data/{table.name}", options)
    _say_what_is_next(folder, len(names), root)


def _table(options: Namespace) -> Path | None:
    """Return the table, None for the example; raises `UserError` if it is no file, or if its target is missing."""
    if options.table is None:
        if options.classes is not None or options.dvc:
            ARGUMENTS.error("--classes, --number and --dvc are for a TABLE")
        return None
    table = Path(options.table)
    if not table.is_file():
        raise UserError(f"{table} is not a file. Name a CSV or Parquet file.")
    if options.target is None:
        adopt.print_columns(str(table))
        raise UserError(
            f"TARGET is missing. Name the column to predict: gridstage new {options.folder} {table} TARGET"
        )
    return table


def _copied(table: Path, folder: Path) -> dict[str, Path]:
    """Return what is copied to which path of the project; nothing if the table is in its place already."""
    path = f"data/{table.name}"
    place = folder / path
    if place.exists() and place.samefile(table):
        return {}
    return {path: table}


def _adopt(path: str, options: Namespace) -> None:
    adoption = adopt.adopt_table(path, options.target, options.classes, options.dvc)
    adoption.write()
    print()


def _say_what_is_next(folder: Path, n_files: int, root: Path | None) -> None:
    place = folder.resolve()
    print(f"Made {counted(n_files, 'file')} in {place}; nothing is committed.")
    if root is not None and root != place:
        print(
            f"It is a folder of the git repository {root}: the workflows are in .github/workflows there. DVC's cache "
            "and remotes at its top are not shared: `dvc remote add`, in the folder, adds a remote."
        )
    print("Next:")
    if place != Path.cwd().resolve():
        print(f"  cd {shlex.quote(str(folder))}")
    print("  dvc repro")


if __name__ == "__main__":
    run(main, ARGUMENTS)
