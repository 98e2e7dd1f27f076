"""Stage `compare@EXPERIMENT`: says which candidates may be the best, which is the simplest, and what mattered."""

from argparse import Namespace

import numpy as np

from resampled.means.few import is_within
from stages.lib.common import Arguments, run, write_json, write_text
from stages.lib.comparison import mattered
from stages.lib.comparison.findings import findings
from stages.lib.comparison.table import compared_table, read_candidates, summarise
from stages.lib.config import load_params
from stages.lib.config.schema import rope_of
from stages.lib.scores import NOT_TESTED, read_search, to_csv

ARGUMENTS = Arguments("stages.compare", __doc__)
ARGUMENTS.add_argument("experiment", metavar="EXPERIMENT", help="a key of `experiments` in params.yaml")


def main(arguments: Namespace) -> None:
    name = arguments.experiment
    params = load_params()
    params.experiment(name)  # which there should be
    search = read_search(name)
    candidates = read_candidates(name, search["n_candidates"])
    resampling = params.cv.resampling(search["n_rows"])
    table = compared_table(candidates, resampling, params.rope, params.seed)
    importances = mattered(candidates, resampling, params.seed)
    sentences = findings(
        search, table, importances, rope_of(params), lambda mean: is_within(params.rope, np.array([mean]), resampling)
    )

    write_text(f"metrics/compared/{name}.csv", to_csv(table))
    write_text(f"metrics/importance/{name}.csv", to_csv(importances))
    write_json(f"metrics/compared/{name}.json", summarise(table) | {"findings": sentences})
    print(f"{name}:", *sentences, sep="\n")
    if params.cv.keeps_time:
        print(NOT_TESTED)


if __name__ == "__main__":
    run(main, ARGUMENTS)
