"""Stage `search@EXPERIMENT`: runs one search, corrects its best score for the choice, and scores its picks anew."""

from argparse import Namespace

from gridstage.common import Arguments, format_params, run, score_decimals
from gridstage.config import load_params
from gridstage.data import Unchanged
from gridstage.experiment import check_experiment, open_experiment
from gridstage.experiment.searched import output_of, score_anew, search
from gridstage.results import files, write, write_folder
from gridstage.scores.search_result import by_reason
from gridstage.search import doing, forget
from gridstage.told.candidates import print_candidates
from gridstage.told.findings import best_told
from gridstage.told.scores import too_few

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
    trained = [
        *output.table["params"],
        *(format_params(pick.changes) or pick.names[0] for pick in output.picks),
    ]
    reasons = [*result.not_by_kernel, *anew]
    not_by_kernel = by_reason(zip(trained, reasons, strict=True))
    summary = output.summary.model_copy(update={"not_by_kernel": not_by_kernel})
    file.check()

    title = f"{name}: {params.cv.scoring} over {len(experiment.splits)} splits"
    print_candidates(output.table, title, files.CANDIDATES.at(name))
    n_ended = int(result.to_the_end.sum())
    print(best_told(summary, n_ended, score_decimals([summary.best_score])))
    if few := too_few(summary):
        print(few)
    if summary.net_epochs_spared is not None:
        print(f"halving spared {summary.net_epochs_spared:,} net-epochs")
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
