"""Stage `fetch`: puts the pinned data file in place, checks every cell, and counts rows, classes and missing values."""

from stages.lib.common import run
from stages.lib.config import load_params
from stages.lib.fetch import describe, ensure_file
from stages.lib.results import files, write


def main() -> None:
    params = load_params()
    table = ensure_file(params)
    summary = describe(table, params.data, params.model.classifies)
    write(files.DATA, summary)
    print(f"{params.data.path}: {len(table)} rows, {len(table.columns)} columns, all checks passed")


if __name__ == "__main__":
    run(main)
