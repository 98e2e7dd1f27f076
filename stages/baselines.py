"""Stage `baselines`: scores what scikit-learn reaches without a net, on the splits of the evaluation.

It also records how these models predict, also by threshold, and what each input is worth to them.
"""

from typing import TYPE_CHECKING

from gridstage.baselines.baselines import baselines, score_baseline
from gridstage.common import run
from gridstage.config import load_params
from gridstage.data import Unchanged
from gridstage.results import files, joined, write_folder
from gridstage.results.evaluation import ErrorsByModel
from gridstage.results.files import File
from gridstage.scores.diagnostics import diagnostics, prediction_errors
from gridstage.scores.reached import reached_table
from gridstage.scores.shuffled import inputs_table
from gridstage.scores.splits import read_table
from gridstage.scores.thresholds import counts_table, threshold_counts
from gridstage.search import doing
from gridstage.told.printed import print_scores

if TYPE_CHECKING:
    from gridstage.results.writing import Content


def main() -> None:
    params = load_params()
    file = Unchanged(params.data.path)
    cv = params.cv
    fresh = read_table(params).fresh
    models = baselines(fresh.data, fresh.params)
    pooled = fresh.pooling(len(models))
    scorers = fresh.scorer(len(models), second=True).scorers
    reached, inputs, errors = {}, {}, {}
    drawn, counted = [], []
    for name, baseline in models.items():
        with doing(f"baselines: {name}"):
            reached[name], seen = score_baseline(name, baseline, fresh, scorers, pooled)
        if seen:
            predicted = seen.pooled(fresh)
            drawn.append(diagnostics(predicted).assign(model=name))
            errors[name] = prediction_errors(predicted)
            counts = threshold_counts(seen.predictions, fresh.data, fresh.splits)
            counted.append(counts_table(counts).assign(model=name))
            inputs[name] = seen.importances
    file.check()
    print_scores(reached, f"baselines: {cv.scoring} over {len(fresh.splits)} splits")
    contents: dict[File, Content] = {
        files.BASELINES: reached_table(reached, cv),
        files.BASELINE_DIAGNOSTICS: joined(drawn, files.BASELINE_DIAGNOSTICS),
        files.BASELINE_THRESHOLDS: joined(counted, files.BASELINE_THRESHOLDS),
        files.BASELINE_INPUTS: inputs_table(
            inputs, fresh.data.features, fresh.resampling
        ),
        files.BASELINE_ERRORS: ErrorsByModel(errors),
    }
    write_folder(contents)


if __name__ == "__main__":
    run(main)
