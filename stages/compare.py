"""Stage `compare@EXPERIMENT`: says which candidates may be the best, which is the simplest, and what mattered."""

from argparse import Namespace

from gridstage.common import Arguments, run
from gridstage.compare import compared_table, mattered, parallel_table
from gridstage.config import load_params
from gridstage.results import Results, files, write
from gridstage.told import print_findings

ARGUMENTS = Arguments("python -m stages.compare", __doc__)
ARGUMENTS.add_argument(
    "experiment", metavar="EXPERIMENT", help="a key of `experiments` in params.yaml"
)


def main(arguments: Namespace) -> None:
    name, results = arguments.experiment, Results()
    params = load_params()
    params.experiment(name)  # which there should be
    search = results.read(files.SUMMARY, name)
    candidates = results.table(files.CANDIDATES, name)
    resampling = params.cv.resampling(*search.sizes)
    compared = compared_table(candidates, resampling, params.rope)
    importances = mattered(candidates, resampling, params.seed)
    write(files.COMPARED, compared, name)
    write(files.IMPORTANCE, importances, name)
    write(files.PARALLEL, parallel_table(compared, importances["key"].tolist()), name)
    print_findings(results, params, name)


if __name__ == "__main__":
    run(main, ARGUMENTS)
