"""Stage `search@EXPERIMENT`: runs one search, corrects its best score for the choice, and scores its picks anew."""

from argparse import Namespace

from gridstage.common import Arguments, run
from gridstage.config import load_params
from gridstage.data import Unchanged
from gridstage.experiment import (
    check_experiment,
    open_experiment,
    output_of,
    score_anew,
    search,
)
from gridstage.results import files, write, write_folder
from gridstage.search import doing, forget
from gridstage.told import print_search

ARGUMENTS = Arguments("python -m stages.search", __doc__)
ARGUMENTS.add_argument(
    "experiment", metavar="EXPERIMENT", help="a key of `experiments` in params.yaml"
)


def main(arguments: Namespace) -> None:
    name = arguments.experiment
    params = load_params()
    file = Unchanged(params.data.path)
    with doing(f"{name}: reading {params.data.path}"):
        experiment = open_experiment(params, name)
    with doing(f"{name}: trying a net with each value"):
        check_experiment(experiment)
    result = search(experiment)
    output = output_of(experiment, result)
    curves, reached, anew = score_anew(experiment, output.picks)
    summary = output.summary_with(result.not_by_kernel, anew)
    file.check()

    print_search(name, params, output.table, summary)
    write(files.CURVES, curves, name)
    found = {
        files.CANDIDATES: output.table,
        files.DRAWS: output.draws,
        files.FRESH: reached,
    }
    write_folder(found | {files.SUMMARY: summary}, name)
    forget(name)


if __name__ == "__main__":
    run(main, ARGUMENTS)
