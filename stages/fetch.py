"""Stage `fetch`: checks every cell of the data file, counts rows, classes and missing values, and hashes its settings.

If the file is not here, it lets DVC pull it, if DVC tracks it, or downloads it from data.url. DVC runs no stage without
the file, so this is for a call of its own: `python -m stages.fetch`.
"""

from gridstage.common import run
from gridstage.config import load_params
from gridstage.fetch import describe, ensure_file, read_as
from gridstage.results import files, write


def main() -> None:
    params = load_params()
    table, n_left_out = ensure_file(params)
    counts = describe(table, n_left_out, params.data, params.model.classifies)
    write(files.DATA, counts | {"read_as": read_as(params.data)})
    others = f" ({n_left_out} more without a target are left out)" if n_left_out else ""
    print(
        f"{params.data.path}: {len(table)} rows{others}, {len(table.columns)} columns, all checks passed"
    )


if __name__ == "__main__":
    run(main)
