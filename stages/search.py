"""Stage `search@EXPERIMENT`: runs one search, corrects its best score for the choice, and scores its picks anew."""

from argparse import Namespace

from stages.lib.common import Arguments, run, write_json, write_text
from stages.lib.config import load_params
from stages.lib.experiment import check_experiment, open_experiment
from stages.lib.experiment.anew import score_anew
from stages.lib.experiment.searched import outcome_of, search
from stages.lib.scores import draws, print_table, to_csv, too_few
from stages.lib.scores.summary import scores_in_words
from stages.lib.search import doing

ARGUMENTS = Arguments("stages.search", __doc__)
ARGUMENTS.add_argument("experiment", metavar="EXPERIMENT", help="a key of `experiments` in params.yaml")


def main(arguments: Namespace) -> None:
    name = arguments.experiment
    params = load_params()
    with doing(f"{name}: reading {params.data.path}"):
        experiment = open_experiment(params, name)
    with doing(f"{name}: trying a net with each value"):
        check_experiment(experiment)
    outcome = outcome_of(experiment, search(experiment))
    curves, reached = score_anew(experiment, outcome.picks)

    print_table(outcome.table, f"{name}: {params.cv.scoring} over {len(experiment.splits)} splits")
    print(scores_in_words(outcome.summary))
    data = experiment.data
    if few := too_few(data.y, data.n_classes, data.groups):
        print(few)
    if "net_epochs_spared" in outcome.summary:
        print(f"halving spared {outcome.summary['net_epochs_spared']:,} net-epochs")
    write_text(f"metrics/candidates/{name}.csv", to_csv(outcome.table))
    write_text(f"metrics/curves/{name}.csv", to_csv(curves))
    write_text(f"metrics/fresh/{name}.csv", reached)
    write_text(f"metrics/draws/{name}.csv", draws.to_csv(outcome.corrected))
    write_json(f"metrics/search/{name}.json", outcome.summary)


if __name__ == "__main__":
    run(main, ARGUMENTS)
