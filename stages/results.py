"""Stage `results`: writes metrics/README.md, which says what all other stages have found."""

from gridstage.common import run, write_text
from gridstage.config import load_params
from gridstage.results import Results, files
from gridstage.told import results_page


def main() -> None:
    params, results = load_params(), Results()
    charts = results.source.files(files.CHARTS, ".svg")
    write_text(files.PAGE, results_page(results, params, charts))
    print(f"{files.PAGE}: the answer, the searches and {len(charts)} charts")


if __name__ == "__main__":
    run(main)
